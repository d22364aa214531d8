"""What changed since the last grade, and the score over the kept runs."""

from collections.abc import Sequence
from typing import NamedTuple

from grader.records import Report
from grader.report import words
from grader.report.pages import date
from grader.report.stored import Run


class Sparkline(NamedTuple):
    points: str  #: "x,y x,y ..." in a box of 120 by 32, with full marks at y = 3
    label: str


class SinceLastGrade(NamedTuple):
    """The comparison with the grade before this one."""

    delta: int
    since: str  #: when that was
    lines: list[str]
    spark: Sparkline | None


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
    return SinceLastGrade(report.score - before.score, date(before.finished), _lines(report, before), _spark(report, earlier))


def _lines(report: Report, before: Run) -> list[str]:
    now = {stage.id: words.shown_state(stage) for stage in report.stages}
    names = {stage.id: f"{words.stage_number(stage.id)} {stage.title}" for stage in report.stages}
    gained = [names[id] for id, state in now.items() if state == "pass" and before.states.get(id, "pass") != "pass"]
    lost = [names[id] for id, state in now.items() if state != "pass" and before.states.get(id) == "pass"]
    begun = [names[id] for id, state in now.items() if state == "fail" and before.states.get(id) == "todo"]
    told = {"Now done": gained, "Begun": begun, "No longer complete": lost}
    return [f"{what}: {', '.join(stages)}." for what, stages in told.items() if stages]


def _spark(report: Report, earlier: Sequence[Run]) -> Sparkline | None:
    scores = [*(run.score for run in earlier[-29:]), report.score]
    if report.max_score <= 0:
        return None
    step = 112 / (len(scores) - 1)
    places = [
        (round(3 + i * step, 1), round(29 - 26 * max(0, min(score, report.max_score)) / report.max_score, 1))
        for i, score in enumerate(scores)
    ]
    label = f"Score over the last {words.plural(len(scores), 'grade')}: {', '.join(map(str, scores))}"
    return Sparkline(" ".join(f"{x},{y}" for x, y in places), label)
