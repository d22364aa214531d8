"""A report as one grader's result for GitHub Classroom's reporter: base64 of a small JSON."""

import base64
import json
from typing import Any

from grader.cohort.counting import weighted
from grader.course.policy import Policy
from grader.export.text import level, outcome
from grader.records import CheckResult, Report, StageResult
from grader.report import words
from grader.report.words import number

#: How much text one test may carry; the whole result has to fit into one environment variable of the reporter's step.
MOST_TEXT = 400
_STATUS = {"pass": "pass", "error": "error"}


def write(report: Report, policy: Policy) -> str:
    """The line for $GITHUB_OUTPUT. A report without stages could not be made; its note says why."""
    content = result(report, policy) if report.stages else failure(" ".join(report.notes), report.max_score)
    return f"result={encode(content)}\n"


def result(report: Report, policy: Policy) -> dict[str, Any]:
    """What the reporter reads: `tests` is always there, scores are whole or have two decimals.

    The reporter adds the scores up in floating point and drops a sum like 3.0000000000000004, so scores that do not add
    up exactly (uneven weights) are told as one score for the whole.
    """
    tests = [_test(stage, check, policy) for stage in report.stages for check in stage.checks]
    most = sum(stage.max_points * policy.weights.get(stage.id, 1.0) for stage in report.stages)
    exact = number(weighted(report, policy))
    if sum(test["score"] for test in tests) != exact:
        tests = [{**test, "score": 0} for test in tests]
        tests.append(_entry("All stages, weighted", score=exact, status="pass" if exact >= most else "fail"))
    states = {test["status"] for test in tests}
    kept = states == {"pass"} and report.complete
    status = "error" if "error" in states else "pass" if kept else "fail"
    return {"version": 1, "status": status, "max_score": number(most), "tests": tests}


def failure(sentence: str, most: int) -> dict[str, Any]:
    """The result of a submission that could not be graded at all."""
    return {"version": 1, "status": "error", "max_score": most, "tests": [_entry("Grading", message=sentence)]}


def encode(content: dict[str, Any]) -> str:
    """Base64 of the JSON, in one line."""
    return base64.b64encode(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def _test(stage: StageResult, check: CheckResult, policy: Policy) -> dict[str, Any]:
    """One check as a test, with as much as the policy tells of it."""
    feedback = level(policy.feedback, stage, check)
    name = f"{words.stage_number(stage.id)} {stage.title}"
    return _entry(
        name if feedback == "none" else f"{name}: {check.promise}",
        status=_STATUS.get(check.state, "fail"),
        score=number(check.points * policy.weights.get(stage.id, 1.0)),
        message="" if words.shown_state(check) == "pass" else _short(outcome(check, feedback)),
        test_code="" if feedback == "none" else check.id,
        duration=round(1000 * check.seconds),
    )


def _entry(name: str, **fields: str | float) -> dict[str, Any]:
    """A test with all the fields that the reporter reads."""
    entry = {"name": name, "status": "error", "score": 0, "message": "", "test_code": ""}
    return {**entry, "filename": "", "line_no": 0, "duration": 0, **fields}


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 2] + " \u2026"
