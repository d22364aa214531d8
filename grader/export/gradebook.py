"""Grades into the gradebook that an instructor exported from a course system; `gradebooks.toml` says how each is laid out.

Only the cells of one column change, and empty ones for comments. Who cannot be told with certainty is named and left alone.
"""

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from grader.cohort.counting import Grade
from grader.cohort.roster import first_last, fold
from grader.errors import Refusal
from grader.export.cells import Sheet, parse
from grader.report.words import number

GRADEBOOKS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("gradebooks.toml").read_text("utf-8"))
_NOT_PEOPLE = ("points possible", "manual posting", "muted", "student, test")  #: in the first cell of a row, in Canvas


class GradebookLine(NamedTuple):
    """One person in the file."""

    row: int
    shown: str
    keys: list[str]  #: by what the class may know this person, the most telling first
    locked: str = ""  #: why the cell stays as it is


@dataclass
class Filled:
    """The filled file, and everybody who needs a look."""

    data: bytes
    count: int = 0  #: cells filled
    column: str = ""
    scaled_to: float = 0  #: points possible, if the scores were scaled to them
    not_graded: list[str] = field(default_factory=list)  #: in the file, without a submission
    not_in_file: list[str] = field(default_factory=list)  #: graded, but in no line of the file
    ambiguous: list[str] = field(default_factory=list)  #: two students or two lines that cannot be told apart
    untouched: list[str] = field(default_factory=list)  #: excused, locked, or the grader's fault
    by_hand: list[str] = field(default_factory=list)  #: filled with points that somebody gave

    def sentences(self) -> list[str]:
        """What an instructor has to know, a line each."""
        told = [f"{self.count} grades filled into {self.column!r}."]
        if self.scaled_to:
            told.append(f"Scores were scaled to the {self.scaled_to:g} points possible there.")
        for names, what in (
            (self.not_in_file, "graded, but not in the file"),
            (self.not_graded, "in the file, but nothing was handed in"),
            (self.ambiguous, "not told apart, left alone"),
            (self.untouched, "left alone"),
            (self.by_hand, "with points given by hand"),
        ):
            if names:
                told.append(f"{len(names)} {what}: {'; '.join(names)}.")
        return told


def fill(system: str, data: bytes, grades: list[Grade], column: str = "", name: str = "the file") -> Filled:
    """Fill an assignment's column, called by its title (needed if there are several), of one of the GRADEBOOKS; or a Refusal."""
    book, sheet = GRADEBOOKS[system], parse(data, name)
    if missing := [title for title in book["needs"] if title.casefold() not in sheet.at]:
        raise Refusal(f"{name} has no column {missing[0]!r}. Remedy: {book['remedy']}.")
    target, possible = _column(book, sheet, column, name)
    lines = []
    for row in sheet.people():
        first = sheet.text(row, 0).strip().casefold()
        if first == _NOT_PEOPLE[0]:
            possible = _points(sheet.text(row, target))
        elif first not in _NOT_PEOPLE and (line := _line(book, sheet, row, sheet.text(row, target))):
            lines.append(line)
        possible = _points(sheet.get(row, book.get("points", ""))) or possible
    return _fill(system, sheet, target, possible, lines, grades)


def _column(book: dict[str, Any], sheet: Sheet, column: str, name: str) -> tuple[int, float]:
    """The place of the assignment's column, and the points possible if its title tells."""
    wanted = fold(column)
    titles = {place: re.fullmatch(book["column"], fold(title)) for place, title in enumerate(sheet.header)}
    fitting = {place: match for place, match in titles.items() if match and wanted in ("", match[0], match["title"])}
    if len(fitting) != 1:
        told = ", ".join(repr(sheet.header[place]) for place in fitting or titles if titles[place]) or "none"
        raise Refusal(f"{name}: {told} of its assignments fit {column!r}. Remedy: --column 'Title' as in the header.")
    ((place, match),) = fitting.items()
    return place, _points(match.groupdict().get("possible") or "")


