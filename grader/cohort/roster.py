"""Who is in the class: a CSV with a header, in any of the usual spellings."""

import csv
import io
import re
import tomllib
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path

import msgspec

from grader.cohort.times import Moment, moment
from grader.errors import Refusal
from grader.text import clean

_COLUMNS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


class Person(msgspec.Struct, frozen=True):
    """One line of the roster."""

    id: str
    name: str = ""
    email: str = ""
    github: str = ""
    submitted: Moment = Moment()  #: when the last attempt was handed in, if the roster tells
    due: datetime | None = None  #: a deadline of their own
    excused: bool = False  #: from the whole assignment
    note: str = ""  #: why, as it is shown
    section: str = ""  #: which the class is divided into
    appeal: str = ""  #: what they say against their grade
    late_days: int | None = None  #: late days left to this student, if the roster tells

    @property
    def ids(self) -> dict[str, str]:
        """Names in other systems, as known."""
        return {k: v for k, v in (("email", self.email), ("github", self.github)) if v}

    def keys(self) -> list[str]:
        """Everything by which this person may be met elsewhere, `doejane` of Canvas too."""
        canvas = re.sub(r"\W", "", " ".join(reversed(first_last(self.name).rsplit(" ", 1))))
        return [fold(key) for key in (self.id, self.email, self.github, self.name, first_last(self.name), canvas) if key]


class Roster:
    """The class; looks a student up by any of their names."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self._by_key: dict[str, Person | None] = {}
        for person in people:
            for key in dict.fromkeys(person.keys()):
                # A key that two people share (the same name) points at nobody.
                self._by_key[key] = None if key in self._by_key else person

    def find(self, *keys: str, numbers: Iterable[str] = (), name: str = "") -> Person | None:
        """The one person whom the first telling key names; `numbers` that a system made count for nobody of another name."""
        found = next((person for key in keys if key and (person := self._by_key.get(fold(key)))), None)
        numbered = filter(None, (self._by_key.get(number) for number in numbers))
        return found or next(
            (person for person in numbered if not (name and person.name) or fold(name) in {*person.keys()}), None
        )


def first_last(name: str) -> str:
    """`Doe, Jane` as `Jane Doe`; a name without a comma as it is."""
    return " ".join(" ".join(reversed(name.split(",", 1))).split())


def fold(key: str) -> str:
    """Names compared without case and with single spaces."""
    return " ".join(key.split()).casefold()


def read_roster(path: Path, zone: tzinfo | None = None, source: str = "the roster") -> Roster:
    """Read a roster, or another list of ids and times, called `source`; what cannot be used is refused in a sentence."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refusal(f"the roster {path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise Refusal(f"the roster {path} is not UTF-8. Remedy: save it as CSV UTF-8.") from None
    delimiter = max(",;\t", key=(text.splitlines() or [""])[0].count)
    csv.field_size_limit(max(len(text), csv.field_size_limit()))  # an appeal may be longer than the 128 KB that csv reads else
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(cell.strip() for cell in row)]
    if not rows:
        raise Refusal(f"the roster {path} is empty.")
    columns = _match(rows[0])
    if not {"id", "email", "github"} & set(columns):
        raise Refusal(f"the roster {path} has no column id, email or github_username. Its header: {', '.join(rows[0])}.")
    cells = [{name: "".join(row[i : i + 1]).strip() for name, i in columns.items()} for row in rows[1:]]
    people = [_person(each, path, zone, source) for each in cells]
    seen: set[str] = set()
    for person in people:
        if fold(person.id) in seen:
            raise Refusal(f"the roster {path} lists {person.id!r} twice. Remedy: keep one of the lines.")
        seen.add(fold(person.id))
    return Roster(people)


def _match(header: list[str]) -> dict[str, int]:
    """Our names of the columns that are there -> place; the first spelling that is met counts."""
    plain = ["".join(ch for ch in cell.casefold() if ch.isalnum()) for cell in header]
    met = {ours: [each for each in spellings if each in plain] for ours, spellings in _COLUMNS.items()}
    return {ours: plain.index(those[0]) for ours, those in met.items() if those}


def _person(cells: dict[str, str], path: Path, zone: tzinfo | None, source: str) -> Person:
    get = cells.get
    name = get("name") or " ".join(filter(None, (get("first", ""), get("last", ""))))
    identity = (get("id") or get("email") or get("github") or "").removeprefix("Participant ")
    if not identity:
        raise Refusal(f"a line of the roster {path} names nobody: {', '.join(cells.values())!r}.")
    days = get("late_days", "")
    if days and not re.fullmatch(r"\d{1,4}", days):
        raise Refusal(f"the roster {path} gives {identity!r} {days!r} late days. Remedy: a whole number.")
    due = moment(get("due", ""), source, zone)
    if due.problem:
        raise Refusal(f"the roster {path} gives {identity!r} a due date, but {due.problem}. Remedy: 2026-11-30T23:59:00+01:00")
    if (excused := get("excused", "").casefold()) not in ("", "no", "false", "0", "yes", "true", "1"):
        raise Refusal(f"the roster {path} says {excused!r} in the column excused of {identity!r}. Remedy: yes or nothing.")
    return Person(
        id=identity,
        name=name,
        email=get("email", ""),
        github=get("github", ""),
        submitted=moment(get("submitted", ""), source, zone),
        due=due.at,
        excused=excused in ("yes", "true", "1"),
        note=" ".join(get("note", "").split())[:200],
        late_days=int(days) if days else None,
        section=" ".join(get("section", "").split())[:60],
        appeal=clean(get("appeal", ""), 10_000),
    )
