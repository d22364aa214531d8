"""What an instructor adds to a class by hand: comments, points, answers to appeals, in `remarks.toml` beside the class page.

The file is the instructor's: it is written once, with examples, and read by every run. The journal keeps each version.
"""

import datetime
import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Set
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from grader.cohort import insight
from grader.cohort.counting import Grade
from grader.cohort.journal import Journal, Outcome
from grader.course.explain import explain
from grader.errors import Refusal
from grader.files import write_atomically
from grader.report.words import number
from grader.text import clean

FILE = "remarks.toml"
_START = Path(__file__).with_name("remarks_start.toml")


class Remark(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry: a comment, or a decision that changes a score or answers an appeal."""

    text: Annotated[str, Meta(pattern=r"\S", description="some text")]  #: the comment, or why it was decided
    cause: str = ""  #: for everybody whose checks failed for it, "03_softmax/keeps_unstable_probabilities"
    student: str = ""  #: for one student
    set: float | None = None  #: points that count in the end
    add: float | None = None  #: points beside what was graded; for a cause, once for each who has it
    appeal: str = ""  #: which one it answers
    granted: bool | None = None
    by: str = ""
    date: Annotated[datetime.date, Meta(description="a date such as 2026-12-01")] | None = None

    @property
    def decides(self) -> bool:
        return bool(self.appeal) or self.set is not None or self.add is not None

    def __str__(self) -> str:
        """What a student reads."""
        told = [f"Appeal {'granted' if self.granted else 'declined'}"] if self.appeal else []
        points = ((self.set, "set"), (self.add, "taken off" if (self.add or 0) < 0 else "added"))
        told += [f"{number(abs(count))} points {what}" for count, what in points if count is not None]
        return clean((f"{', '.join(told)} by {self.by}, {self.date}: " if told else "") + self.text.strip(), None)

    def problem(self, students: Set[str], most: float) -> str:
        """Why it cannot be used, with the remedy; empty if it can."""
        rules = {
            "is for a cause or for a student. Remedy: one of the two keys": bool(self.cause) != bool(self.student),
            f"is for {self.student!r}, who is not in this class. Remedy: the id as in grades.csv": not self.student
            or self.student in students,
            "decides something. Remedy: by and date": not self.decides or all((self.by, self.date)),
            "sets or answers for a cause. Remedy: add, or student": not self.cause or (self.set, self.appeal) == (None, ""),
            "has set and add. Remedy: one of them": self.set is None or self.add is None,
            f"sets {self.set} points. Remedy: a number from 0 to {number(most)}": 0 <= (self.set or 0) <= most,
            f"adds {self.add} points. Remedy: {number(most)} at most": abs(self.add or 0) <= most,
            "needs both appeal and granted, or neither": bool(self.appeal) == (self.granted is not None),
        }
        return next((told for told, holds in rules.items() if not holds), "")


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    remark: Annotated[tuple[Remark, ...], Meta(description="one or more entries, each below [[remark]]")] = ()


def read(out: Path, journal: Journal, students: Set[str], most: float) -> tuple[Remark, ...]:
    """The remarks of a class, which the journal has when this returns; a file that is gone is written again.

    students : ids of all who are in the class
    most     : points that can be reached
    raises   : Refusal, before anything of the class has changed
    """
    path = out / FILE
    if not path.exists():
        write_atomically(path, journal.remarks() or _START.read_text("utf-8"))
    try:
        table = tomllib.loads(text := path.read_bytes().decode("utf-8-sig"))
        remarks = msgspec.convert(table, _File).remark
    except msgspec.ValidationError as error:
        told = re.sub(r"\[(\d+)\]", lambda match: f" {int(match[1]) + 1}", explain(error, _File, table))
        raise Refusal(f"{path}: {told}") from None
    except (OSError, ValueError, RecursionError) as error:  # cannot be read, is not UTF-8, is not TOML, nested without end
        raise Refusal(f"{path} cannot be read as TOML ({error}). Remedy: correct it; no grade has changed.") from None
    for place, remark in enumerate(remarks, 1):
        if told := remark.problem(students, most):
            raise Refusal(f"{path}: remark {place} {told}.")
    journal.keep_remarks(text)
    return remarks


class ByHand:
    """The remarks of a class, put beside its grades."""

    def __init__(self, remarks: Iterable[Remark], record: Callable[[str], Outcome | None]) -> None:
        self._remarks, self._record = list(remarks), record
        self._causes: dict[str, Set[str]] = {}  #: of a record, once it is there

    def added_to(self, grade: Grade) -> Grade:
        """A grade with what was added to it."""
        theirs = [each for each in self._remarks if each.student == grade.student or self._reaches(each.cause, grade.key)]
        answers = {each.appeal: "granted" if each.granted else "declined" for each in theirs}
        return msgspec.structs.replace(
            _with_points(grade, theirs),
            decisions=[str(each) for each in theirs if each.decides],
            comments=[str(each) for each in theirs if not each.decides],
            appeal_state=answers.get(appeal_id(grade.appeal), "open") if grade.appeal else "",
        )

    def _reaches(self, cause: str, key: str) -> bool:
        if cause and key not in self._causes and (outcome := self._record(key)) is not None and outcome.report is not None:
            self._causes[key] = {"/".join(place) for place, *_ in insight.failures(outcome.report)}
        return cause in self._causes.get(key, ())


def _with_points(grade: Grade, remarks: list[Remark]) -> Grade:
    known = grade.state not in ("waiting", "fault")  # what is added waits for the score
    points = [each for each in remarks if each.set is not None or (each.add is not None and known)]
    score = grade.score
    for each in points:
        score = min(max(0.0, score + (each.add or 0.0)), grade.max_score) if each.set is None else each.set
    return msgspec.structs.replace(grade, score=round(score, 2), by_hand=round(score - grade.score, 2)) if points else grade


def appeal_id(text: str) -> str:
    """What an appeal is called: another text is another appeal, which an earlier answer does not answer."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]
