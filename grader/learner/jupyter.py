"""`from grader import check; check("03_softmax")`: a stage graded from a notebook, shown as HTML.

The submission runs in a worker of its own here too, started afresh each time: edit a file, save, run the cell again.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from grader.paths import ROOT, STUDENT
from grader.records import CheckResult, Report
from grader.report import words

if TYPE_CHECKING:
    from rich.console import Group

_COLOURS = {"fail": "#c2410c", "todo": "#5b6470", "blocked": "#6b7280", "error": "#6d28d9"}  #: green is the rest
_BOX = "border-left:4px solid {colour};padding:.2em 0 .2em .8em;margin:.6em 0"
_PRE = "white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0 .6em;padding:.4em .6em;background:rgba(127,127,127,.12)"


class Shown:
    """A graded stage, as a notebook or a terminal shows it. `report` holds everything."""

    def __init__(self, report: Report):
        self.report = report

    def __repr__(self) -> str:
        import io

        from grader.report import terminal

        out = io.StringIO()
        terminal.console(file=out, no_color=True).print(_summary(self.report))
        return out.getvalue().rstrip()

    def _repr_html_(self) -> str:
        return "".join(_html(self.report))


def check(*stages: str, student: str | Path = STUDENT, seed: int = 0) -> Shown:
    """Grade stages ("03_softmax", "softmax" or "3"; all if none is named) and show what holds and what to do next.

    student : folder of the submission
    raises  : ValueError if that is no submission, or there is no such stage
    """
    from grader.course.course import BadCourse, Course
    from grader.diagnosis.name_mistakes import run_and_name
    from grader.running import scores
    from grader.submission import NotASubmission, read_submission

    try:
        submission = read_submission(Path(student))
        course = Course(ROOT)
        chosen = course.select(stages)
    except (NotASubmission, BadCourse) as problem:
        raise ValueError(str(problem)) from None
    session = run_and_name(course, chosen, submission, seed)
    return Shown(scores.report(chosen, session.results, session.context.place, student=submission.name))


def _summary(report: Report) -> "Group":
    from grader.report import terminal

    return terminal.summary(terminal.console(no_color=True), report, whole=len(report.stages) > 1)


def _html(report: Report) -> Iterable[str]:
    yield "<div>"
    for stage in report.stages:
        told = f"{stage.points} of {stage.max_points} points{_line(words.with_help(stage))}"
        yield f"<p><b>{escape(stage.id)}: {escape(stage.title)}</b>, {told}</p>"
        for check in stage.checks:
            here = report.next is not None and (stage.id, check.id) == (report.next.stage, report.next.check)
            yield from _check(check, unfolded=here)
    if report.next is not None:
        yield f"<p><b>Next:</b> {escape(report.next.text)}</p>"
    elif report.score == report.max_score:
        yield "<p><b>All checks pass.</b></p>"
    yield "</div>"


def _check(check: CheckResult, unfolded: bool) -> Iterable[str]:
    from grader.report.terminal import LOOKS

    state = words.shown_state(check)
    colour, look = _COLOURS.get(state, "#0b7a75"), LOOKS[state]
    head = (
        f'<span style="color:{colour}">{look.sign} {look.word}</span> '
        f"{escape(check.promise)} <small>({check.points} of {check.max_points})</small>"
    )
    box = _BOX.format(colour=colour)
    if check.state in ("pass", "todo", "blocked"):
        yield f'<div style="{box}">{head}{_line(check.message)}{_line(words.with_help(check))}</div>'
        return
    yield f'<details style="{box}"{" open" if unfolded else ""}><summary>{head}</summary>'
    yield _line(words.with_help(check))
    yield from _card(check)
    yield "</details>"


def _card(check: CheckResult) -> Iterable[str]:
    """The parts of a card that have something to say, in the order in which the terminal shows them."""
    from grader.report.terminal import CardText

    for label, text, _ in CardText("", check).parts():
        yield f"<p><small><b>{escape(label)}</b></small></p>"
        yield f'<pre style="{_PRE}">{escape(text)}</pre>' if "\n" in text else f"<p>{escape(text)}</p>"
    for number, hint in enumerate(check.hints, 1):
        yield f"<details><summary>Hint {number}</summary><p>{escape(hint)}</p></details>"


def _line(text: str) -> str:
    return f"<br><small>{escape(text)}</small>" if text else ""
