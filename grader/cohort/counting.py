"""From outcomes to one grade a student: lateness, attempts, weights. Pure functions over what the journal holds."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from grader.cohort.intake import Attempt
from grader.cohort.journal import Outcome
from grader.cohort.package import APPEAL_ALONE
from grader.cohort.roster import Person
from grader.course.policy import Late, Policy
from grader.records import Report

_MOST_NOTES = 4


class Grade(Struct, frozen=True):
    """What one student gets."""

    student: str
    name: str
    state: str  #: graded; submission: its own fault; fault: the grader's; waiting: not graded yet; missing: nothing came
    score: float  #: after weights and lateness
    max_score: float
    raw: float = 0.0  #: before lateness
    points_alone: float | None = None  #: of raw, what was earned without substitutes; earlier versions did not say
    penalty: float = 0.0
    late_days: int = 0
    reason: str = ""  #: why there is no grade, or what lateness did
    attempt: str = ""
    attempts: int = 1
    submitted: datetime | None = None
    submitted_by: str = ""  #: who says so, "the roster"; empty if nobody knows whether it was in time
    due: datetime | None = None  #: a deadline of this student's own
    excused: bool = False  #: from the whole assignment: no gradebook gets the score
    digest: str = ""
    key: str = ""  #: of the journal's record
    stages: dict[str, float] = {}  #: points by stage, unweighted
    mistakes: list[str] = []  #: titles of the known mistakes found, in order of the checks
    seconds: float = 0.0
    notes: list[str] = []  #: what was graded instead of what, what was left out, what could not be imported
    ids: dict[str, str] = {}
    section: str = ""  #: of the roster
    appeal: str = ""
    appeal_state: str = ""  #: open, granted or declined, if there is one
    comments: list[str] = []  #: the instructor's
    decisions: list[str] = []  #: the instructor's, a sentence each
    by_hand: float | None = None  #: what these add to the score, which has it

    @property
    def counts(self) -> bool:
        """Whether the score is one that a gradebook gets."""
        return not self.excused and (self.state in ("graded", "submission") or self.by_hand is not None)

    @property
    def remark(self) -> str:
        """What is said beside the grade: the reason and the first of the notes."""
        more = len(self.notes) - _MOST_NOTES
        parts = [self.reason, *self.notes[:_MOST_NOTES], f"{more} more such remarks" if more > 0 else ""]
        return "; ".join(filter(None, parts))


def count(
    attempts: Iterable[Attempt],
    outcomes: Callable[[Attempt], Outcome | None],
    policy: Policy,
    maximum: Mapping[str, int],
    late_days: Mapping[str, int] | None = None,
    keys: Callable[[Attempt], str] = lambda attempt: "",
) -> list[Grade]:
    """One grade a student, in order of student.

    outcomes  : what became of an attempt; None if it waits
    maximum   : stage -> points, of the stages that are graded
    late_days : student -> free late days, where the roster tells
    """
    most = most_points(maximum, policy)
    grades = []
    for student, theirs in sorted(by_student(attempts).items()):
        free = (late_days or {}).get(student, policy.late.free_days)
        chosen = [(attempt, _grade(attempt, outcomes(attempt), policy, most, free)) for attempt in choose(theirs, policy)]
        # The first of equals: a later attempt replaces an earlier one only if it counts for more.
        attempt, best = max(chosen, key=lambda pair: (pair[1].score, pair[1].state == "graded"))
        told = f"{len(chosen)} hand-ins that nothing tells apart: the better one counts"
        notes = [told, *best.notes] if len(chosen) > 1 and policy.attempts.keep == "last" else best.notes
        appeal = next((each.appeal for each in sorted(theirs, key=_when, reverse=True) if each.appeal), "")
        grades.append(msgspec.structs.replace(best, attempts=len(theirs), key=keys(attempt), notes=notes, appeal=appeal))
    return grades


def by_student(attempts: Iterable[Attempt]) -> dict[str, list[Attempt]]:
    """Student -> attempts, in the order of the first."""
    found: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        found[attempt.student].append(attempt)
    return found


def nothing(person: Person, most: float) -> Grade:
    """The grade of somebody who handed in nothing."""
    reason = "; ".join(filter(None, ("nothing was handed in", _granted(person.due, person.excused, person.note))))
    grade = Grade(person.id, person.name, "missing", 0.0, most, reason=reason, attempts=0, ids=person.ids)
    return msgspec.structs.replace(grade, due=person.due, excused=person.excused)


def times_unknown(grades: Iterable[Grade], late: Late) -> str:
    """One loud sentence if lateness counts and some times are unknown."""
    known = [bool(grade.submitted_by) for grade in grades if grade.state == "graded" and not grade.excused]
    told = f"NO TIME OF SUBMISSION IS KNOWN FOR {known.count(False)} OF {len(known)} STUDENTS: they count as on time. Remedy: "
    told += "a roster with a column submitted, Moodle's worksheet, or in the policy late.timezone or late.trust_commits."
    return told if not all(known) and (late.policy != "none" or late.closed_after_days) else ""


def choose(attempts: list[Attempt], policy: Policy) -> list[Attempt]:
    """The attempts of one student that have to be graded, in order of time; all of the last ones that nothing tells apart."""
    ordered = sorted([each for each in attempts if each.problem != APPEAL_ALONE] or attempts, key=_when)
    if policy.attempts.most:
        ordered = ordered[: policy.attempts.most]
    if policy.attempts.keep == "last":
        return [attempt for attempt in ordered if _when(attempt)[:3] == _when(ordered[-1])[:3]]
    return ordered


def lateness(submitted: datetime | None, late: Late) -> int:
    """Days begun after the deadline and its grace; 0 if in time, or if nobody knows."""
    if submitted is None or late.due is None:
        return 0
    seconds = (submitted - late.due).total_seconds() - 60 * late.grace_minutes
    return max(0, math.ceil(seconds / 86400))


def penalty(raw: float, days: int, late: Late, free_days: int) -> float:
    """Points taken off, at least 0 and at most all."""
    if late.closed_after_days and days > late.closed_after_days:
        return raw
    if days == 0 or late.policy == "none":
        return 0.0
    if late.policy == "constant":
        return min(raw, late.points)
    counted = days if late.policy == "percentage" else max(0, days - free_days)
    return raw * min(late.percent * counted, late.most_percent) / 100


def most_points(maximum: Mapping[str, int], policy: Policy) -> float:
    """What can be reached, under the policy's weights."""
    return round(sum(points * policy.weights.get(stage, 1.0) for stage, points in maximum.items()), 2)