def _line(book: dict[str, Any], sheet: Sheet, row: int, held: str) -> GradebookLine | None:
    """A person whose cell holds something already; None where nobody is named."""
    shown = " ".join(filter(None, (sheet.get(row, title) for title in book["names"])))
    keys = [sheet.get(row, title).removeprefix(book.get("strip", "")) for title in book["keys"]]
    if not any((shown, *keys)):
        return None
    locked = any(sheet.get(row, title).casefold() == says for title, says in book.get("locked", {}).items())
    why = "grade cannot be changed" if locked else held if held.strip() in ("EX", "N/A") else ""  # of Canvas
    return GradebookLine(row, shown or next(filter(None, keys)), [*keys, shown, first_last(shown)], why)


def _points(text: str) -> float:
    return float(text.replace(",", ".")) if re.fullmatch(r"\s*\d+(?:[.,]\d*)?\s*", text, re.ASCII) else 0.0  # "(read only)"


def _fill(system: str, sheet: Sheet, target: int, possible: float, lines: list[GradebookLine], grades: list[Grade]) -> Filled:
    """The file with the cells of one column filled, where a line and a student are each other's only match."""
    filled = Filled(sheet.data, column=sheet.header[target])
    lines_of, unclear = _matched(system, lines, grades, filled)
    scores = _scores(lines_of, grades, possible, filled)
    filled.not_in_file = [g.student for g in grades if g.student not in {*unclear, *lines_of} and g.state != "missing"]
    if possible and any(grade.max_score != possible for grade in grades):
        filled.scaled_to = possible
    filled.count = len(scores)
    cells = {(row, target): text for row, text in scores.items()}
    if beside := sheet.at.get(GRADEBOOKS[system].get("said", "")):
        said = {grade.student: "<br>".join(map(escape, (*grade.comments, *grade.decisions))) for grade in grades}
        rows = {line.row: said[student] for student, (line, *_) in lines_of.items() if said[student] and line.row in scores}
        cells |= {(row, beside): text for row, text in rows.items() if not sheet.text(row, beside).strip()}
    filled.data = sheet.filled(cells)
    return filled


def _scores(lines_of: dict[str, list[GradebookLine]], grades: list[Grade], possible: float, filled: Filled) -> dict[int, str]:
    """Row -> what is written there; who gets nothing is noted."""
    whose = {grade.student: grade for grade in grades}
    scores: dict[int, str] = {}
    for student, (line, *more) in lines_of.items():
        grade = whose[student]
        if more:
            filled.ambiguous += [f"{each.shown} (line {each.row + 1})" for each in (line, *more)]
        elif grade.counts and not line.locked:
            scale = possible / grade.max_score if possible and grade.max_score else 1
            scores[line.row] = str(number(grade.score * scale))
            filled.by_hand += [line.shown] if grade.by_hand is not None else []
        elif grade.state == "missing" and not line.locked and not grade.excused:
            filled.not_graded.append(line.shown)
        else:
            filled.untouched.append(f"{line.shown} ({line.locked or grade.reason})")
    return scores


def _matched(
    system: str, lines: list[GradebookLine], grades: list[Grade], filled: Filled
) -> tuple[dict[str, list[GradebookLine]], set[str]]:
    """Student -> the lines that name this student alone, and the students that some line may mean; the rest is noted."""
    called: defaultdict[str, set[str]] = defaultdict(set)
    for grade in grades:
        # A number of another system is another's.
        ids = [key for of, key in grade.ids.items() if of == system or of not in GRADEBOOKS]
        for key in filter(None, map(fold, (grade.student, grade.name, *ids))):
            called[key].add(grade.student)
    lines_of: defaultdict[str, list[GradebookLine]] = defaultdict(list)
    unclear: set[str] = set()
    for line in lines:
        found = [called[key] for key in map(fold, line.keys) if key in called]
        if not found:
            filled.not_graded.append(line.shown)
        elif len(one := found[0] if len(found[0]) == 1 else set.intersection(*found)) == 1:
            lines_of[min(one)].append(line)
        else:
            filled.ambiguous.append(line.shown)
            unclear.update(*found)
    return lines_of, unclear
