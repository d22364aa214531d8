"""What learners get back: a report at the feedback level that the course allows, one folder each."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from grader.cohort.counting import Grade
from grader.course.course import Course
from grader.course.fingerprint import of_text
from grader.course.policy import Feedback, FeedbackRules
from grader.export.text import level, outcome
from grader.files import write_atomically
from grader.records import CheckResult, Report, StageResult
from grader.report.words import number, plural


def redacted(report: Report, rules: FeedbackRules) -> Report:
    """The report without what a learner may not read.

    A check at level "promise" keeps its promise, state and points; one at level "none" is left out with its points, and a
    note says how many there are.
    """
    stages = [kept for stage in report.stages if (kept := _limited_stage(stage, rules)).checks]
    hidden = len(report.checks) - sum(len(stage.checks) for stage in stages)
    most = sum(stage.max_points for stage in stages)
    worth = sum(check.max_points for _, check in report.checks) - most
    step, check = report.next, report.next_check
    told = f"{plural(hidden, 'check')} worth {plural(worth, 'point')} are not shown."
    return msgspec.structs.replace(
        report,
        stages=stages,
        score=sum(stage.points for stage in stages),
        max_score=most,
        next=step if step and check and level(rules, step.stage, check) == "full" else None,
        curves=report.curves if rules.default == "full" and not hidden else {},
        notes=[*report.notes, told] if hidden else report.notes,
    )


def return_reports(
    grades: Iterable[Grade], reports: Callable[[Grade], Report | None], rules: FeedbackRules, folder: Path, course: Course
) -> int:
    """Write `folder/STUDENT/report.html` for everybody with a report; returns how many.

    The folders are called as Moodle calls them where the number of the participant is known, so that a zip of them can be
    uploaded as feedback files.
    """
    from grader.report.learner import page

    count, grades = 0, list(grades)
    met, taken = (Counter(name(grade).casefold() for grade in grades) for name in (folder_name, lambda grade: grade.student))
    for grade in grades:
        said = [*grade.comments, *grade.decisions]
        report = reports(grade) or (Report(0, round(grade.max_score), [], notes=[grade.reason]) if said else None)
        if report is None:
            continue
        name = folder_name(grade)
        # "ann.", "Ann" and "ann" are three students, each with a page, also where a folder is called the same in capitals.
        own = met[name.casefold()] == 1 or (name == grade.student and taken[name.casefold()] == 1)
        target = folder / (name if own else f"{name}-{of_text(grade.student)[:8]}")
        shown = redacted(report, rules) if report.stages else report
        told = f"{number(grade.score)} of {number(grade.max_score)} points count."
        late = [f"{grade.reason}: {told}"] if grade.penalty else []
        shown = msgspec.structs.replace(shown, notes=[*grade.notes, *shown.notes, *late])
        said += [told] if grade.by_hand is not None else []
        write_atomically(target / "report.html", page(shown, target, course, "returned.html.j2", comments=said))
        count += 1
    return count


def folder_name(grade: Grade) -> str:
    """A name for a student's folder that every file system takes."""
    name = grade.student
    if "moodle" in grade.ids:
        name = f"{grade.name or grade.student}_{grade.ids['moodle']}_assignsubmission_file_"
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "-", name).strip(". ")[:120] or "unnamed"


def _limited_stage(stage: StageResult, rules: FeedbackRules) -> StageResult:
    """A stage with the checks that may be named, and their points."""
    shown = [_limited(check, feedback) for check in stage.checks if (feedback := level(rules, stage.id, check)) != "none"]
    points, most = sum(check.points for check in shown), sum(check.max_points for check in shown)
    return msgspec.structs.replace(stage, checks=shown, points=points, max_points=most)


def _limited(check: CheckResult, feedback: Feedback) -> CheckResult:
    if feedback == "full":
        return check
    message = "" if check.state == "pass" else outcome(check, feedback)
    put_in = ["earlier function"] if check.substituted else []
    return msgspec.structs.replace(
        check, message=message, card=None, mistake=None, hints=[], notes=[], printed="", blocked_by="", substituted=put_in
    )