def weighted(report: Report, policy: Policy, alone: bool = False) -> float:
    """The report's points under the policy's weights, all or those that were earned without substitutes."""
    points = ((stage.id, stage.points_alone if alone else stage.points) for stage in report.stages)
    return sum(number * policy.weights.get(stage, 1.0) for stage, number in points)


def _grade(attempt: Attempt, outcome: Outcome | None, policy: Policy, most: float, free: int) -> Grade:
    if attempt.problem:
        outcome = Outcome("submission", attempt.problem)
    grade = Grade(
        student=attempt.student,
        name=attempt.name,
        state=outcome.state if outcome else "waiting",
        score=0.0,
        max_score=most,
        reason=outcome.reason if outcome else "not graded yet",
        attempt=attempt.label,
        submitted=attempt.when.at,
        submitted_by=attempt.when.source,
        due=attempt.due,
        excused=attempt.excused,
        digest=attempt.digest,
        notes=attempt.notes,
        ids=attempt.ids,
    )
    if outcome is None or outcome.report is None:
        return grade
    report = outcome.report
    raw = weighted(report, policy)
    days, told = _late_by(attempt, policy.late)
    taken = penalty(raw, days, policy.late, free)
    cost = f"{days} day{'s' if days > 1 else ''} late: {taken:g} of {raw:g} points taken" if days else ""
    reasons = [grade.reason, _granted(attempt.due, attempt.excused, attempt.granted)]
    reasons += [told, cost] if policy.late.policy != "none" or policy.late.closed_after_days else []
    return msgspec.structs.replace(
        grade,
        raw=round(raw, 2),
        points_alone=round(weighted(report, policy, alone=True), 2),
        penalty=round(taken, 2),
        score=round(raw - taken, 2),
        late_days=days,
        reason="; ".join(filter(None, reasons)),
        stages={stage.id: float(stage.points) for stage in report.stages},
        mistakes=[check.mistake.title for _, check in report.checks if check.mistake],
        seconds=outcome.seconds,
        notes=[*attempt.notes, *_broken(report, str(attempt.notes))],
    )


def _broken(report: Report, said: str) -> list[str]:
    """Why files could not be imported, but for those of which something is said already."""
    found = {check.broken: check.message for _, check in reversed(report.checks)}
    return [told for file, told in found.items() if file and file not in said]


def _granted(due: datetime | None, excused: bool, note: str) -> str:
    told = "excused" if excused else f"due {due.isoformat(' ', 'minutes')}" if due else ""
    return told and f"{told} by the roster" + (f" ({note})" if note else "")


def _late_by(attempt: Attempt, late: Late) -> tuple[int, str]:
    """Days late, and what is to be said of the time."""
    when, due = attempt.when, attempt.due or late.due
    if attempt.excused or (when.source and not when.at and not when.late):
        return 0, ""
    if when.late:
        marked = f"{when.source} marks it as late without a time"
        return (1, marked) if attempt.due is None else (0, f"{marked}: counted as on time, because the due date is another one")
    told = "" if when.at else "no time of submission is known: counted as on time"
    return lateness(when.at, msgspec.structs.replace(late, due=due)), told


def _when(attempt: Attempt) -> tuple[float, int, str, str]:
    """By time of submission, then by label with its numbers as numbers (attempt 10 follows attempt 9)."""
    moment = attempt.when.at.timestamp() if attempt.when.at else 0.0
    number = "".join(ch for ch in attempt.label if ch.isdecimal())  # no ², of which int makes nothing
    return (moment, int(number or 0), attempt.label, attempt.origin)
