"""What a class shows: where it stands, what to teach next, who needs a look. Folded over the reports one by one."""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import msgspec
import numpy as np
from msgspec import Struct

from grader.cohort.counting import Grade
from grader.cohort.items import discrimination, reliability
from grader.records import CheckResult, Mistake, Report
from grader.report import words

BINS = 20
Place = tuple[str, str]  #: a stage, and a check or a cause in it
_IMPORT = "Nothing in such a file can be graded. Import the file once before you hand it in: Python shows the line."
BROKEN = Mistake("broken", _IMPORT, title="A file that cannot be imported")  #: in the first stage that needs it


class Cause(Struct, frozen=True):
    """Why checks failed: a known mistake, or what answers to one check have in common that none explains."""

    id: str
    title: str
    hint: str
    stage: str
    known: bool
    students: list[str]
    tried: int  #: students who tried one of its checks
    failed: int  #: checks of all students that failed so
    question: str  #: the first hint of its check
    shows: str  #: what the numbers of the first of them show
    cumulative: float = 0.0  #: share of all failed checks that have this cause or one before it
    also: list[str] = []  #: what else exactly the same students did
    within: bool = False  #: it stands with such an earlier one, and its checks count there
    discrimination: float | None = None

    @property
    def made(self) -> int:
        return len(self.students)


class Item(Struct, frozen=True):
    """A check and how many passed it."""

    stage: str
    title: str
    id: str
    promise: str
    passed: int
    tried: int  #: not a TODO, not waiting for another check
    discrimination: float | None


class Insight(Struct, frozen=True):
    """All that the class page tells beyond the grades themselves."""

    count: int = 0
    mean: float = 0.0
    median: float = 0.0
    bins: list[int] = []  #: students by score, from 0 to the maximum
    states: dict[str, dict[str, str]] = {}  #: student -> stage -> state, as words.shown_state has it
    stages: dict[str, str] = {}  #: stage -> title
    done: dict[str, int] = {}  #: stage -> students who finished it
    causes: list[Cause] = []  #: that of most failed checks first
    checks: list[Item] = []
    reliability: tuple[float | None, int] = (None, 0)  #: Cronbach's alpha, and of how many students
    outliers: list[tuple[str, str]] = []  #: a student, and what is odd
    seconds: float = 0.0  #: of grading, all together
    slowest: list[tuple[str, str, float]] = []  #: stage, title, median seconds


def look(grades: list[Grade], reports: Callable[[Grade], Report | None]) -> Insight:
    """Fold a class.

    reports : loads a grade's report; each is held only while it is looked at
    """
    scored = [grade for grade in grades if grade.state in ("graded", "submission")]
    fold = _Fold()
    for grade in scored:
        if (report := reports(grade)) is not None:
            fold.add(grade, report)
    scores = [grade.score for grade in scored]
    most = max((grade.max_score for grade in grades), default=0) or 1
    bins = [0] * BINS
    for score in scores:
        bins[min(BINS - 1, int(BINS * score / most))] += 1
    return Insight(
        count=len(scored),
        mean=round(statistics.fmean(scores), 1) if scores else 0.0,
        median=round(statistics.median(scores), 1) if scores else 0.0,
        bins=bins,
        states=fold.states,
        stages=fold.titles,
        done=dict(fold.done),
        causes=fold.causes(),
        checks=fold.items(),
        reliability=reliability(fold.answers()),
        outliers=_outliers(scored),
        seconds=round(sum(grade.seconds for grade in scored), 1),
        slowest=fold.slowest(),
    )


