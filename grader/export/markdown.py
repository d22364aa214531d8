"""A report as Markdown: the summary of a GitHub Actions run, the text of a release."""

import re

from grader.cohort import counting
from grader.course.policy import Policy
from grader.export.returned import redacted
from grader.export.text import outcome
from grader.records import Report
from grader.report import words
from grader.report.words import number

MOST_BYTES = 1_000_000  #: GitHub takes 1024 KiB from a step, and nothing of more


def write(report: Report, policy: Policy) -> str:
    """The next step, then each stage folded up. A report without stages could not be made; its notes say why."""
    report = redacted(report, policy.feedback)
    most = counting.most_points({stage.id: stage.max_points for stage in report.stages}, policy)
    title = f"{number(counting.weighted(report, policy))} of {number(most)} points" if report.stages else "No result"
    lines = [f"# {title}", "", *map(_fenced, report.notes)]
    if report.next is not None:
        lines += [f"**{words.NEXT}**", _fenced("\n".join(filter(None, (report.next.text, words.next_place(report.next)))))]
    longest = min(4000, MOST_BYTES // 4 // max(1, sum(len(stage.checks) for stage in report.stages)))
    for stage in report.stages:
        weight, state = policy.weights.get(stage.id, 1.0), words.SYMBOL[words.shown_state(stage)]
        points = f"{number(stage.points * weight)} of {number(stage.max_points * weight)} points"
        lines += [f"<details><summary>{state} {words.stage_number(stage.id)} {stage.title}: {points}</summary>", ""]
        for check in stage.checks:
            told = outcome(check, "full").encode()[:longest].decode("utf-8", "ignore")
            lines += [f"- {words.SYMBOL[words.shown_state(check)]} {check.promise}"]
            lines += [_fenced(told)] if words.shown_state(check) != "pass" else []
        lines += ["", "</details>", ""]
    return "\n".join(lines) + "\n"


def _fenced(text: str) -> str:
    """Text that stays text, whatever a submission wrote into it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"\n{fence}text\n{text}\n{fence}\n"
