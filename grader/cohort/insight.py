"""What a class shows: where it stands, what to teach next, who needs a look. Folded over the reports one by one."""

import hashlib
import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from msgspec import Struct

from grader.cohort.counting import Grade
from grader.records import Mistake, Report
from grader.report import words

BINS = 20
_IMPORT = "Nothing in such a file can be graded. Importing it once before handing it in shows the line."
BROKEN = Mistake("broken", _IMPORT, title="A file that cannot be imported")  #: in the first stage that needs it


class NamedMistake(Struct, frozen=True):
    """A known mistake and who made it."""

    id: str
    title: str
    hint: str
    stage: str
    students: list[str]


class HardCheck(Struct, frozen=True):
    """A promise and how many keep it."""

    stage: str
    title: str
    id: str
    promise: str
    passed: int
    tried: int  #: not a TODO, not waiting for another check


class SameAnswer(Struct, frozen=True):
    """Students whose unusual answer to one check is the same, though no known mistake explains it."""

    check: str
    stage: str
    gave: str
    students: list[str]


class Outlier(Struct, frozen=True):
    student: str
    what: str


class Insight(Struct, frozen=True):
    """All that the class page tells beyond the grades themselves."""

    count: int = 0
    mean: float = 0.0
    median: float = 0.0
    bins: list[int] = []  #: students by score, from 0 to the maximum
    states: dict[str, dict[str, str]] = {}  #: student -> stage -> state, as words.shown_state has it
    points: dict[str, dict[str, str]] = {}  #: student -> stage -> "6/8"
    stages: dict[str, str] = {}  #: stage -> title
    done: dict[str, int] = {}  #: stage -> students who finished it
    mistakes: list[NamedMistake] = []
    checks: list[HardCheck] = []
    same: list[SameAnswer] = []
    outliers: list[Outlier] = []
    seconds: float = 0.0  #: of grading, all together
    slowest: list[tuple[str, str, float]] = []  #: stage, title, median seconds


def look(grades: list[Grade], reports: Callable[[Grade], Report | None]) -> Insight:
    """Fold a class.

    reports : loads a grade's report; each is held only while it is looked at
    """
    scored = [grade for grade in grades if grade.state in ("graded", "submission")]
    fold = _Fold()
    for grade in scored:
        report = reports(grade)
        if report is not None:
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
        points=fold.points,
        stages=fold.titles,
        done=dict(fold.done),
        mistakes=fold.named(),
        checks=fold.hard(),
        same=fold.alike(len(scored)),
        outliers=_outliers(scored),
        seconds=round(sum(grade.seconds for grade in scored), 1),
        slowest=fold.slowest(),
    )


class _Fold:
    def __init__(self) -> None:
        self.states: dict[str, dict[str, str]] = {}
        self.points: dict[str, dict[str, str]] = {}
        self.titles: dict[str, str] = {}
        self.done: Counter[str] = Counter()
        self._mistakes: dict[tuple[str, str], tuple[str, str, list[str]]] = {}
        self._promises: dict[tuple[str, str], str] = {}
        self._passed: Counter[tuple[str, str]] = Counter()
        self._tried: Counter[tuple[str, str]] = Counter()
        self._answers: defaultdict[tuple[str, str, str], list[tuple[str, str, str]]] = defaultdict(list)
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, grade: Grade, report: Report) -> None:
        who = grade.student
        broken = _first_broken(report)
        self.states[who] = {stage.id: words.shown_state(stage) for stage in report.stages}
        self.points[who] = {stage.id: f"{stage.points}/{stage.max_points}" for stage in report.stages}
        for stage in report.stages:
            self.titles[stage.id] = stage.title
            self.done[stage.id] += self.states[who][stage.id] == "pass"
            self._seconds[stage.id].append(stage.seconds)
            for check in stage.checks:
                place = stage.id, check.id
                self._promises.setdefault(place, check.promise)
                self._passed[place] += check.state == "pass"
                self._tried[place] += check.state in ("pass", "fail", "error")
                mistake = BROKEN if place == broken else check.mistake
                if mistake is not None:
                    whose = self._mistakes.setdefault((stage.id, mistake.id), (mistake.title, mistake.hint, []))[2]
                    if who not in whose:
                        whose.append(who)
                elif check.state == "fail" and check.card is not None and _telling(check.card.gave):
                    mark = hashlib.sha256(check.card.gave.encode()).hexdigest()
                    self._answers[*place, mark].append((who, grade.digest, check.card.gave))

    def named(self) -> list[NamedMistake]:
        """The commonest mistakes first."""
        found = [
            NamedMistake(mistake, title, hint, stage, whose) for (stage, mistake), (title, hint, whose) in self._mistakes.items()
        ]
        return sorted(found, key=lambda mistake: (-len(mistake.students), mistake.stage, mistake.id))

    def hard(self) -> list[HardCheck]:
        """The promises that most of those who tried do not keep yet."""
        found = [
            HardCheck(stage, self.titles[stage], check, self._promises[stage, check], passed, tried)
            for (stage, check), tried in self._tried.items()
            if tried > (passed := self._passed[stage, check])
        ]
        return sorted(found, key=lambda check: (check.passed - check.tried, check.stage, check.id))

    def alike(self, students: int) -> list[SameAnswer]:
        """The same unexplained answer of a few students with different code; what many give is a slip, not a sign."""
        few = max(3, math.ceil(0.01 * students))
        found = []
        for (stage, check, _), those in self._answers.items():
            if 2 <= len(those) <= few and len({digest for _, digest, _ in those}) > 1:
                found.append(SameAnswer(check, stage, those[0][2][:300], [who for who, _, _ in those]))
        return sorted(found, key=lambda same: (same.stage, same.check, same.students))

    def slowest(self) -> list[tuple[str, str, float]]:
        found = [(stage, self.titles[stage], round(statistics.median(times), 3)) for stage, times in self._seconds.items()]
        return sorted(found, key=lambda entry: -entry[2])[:3]


def _first_broken(report: Report) -> tuple[str, str] | None:
    """Stage and check that first met a file which could not be imported."""
    return next(((stage.id, check.id) for stage in report.stages for check in stage.checks if check.broken), None)


def _telling(gave: str) -> bool:
    """Whether an answer has enough digits that two students do not give it by chance; shapes are everybody's."""
    return sum(ch.isdigit() for ch in re.sub(r"\([\d, ]*\)", "", gave)) >= 24


def _outliers(grades: list[Grade]) -> list[Outlier]:
    """Submissions that took far longer than the class."""
    times = sorted(grade.seconds for grade in grades if grade.seconds)
    if len(times) < 5:
        return []
    middle = statistics.median(times)
    far = [grade for grade in grades if grade.seconds > max(5 * middle, middle + 20)]
    far.sort(key=lambda grade: -grade.seconds)
    return [
        Outlier(g.student, f"took {g.seconds:.0f} s to grade; half the class took less than {middle:.0f} s") for g in far[:20]
    ]


def same_content(grades: Iterable[Grade]) -> list[list[str]]:
    """Students who handed in byte for byte the same."""
    by_digest: defaultdict[str, list[str]] = defaultdict(list)
    for grade in grades:
        if grade.digest:
            by_digest[grade.digest].append(grade.student)
    return sorted(names for names in by_digest.values() if len(names) > 1)
