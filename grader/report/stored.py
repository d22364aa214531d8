"""Grades on disk: `results.json` back to a `Report`, or one sentence on why that cannot be; and the grades before it."""

import contextlib
from pathlib import Path

import msgspec
from msgspec import Struct

from grader.errors import Refusal
from grader.records import SCHEMA, Report, read_report


def read(out: Path) -> Report:
    """The report that `out/results.json` holds.

    raises : Refusal, with cause and remedy, if there is none, it is no grade, or a later version wrote it
    """
    path = out / "results.json"
    try:
        report = read_report(path)
    except FileNotFoundError:
        raise Refusal(
            f"{path} does not exist. Remedy: grade first (make grade), or name the folder of a grade with --out."
        ) from None
    except OSError as problem:
        raise Refusal(f"{path} cannot be read: {problem.strerror}. Remedy: name the folder of a grade with --out.") from None
    except msgspec.MsgspecError as problem:
        raise Refusal(f"{path} contains no grade: {problem}. Remedy: grade again (make grade).") from None
    if report.schema > SCHEMA:
        raise Refusal(
            f"{path} was written by a later version of the course (schema {report.schema}). Remedy: update the course, or grade again."
        )
    return report


class Run(Struct, frozen=True):
    """One earlier grade of the whole course."""

    score: int
    max_score: int
    finished: str = ""
    stages: dict[str, dict[str, str | int]] = {}  #: id -> {"state", "points"}
    submission: str = ""  #: fingerprint
    points_alone: int | None = None  #: of the score, without substitutes; earlier versions did not say

    @property
    def alone(self) -> int:
        return self.score if self.points_alone is None else self.points_alone

    @property
    def states(self) -> dict[str, str | int]:
        return {stage: told.get("state", "") for stage, told in self.stages.items()}


def history(out: Path) -> list[Run]:
    """The grades that `out/history.jsonl` keeps, oldest first; lines that hold none are left out."""
    runs = []
    try:
        lines = (out / "history.jsonl").read_bytes().split(b"\n")
    except OSError:
        return []
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError):
            runs.append(msgspec.json.decode(line, type=Run))
    return runs
