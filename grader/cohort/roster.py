"""Who is in the class: a CSV with a header, in any of the usual spellings."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from grader.errors import Refusal

#: Column names as course systems spell them -> ours. Compared without case, spaces and underscores.
_COLUMNS = {
    "id": ("id", "studentid", "sid", "rosteridentifier", "identifier", "sisuserid", "idnumber", "username", "login"),
    "name": ("name", "fullname", "student", "studentname"),
    "first": ("first", "firstname"),
    "last": ("last", "lastname", "surname"),
    "email": ("email", "emailaddress", "mail"),
    "github": ("github", "githubusername"),
    "submitted": ("submitted", "submissiontimestamp", "timestamp", "submissiontime"),
    "late_days": ("latedays", "latedaysleft"),
}


class Person(msgspec.Struct, frozen=True):
    """One line of the roster."""

    id: str
    name: str = ""
    email: str = ""
    github: str = ""
    submitted: datetime | None = None  #: when the last attempt was handed in, if the roster tells
    late_days: int | None = None  #: late days left to this student, if the roster tells

    @property
    def ids(self) -> dict[str, str]:
        """Names in other systems, as known."""
        return {k: v for k, v in (("email", self.email), ("github", self.github)) if v}

    def keys(self) -> list[str]:
        """Everything by which this person may be met elsewhere."""
        return [fold(key) for key in (self.id, self.email, self.github, self.name) if key]


class Roster:
    """The class; looks a student up by any of their names."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self._by_key: dict[str, Person | None] = {}
        for person in people:
            for key in dict.fromkeys(person.keys()):
                # A key that two people share (the same name) points at nobody.
                self._by_key[key] = None if key in self._by_key else person

    def find(self, *keys: str) -> Person | None:
        """The one person whom the first telling key names."""
        for key in keys:
            person = self._by_key.get(fold(key)) if key else None
            if person is not None:
                return person
        return None


def fold(key: str) -> str:
    """Names compared without case and with single spaces."""
    return " ".join(key.split()).casefold()


def read_roster(path: Path) -> Roster:
    """Read a roster; a missing column or a doubled id is refused in a sentence."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refusal(f"the roster {path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise Refusal(f"the roster {path} is not UTF-8. Remedy: save it as CSV UTF-8.") from None
    delimiter = max(",;\t", key=(text.splitlines() or [""])[0].count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    if not rows:
        raise Refusal(f"the roster {path} is empty.")
    columns = _match(rows[0])
    if not {"id", "email", "github"} & set(columns):
        raise Refusal(f"the roster {path} has no column id, email or github_username. Its header: {', '.join(rows[0])}.")
    people = [_person({name: "".join(row[i : i + 1]).strip() for name, i in columns.items()}, path) for row in rows[1:]]
    seen: set[str] = set()
    for person in people:
        if fold(person.id) in seen:
            raise Refusal(f"the roster {path} lists {person.id!r} twice. Remedy: keep one of the lines.")
        seen.add(fold(person.id))
    return Roster(people)


def parse_time(text: str) -> datetime | None:
    """ISO 8601, as course systems and file names write it (10-30-00 for 10:30:00); without a zone it is UTC."""
    text = text.strip().replace(" UTC", "+00:00")
    day, mark, clock = text.replace(" ", "T", 1).partition("T")
    if mark:
        head, tail = clock[:8].replace("-", ":"), clock[8:]
        text = f"{day}T{head}{tail}".replace(" ", "")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _match(header: list[str]) -> dict[str, int]:
    """Our names of the columns that are there -> place; the first spelling that is met counts."""
    plain = ["".join(ch for ch in cell.casefold() if ch.isalnum()) for cell in header]
    met = {ours: [each for each in spellings if each in plain] for ours, spellings in _COLUMNS.items()}
    return {ours: plain.index(those[0]) for ours, those in met.items() if those}


def _person(cells: dict[str, str], path: Path) -> Person:
    get = cells.get
    name = get("name") or " ".join(filter(None, (get("first", ""), get("last", ""))))
    identity = get("id") or get("email") or get("github") or ""
    if not identity:
        raise Refusal(f"a line of the roster {path} names nobody: {', '.join(cells.values())!r}.")
    days = get("late_days", "")
    if days and not days.isdigit():
        raise Refusal(f"the roster {path} gives {identity!r} {days!r} late days. Remedy: a whole number.")
    return Person(
        id=identity,
        name=name,
        email=get("email", ""),
        github=get("github", ""),
        submitted=parse_time(get("submitted", "")),
        late_days=int(days) if days else None,
    )
