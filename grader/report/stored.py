"""Grades on disk: `results.json` back to a `Report`, or one sentence on why that cannot be; the learning record, and what
changed since the grade before.

The learning record is `history.jsonl` beside the results: a line for each whole grade, a `Run`; the last ones are kept.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from grader.errors import Refusal
from grader.files import write_atomically
from grader.records import SCHEMA, Report, read_report
from grader.report import words

HISTORY = "history.jsonl"
KEPT = 200  #: lines of it


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
    stages: dict[str, dict[str, str | int]] = {}  #: id -> {"state", "points"}; a stage that passes with a substitute is "helped"
    submission: str = ""  #: fingerprint
    points_alone: int | None = None  #: of the score, without substitutes; earlier versions did not say

    @property
    def alone(self) -> int:
        return self.score if self.points_alone is None else self.points_alone

    @property
    def states(self) -> dict[str, str | int]:
        return {stage: told.get("state", "") for stage, told in self.stages.items()}


def history(out: Path) -> list[Run]:
    """The grades that the learning record in `out` keeps, oldest first; lines that hold none are left out."""
    runs = []
    try:
        lines = (out / HISTORY).read_bytes().split(b"\n")
    except OSError:
        return []
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError):
            runs.append(msgspec.json.decode(line, type=Run))
    return runs


def append(out: Path, report: Report) -> None:
    """Add a grade of the whole course; a result that is the last line's is left out: `watch` makes one at every save."""
    stages: dict[str, dict[str, str | int]]
    stages = {stage.id: {"state": words.shown_state(stage), "points": stage.points} for stage in report.stages}
    text = report.fingerprints.get("submission", "")
    run, runs = Run(report.score, report.max_score, report.finished, stages, text, report.score_alone), history(out)
    if not runs or (runs[-1].score, runs[-1].points_alone, runs[-1].stages) != (run.score, run.points_alone, stages):
        write_atomically(out / HISTORY, msgspec.json.Encoder().encode_lines([*runs[-KEPT + 1 :], run]))


class SinceLastGrade(NamedTuple):
    """The comparison with the grade before this one."""

    delta: int
    since: str  #: when that was
    lines: list[str]
    scores: list[int]  #: of the kept grades over the same stages, this one last


def progress(report: Report, runs: Sequence[Run]) -> SinceLastGrade | None:
    """Compare with the last run over the same stages; None if there is none.

    runs : oldest first; the run that `report` shows may be among them
    """
    earlier = [run for run in runs if run.finished != report.finished and run.max_score == report.max_score]
    files = report.fingerprints.get("submission", "")
    while earlier and files and (earlier[-1].submission, earlier[-1].score) == (files, report.score):
        earlier.pop()  # the same files with the same result: this grade, made before
    if not earlier:
        return None
    before = earlier[-1]
    scores = [*(run.score for run in earlier[-29:]), report.score]
    return SinceLastGrade(report.score - before.score, before.finished, _lines(report, before), scores)


def _lines(report: Report, before: Run) -> list[str]:
    now = {stage.id: words.shown_state(stage) for stage in report.stages}
    names = {stage.id: f"{words.stage_number(stage.id)} {stage.title}" for stage in report.stages}
    gained = [names[id] for id, state in now.items() if state == "pass" and before.states.get(id, "pass") != "pass"]
    lost = [names[id] for id, state in now.items() if state != "pass" and before.states.get(id) == "pass"]
    begun = [names[id] for id, state in now.items() if state == "fail" and before.states.get(id) == "todo"]
    told = {"Now done": gained, "Begun": begun, "No longer complete": lost}
    return [f"{what}: {', '.join(stages)}." for what, stages in told.items() if stages]
