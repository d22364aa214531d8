"""What a grade consists of: frozen records that every part of the engine hands on as they are.

`results.json` is the JSON form of a `Report`; `SCHEMA` grows by one when a field changes its meaning.
"""

from pathlib import Path
from typing import Literal, TypedDict

import msgspec
from msgspec import UNSET, Struct, UnsetType

from grader.text import clean

SCHEMA = 1
REPRO = "repro.py"  #: beside a learner's results.json: runs what the check of the next step ran

CheckState = Literal["todo", "blocked", "pass", "fail", "error"]  #: of a check, and of a stage
Sandbox = Literal["auto", "strict", "off"]  #: strict refuses to grade unless everything is withheld
#: Whether a check that passes with something put in for what is wrong before it counts, is only shown, or is not run.
FollowThrough = Literal["full", "shown", "off"]
FOLLOW_THROUGH: FollowThrough = "full"  #: where no policy says otherwise


class Mistake(Struct, frozen=True):
    """A known mistake that gives exactly the learner's answers."""

    id: str  #: name of the misconception, such as "sums_over_the_batch"; never shown
    hint: str  #: what the learner is told
    alike: list[str] = []  #: other misconceptions that give the same answers (their title and hint are the same)
    title: str = ""  #: what it is called, "Sum of the losses instead of their mean"; "" in results stored without one
    stage: str | UnsetType = UNSET  #: whose mistake it is, if not that of the check's own stage
    says: str | UnsetType = UNSET  #: what a stage itself saw of it, which stands at the end of the hint
    filled: tuple[float, float] | UnsetType = UNSET  #: a number in title and hint as the course has them, and the one put there


class SourceLines(Struct, frozen=True):
    """Some lines of the learner's own code."""

    file: str  #: such as "losses.py"
    first: int  #: number of the first line
    lines: list[str]
    marked: list[int] = []  #: line numbers to point at
    function: str = ""
    column: int = 0  #: of the fault in the last marked line, from 1; 0 where that is not known


class Card(Struct, frozen=True):
    """What a learner is told about one failure. All fields are plain, cleaned text."""

    ran: str = ""  #: Python that can be pasted
    should: str = ""  #: what should hold
    gave: str = ""  #: what the submission gave
    looks_like: str = ""  #: what the numbers show (shape, NaN, ratio, ...); a named mistake stands in CheckResult.mistake
    printed: str = ""  #: what the learner's code printed in the failing call: 20 lines, then how many more
    source: list[SourceLines] = []  #: the learner's lines around the fault
    evidence: dict[str, str] = {}  #: role ("expected", "given", "analytic", ...) -> array name in evidence/<stage>.<check>.npz


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
    functions: list[str] = []  #: "module.function", ...
    core: bool = False
    blocked_by: str = ""  #: "03_softmax: check_softmax_rows_sum_to_one", for state "blocked"
    hints: list[str] = []  #: three rungs
    seconds: float = 0.0
    printed: str = ""  #: prints of a passing check
    notes: list[str] = []  #: remarks, such as the measured accuracy with its margin
    broken: str = ""  #: "layers.py", if that file could not be imported
    points_alone: int = -1  #: without anything put in; where nothing is said of it, that is all of them
    substituted: list[str] = []  #: what was put in for the learner's own when it ran: "module.Class", ...

    def __post_init__(self) -> None:
        if self.points_alone < 0:
            msgspec.structs.force_setattr(self, "points_alone", self.points)


class StageResult(Struct, frozen=True):
    id: str  #: "03_softmax"
    title: str
    state: CheckState
    points: int
    max_points: int
    checks: list[CheckResult]
    needs: list[str] = []
    seconds: float = 0.0

    @property
    def points_alone(self) -> int:
        """What its checks earned without anything put in; right too where checks without that are left out."""
        return self.points - sum(check.points - check.points_alone for check in self.checks)


class NextStep(Struct, frozen=True):
    """The one next thing to do."""

    stage: str
    check: str
    text: str  #: a sentence
    file: str = ""  #: where, such as "student/losses.py"
    line: int = 0


class SandboxReport(TypedDict, total=False):
    """What a worker measured of itself before any code was loaded."""

    level: str  #: "full", "partial", "process" or "none"
    complete: bool  #: everything that was tried is withheld
    requested: str
    mode: str
    probes: dict[str, bool]  #: what was tried -> whether it was stopped
    layers: list[str]
    missing: dict[str, str]  #: layer -> why it is off
    remedies: dict[str, str]
    summary: str  #: one line


class Band(TypedDict):
    """What the reference's trainings span, a number an epoch."""

    low: list[float]
    high: list[float]


class CurvesRecord(TypedDict, total=False):
    """The last training of a grade, beside the reference's; nothing if there was none."""

    stage: str
    check: str
    history: dict[str, list[float | None]]  #: "val_acc", ... -> a number an epoch, None where it is not finite
    reference: dict[str, Band]
    measured: float  #: share of the open validation images that the grader counted as right
    goal: float
    seeds: int


class Extra(Struct, frozen=True):
    """About the grade itself, for whoever shows it or might repeat it."""

    stages_named: list[str] = []  #: empty if all were asked for
    key: str = ""  #: of the request: an equal key gives an equal report
    feedback: str = ""
    problems: dict[str, str] = {}  #: files of the submission that could not be read, and why
    repeatable: bool = False  #: no limit and no fault decided anything


class Report(Struct, frozen=True):
    score: int
    max_score: int
    stages: list[StageResult]
    schema: int = SCHEMA
    complete: bool = True  #: False while a grade is under way, or if it was interrupted
    next: NextStep | None = None
    student: str = ""  #: name of the submission's folder
    sandbox: SandboxReport = {}
    seed: dict[str, int | str] = {}  #: {"value": 0} or {"fingerprint": "..."} if secret
    environment: dict[str, str | int] = {}  #: versions, BLAS, threads, platform
    fingerprints: dict[str, str] = {}  #: "submission", "course", "data"
    #: {"calibration": 1.0, "stages": {id: {"call", "check", "stage"}}}, in seconds
    limits: dict[str, int | float | dict[str, dict[str, int | float]]] = {}
    seconds: float = 0.0
    finished: str = ""  #: ISO 8601, UTC
    curves: CurvesRecord = {}
    notes: list[str] = []
    extra: Extra = Extra()

    @property
    def score_alone(self) -> int:
        """What the submission earned without anything put in."""
        return sum(stage.points_alone for stage in self.stages)

    @property
    def checks(self) -> list[tuple[str, CheckResult]]:
        """All checks in order, each with the id of its stage."""
        return [(stage.id, check) for stage in self.stages for check in stage.checks]

    @property
    def next_check(self) -> CheckResult | None:
        """The check that the next step is about."""
        where = (self.next.stage, self.next.check) if self.next else None
        return next((check for stage, check in self.checks if (stage, check.id) == where), None)


def read_report(path: Path) -> Report:
    """The report in a results.json, cleaned, whoever wrote it; raises OSError, msgspec.MsgspecError."""
    return cleaned(msgspec.json.decode(path.read_bytes(), type=Report))


def cleaned(report: Report) -> Report:
    """The report without anything that a reader would not see, wherever it stands: file names, remarks, cards."""
    return msgspec.convert(_cleaned(msgspec.to_builtins(report)), Report)


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return clean(value, None)
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(inner) for name, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, list) else value
