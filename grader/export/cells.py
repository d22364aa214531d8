"""Somebody else's CSV, of which a few cells are filled and every other byte stays as it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from grader.errors import Refusal


@dataclass(frozen=True)
class CsvCell:
    """One cell: its text, and where it lies in the file (quotes included)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Sheet:
    """A parsed file. Cells hold positions in `data`, so that what is not replaced is copied byte by byte."""

    data: bytes
    delimiter: str
    rows: list[list[CsvCell]]
    utf16: bool = False  #: as Blackboard writes it: `data` is the same text in UTF-8

    @cached_property
    def header(self) -> list[str]:
        """Titles of the columns."""
        return [cell.text.strip() for cell in self.rows[0]]

    @cached_property
    def at(self) -> dict[str, int]:
        """Title in small letters -> column."""
        return {title.casefold(): column for column, title in enumerate(self.header)}

    def people(self) -> list[int]:
        """The rows below the titles that hold anything."""
        return [row for row in range(1, len(self.rows)) if any(cell.text.strip() for cell in self.rows[row])]

    def get(self, row: int, title: str) -> str:
        """A cell's text by the title of its column in small letters; empty if there is no such column."""
        return self.text(row, self.at[title]).strip() if title in self.at else ""

    def text(self, row: int, column: int) -> str:
        """A cell's text; a row that ends early has empty cells."""
        cells = self.rows[row]
        return cells[column].text if column < len(cells) else ""

    def filled(self, values: Mapping[tuple[int, int], str]) -> bytes:
        """The file with the given cells, (row, column) -> text, replaced."""
        pieces: list[bytes] = []
        at = 0
        for (row, column), text in sorted(values.items()):
            cells = self.rows[row]
            written = quote(text, self.delimiter).encode("utf-8")
            if column < len(cells):
                start, end = cells[column].start, cells[column].end
            else:  # the row ends before this column
                start = end = cells[-1].end
                written = self.delimiter.encode() * (column - len(cells) + 1) + written
            pieces += [self.data[at:start], written]
            at = end
        whole = b"".join([*pieces, self.data[at:]])
        return b"\xff\xfe" + whole.decode("utf-8").encode("utf-16-le") if self.utf16 else whole


def parse(data: bytes, name: str) -> Sheet:
    """Read a CSV with commas, semicolons or tabs, in UTF-16 (little-endian) or any encoding that contains ASCII.

    name   : of the file, for messages
    raises : Refusal
    """
    if utf16 := data.startswith(b"\xff\xfe"):
        data = data[2:].decode("utf-16-le", "replace").encode("utf-8")
    if b"\0" in data or data.startswith(b"\xfe\xff"):
        raise Refusal(f"{name} is not text, or UTF-16 in the other byte order. Remedy: export it as CSV UTF-8.")
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    text = data.decode("latin-1")  # one character a byte: positions are the file's own
    header = text[start:].partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    # In quotes, or without any at its beginning; then what ends it.
    inside = rf"[^{delimiter}\r\n]"
    cell = re.compile(rf'(?:"((?:[^"]++|"")*+)"{inside}*|(?!"){inside}*)({delimiter}|\r\n|\n|\r|\Z)')
    rows: list[list[CsvCell]] = []
    row: list[CsvCell] = []
    at = start
    while at < len(text):
        found = cell.match(text, at)
        if found is None:
            raise Refusal(f"{name} has a quote that never ends, at byte {at}. Remedy: export it again.")
        quoted = found[1] is not None
        content = _decode(data[slice(*found.span(1))]).replace('""', '"') if quoted else _decode(data[at : found.start(2)])
        row.append(CsvCell(content, at, found.start(2)))
        at = found.end()
        if found[2] != delimiter:
            rows.append(row)
            row = []
        elif at == len(text):
            row.append(CsvCell("", at, at))
    if row:
        rows.append(row)
    if not rows:
        raise Refusal(f"{name} is empty. Remedy: export it again.")
    return Sheet(data, delimiter, rows, utf16)


def quote(text: str, delimiter: str) -> str:
    """A cell as CSV, in quotes if it needs them."""
    return '"' + text.replace('"', '""') + '"' if any(ch in text for ch in (delimiter, '"', "\n", "\r")) else text


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