class _Fold:
    def __init__(self) -> None:
        self.states: dict[str, dict[str, str]] = {}
        self.titles: dict[str, str] = {}
        self.done: Counter[str] = Counter()
        self._checks: dict[Place, CheckResult] = {}  #: as it was first met
        self._passed: defaultdict[Place, dict[str, bool]] = defaultdict(dict)  #: by those who tried
        self._causes: dict[Place, Mistake] = {}
        self._failed: defaultdict[Place, list[tuple[str, Place, CheckResult]]] = defaultdict(list)  #: by cause
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, grade: Grade, report: Report) -> None:
        who = grade.student
        self.states[who] = {stage.id: words.shown_state(stage) for stage in report.stages}
        for stage in report.stages:
            self.titles[stage.id] = stage.title
            self.done[stage.id] += self.states[who][stage.id] == "pass"
            self._seconds[stage.id].append(stage.seconds)
            for check in stage.checks:
                self._checks.setdefault((stage.id, check.id), check)
                if check.state in ("pass", "fail"):
                    self._passed[stage.id, check.id][who] = check.state == "pass"
        for cause, mistake, place, check in failures(report):
            self._causes.setdefault(cause, mistake)
            self._failed[cause].append((who, place, check))

    def answers(self) -> np.ndarray:
        """Of every student to every check, as `items` has them."""
        found = [[self._passed[place].get(who, np.nan) for place in self._checks] for who in self.states]
        return np.array(found, float).reshape(len(self.states), len(self._checks))

    def causes(self) -> list[Cause]:
        """That of most failed checks first; what exactly the same students did in later stages as well stands with the earliest."""
        answers, so_far = self.answers(), 0
        by_students: dict[object, list[Place]] = defaultdict(list)
        for place in sorted(self._failed):
            students = frozenset(who for who, _, _ in self._failed[place])
            by_students[students if len(students) > 1 else place].append(place)
        found = [self._cause(places, answers) for places in by_students.values()]
        found.sort(key=lambda cause: (-cause.failed, cause.stage, cause.id))
        total = sum(cause.failed for cause in found)
        for number, cause in enumerate(found):
            so_far += cause.failed
            found[number] = msgspec.structs.replace(cause, cumulative=so_far / total)
        others = [self._cause([place], answers) for places in by_students.values() for place in places[1:]]
        return found + [msgspec.structs.replace(cause, within=True) for cause in others]

    def _cause(self, places: list[Place], answers: np.ndarray) -> Cause:
        (stage, name), mistake, failed = places[0], self._causes[places[0]], self._failed[places[0]]
        theirs = dict.fromkeys(who for who, _, _ in failed)
        own = {place for _, place, _ in failed}
        tried = {who for place in own for who in self._passed[place]}
        made = np.array([who not in theirs if who in tried else np.nan for who in self.states], float)
        first, card = self._checks[failed[0][1]], failed[0][2].card
        return Cause(
            name, mistake.title, mistake.hint, stage, ":" not in name, list(theirs), len(tried),
            failed=sum(len(self._failed[place]) for place in places),
            question=first.hints[0] if first.hints and mistake is not BROKEN else "",
            shows=card.looks_like if card is not None else "",
            also=[f"{self._causes[other].title} ({self.titles[other[0]]})" for other in places[1:]],
            discrimination=discrimination(answers, made, np.array([p in own for p in self._checks])) if len(theirs) > 1 else None,
        )  # fmt: skip

    def items(self) -> list[Item]:
        """The checks that most of those who tried fail."""
        found, answers = [], self.answers()
        for column, (place, check) in enumerate(self._checks.items()):
            passed = self._passed[place].values()
            own = np.arange(len(self._checks)) == column
            figure = discrimination(answers, answers[:, column], own)
            found.append(Item(place[0], self.titles[place[0]], place[1], check.promise, sum(passed), len(passed), figure))
        return sorted(found, key=lambda item: (item.passed - item.tried, item.stage, item.id))

    def slowest(self) -> list[tuple[str, str, float]]:
        found = [(stage, self.titles[stage], round(statistics.median(times), 3)) for stage, times in self._seconds.items()]
        return sorted(found, key=lambda entry: -entry[2])[:3]


def failures(report: Report) -> Iterator[tuple[Place, Mistake, Place, CheckResult]]:
    """Of each failed check its cause, what stands for that, and the check; a file that cannot be imported counts where it is met first."""
    broken = next((stage for stage, check in report.checks if check.broken), "")
    for stage, check in report.checks:
        if check.state == "fail":
            mistake = BROKEN if check.broken else check.mistake or _unexplained(check)
            yield (broken if check.broken else stage, mistake.id), mistake, (stage, check.id), check


def _unexplained(check: CheckResult) -> Mistake:
    """What stands for the mistake where none is known: the check and the kind of deviation, the same in every grading.

    The kind is the first clause of what is said, without its numbers and without what the learner called something.
    """
    told = (check.card.looks_like if check.card is not None else "") or check.message
    clause = re.split(r"[.;](?:\s|$)|\n", told, maxsplit=1)[0]
    kind = re.sub(r"'[^']*'|\"[^\"]*\"", "...", re.sub(r"[-+]?\d[\d.,e+-]*(?:[\s,]+[-+]?\d[\d.,e+-]*)*", "#", clause))
    return Mistake(f"{check.id}:{kind[:100]}", told, title=check.promise)


def _outliers(grades: list[Grade]) -> list[tuple[str, str]]:
    times = sorted(grade.seconds for grade in grades if grade.seconds)
    if len(times) < 5:
        return []
    middle = statistics.median(times)
    far = [grade for grade in grades if grade.seconds > max(5 * middle, middle + 20)]
    far.sort(key=lambda grade: -grade.seconds)
    return [(g.student, f"took {g.seconds:.0f} s to grade; half the class took less than {middle:.0f} s") for g in far[:20]]
