"""A report as one grader's result for GitHub Classroom's reporter: base64 of a small JSON."""

import base64
import json
from typing import Any

from grader.course.policy import Policy
from grader.export.text import level, outcome
from grader.records import Report
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
    tests: list[dict[str, Any]] = []
    for stage in report.stages:
        weight = policy.weights.get(stage.id, 1.0)
        for check in stage.checks:
            feedback = level(policy.feedback, stage, check)
            hidden = feedback == "none"
            tests.append(
                {
                    "name": f"{words.stage_number(stage.id)} {stage.title}" + ("" if hidden else f": {check.promise}"),
                    "status": _STATUS.get(check.state, "fail"),
                    "score": number(check.points * weight),
                    "message": _short(outcome(check, feedback)) if check.state != "pass" else "",
                    "test_code": "" if hidden else check.id,
                    "filename": "",
                    "line_no": 0,
                    "duration": round(1000 * check.seconds),
                }
            )
    most = sum(s.max_points * policy.weights.get(s.id, 1.0) for s in report.stages)
    exact = number(sum(s.points * policy.weights.get(s.id, 1.0) for s in report.stages))
    if sum(test["score"] for test in tests) != exact:
        for test in tests:
            test["score"] = 0
        tests.append({**_blank("All stages, weighted"), "score": exact, "status": "pass" if exact >= most else "fail"})
    broken = any(test["status"] == "error" for test in tests)
    passed = bool(tests) and all(test["status"] == "pass" for test in tests)
    return {
        "version": 1,
        "status": "error" if broken else "pass" if passed and report.complete else "fail",
        "max_score": number(most),
        "tests": tests,
    }


def failure(sentence: str, most: int) -> dict[str, Any]:
    """The result of a submission that could not be graded at all."""
    return {"version": 1, "status": "error", "max_score": most, "tests": [{**_blank("Grading"), "message": sentence}]}


def encode(content: dict[str, Any]) -> str:
    """Base64 of the JSON, in one line."""
    return base64.b64encode(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).decode()


def _blank(name: str) -> dict[str, Any]:
    return {
        "name": name, "status": "error", "score": 0, "message": "", "test_code": "", "filename": "", "line_no": 0, "duration": 0,
    }  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 2] + " \u2026"
