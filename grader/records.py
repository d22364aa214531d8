"""What a grade consists of: frozen records that every part of the engine hands on as they are.

`results.json` is the JSON form of a `Report`; `SCHEMA` grows by one when a field changes its meaning.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from grader.text import clean

SCHEMA = 1

CheckState = Literal["todo", "blocked", "pass", "fail", "error"]
StageState = Literal["todo", "blocked", "pass", "fail", "error"]


class Mistake(Struct, frozen=True):
    """A known mistake that gives exactly the learner's answers."""

    id: str  #: name of the misconception, such as "sums_over_the_batch"
    hint: str  #: its docstring: what the learner is told
    alike: list[str] = []  #: other misconceptions that give the same answers (their hint is the same)


class SourceLines(Struct, frozen=True):
    """Some lines of the learner's own code."""

    file: str  #: such as "losses.py"
    first: int  #: number of the first line
    lines: list[str]
    marked: list[int] = []  #: line numbers to point at
    function: str = ""


class Card(Struct, frozen=True):
    """What a learner is told about one failure. All fields are plain, cleaned text."""

    ran: str = ""  #: Python that can be pasted
    should: str = ""  #: what should hold
    gave: str = ""  #: what the submission gave
    looks_like: str = (
        ""  #: what the numbers show (shape, NaN, ratio, ...); a named mistake stands in CheckResult.mistake
    )
    printed: str = ""  #: what the learner's code printed in the failing call: 20 lines, then how many more
    source: list[SourceLines] = []  #: the learner's lines around the fault
    evidence: dict[
        str, str
    ] = {}  #: role ("expected", "given", "analytic", ...) -> array name in evidence/<stage>.<check>.npz


class CheckResult(Struct, frozen=True):
    """One check: a promise, and whether it holds."""

    id: str  #: "check_softmax_rows_sum_to_one"
    promise: str  #: first line of its docstring
    state: CheckState
    points: int
    max_points: int
    message: str = ""  #: one or a few sentences; empty if passed
    mistake: Mistake | None = None
    card: Card | None = None
    functions: list[str] = []  #: "losses.softmax", ...
    core: bool = False
    blocked_by: str = ""  #: "03_softmax: check_softmax_rows_sum_to_one", for state "blocked"
    hints: list[str] = []  #: three rungs
    seconds: float = 0.0
    printed: str = ""  #: prints of a passing check
    notes: list[str] = []  #: remarks, such as the measured accuracy with its margin
    broken: str = ""  #: "layers.py", if that file could not be imported


class StageResult(Struct, frozen=True):
    id: str  #: "03_softmax"
    title: str
    state: StageState
    points: int
    max_points: int
    checks: list[CheckResult]
    needs: list[str] = []
    seconds: float = 0.0


class NextStep(Struct, frozen=True):
    """The one next thing to do."""

    stage: str
    check: str
    text: str  #: a sentence
    file: str = ""  #: where, such as "student/losses.py"
    line: int = 0


class Report(Struct, frozen=True):
    score: int
    max_score: int
    stages: list[StageResult]
    schema: int = SCHEMA
    complete: bool = True  #: False while a grade is under way, or if it was interrupted
    next: NextStep | None = None
    student: str = ""  #: name of the submission's folder
    sandbox: dict[str, Any] = {}  #: what was measured: {"level", "probes": {name: blocked}, "summary", "layers"}
    seed: dict[str, Any] = {}  #: {"value": 0} or {"fingerprint": "..."} if secret
    environment: dict[str, Any] = {}  #: versions, BLAS, threads, platform
    fingerprints: dict[str, str] = {}  #: "submission", "course", "data"
    limits: dict[str, Any] = {}  #: "calibration", per-stage limits
    seconds: float = 0.0
    finished: str = ""  #: ISO 8601, UTC
    curves: dict[str, Any] = {}  #: history of the accuracy stage's training, and the reference's band
    notes: list[str] = []
    extra: dict[str, Any] = field(default_factory=dict)


def cleaned(report: Report) -> Report:
    """The report without anything that a reader would not see, wherever it stands: file names, remarks, cards."""
    return msgspec.convert(_cleaned(msgspec.to_builtins(report)), Report)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value, None)
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(inner) for name, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, list) else value
