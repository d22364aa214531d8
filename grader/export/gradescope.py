"""A report as Gradescope's results.json."""

import json
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, structs

from grader.cohort import counting
from grader.cohort.times import moment
from grader.course.policy import Policy
from grader.export import as_json, filled
from grader.export.text import level
from grader.records import Report


class Metadata(Struct, frozen=True):
    """What Gradescope says about a submission (submission_metadata.json)."""

    created: datetime | None = None
    due: datetime | None = None  #: with the extension of the student, in a group the latest; goes before the policy's
    earlier: list[dict[str, Any]] = []  #: previous submissions that were graded, oldest first


def read_metadata(text: str) -> Metadata:
    """Read submission_metadata.json; fields that are missing are unknown. Attempts that failed on our side do not count.

    raises : ValueError if it is not a JSON object
    """
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("submission_metadata.json is not a JSON object")
    users = [user.get("assignment") for user in data.get("users") or [] if isinstance(user, dict)]
    earlier = [e for e in data.get("previous_submissions") or [] if isinstance(e, dict) and not e.get("autograder_error")]
    return Metadata(
        created=_time(data, "created_at"),
        due=max(filter(None, (_time(each, "due_date") for each in users)), default=_time(data.get("assignment"), "due_date")),
        earlier=sorted(earlier, key=lambda e: str(e.get("submission_time", ""))),
    )


def _time(table: object, key: str) -> datetime | None:
    return moment(str(table.get(key) or ""), "Gradescope", UTC).at if isinstance(table, dict) else None


def write(report: Report, policy: Policy) -> str:
    """results.json for a report whose time of submission is not known."""
    return as_json(results(report, policy))


def results(report: Report, policy: Policy, metadata: Metadata | None = None) -> dict[str, Any]:
    """The content of results.json for a report, complete or under way."""
    metadata = metadata or Metadata()
    raw = counting.weighted(report, policy)
    late = structs.replace(policy.late, due=metadata.due or policy.late.due)
    days = counting.lateness(metadata.created, late)
    taken = counting.penalty(raw, days, late, late.free_days)
    alone = counting.weighted(report, policy, alone=True)
    full = all(level(policy.feedback, stage.id, check) == "full" for stage in report.stages for check in stage.checks)
    tests = [(s, place, c, policy.weights.get(s.id, 1.0)) for s in report.stages for place, c in enumerate(s.checks, 1)]
    values = {"taken": taken, "days": days, "alone": alone, "full": full, "tests": tests}
    told: dict[str, Any] = json.loads(filled("gradescope_results.json.j2", report, policy, **values))
    return told


def waiting(policy: Policy, sentence: str) -> dict[str, Any]:
    """What stands in results.json before the first check is decided, or if nothing can be graded."""
    return {
        "score": 0,
        "output": sentence,
        "output_format": "text",
        "visibility": policy.export.visibility,
        "stdout_visibility": "hidden",
        "tests": [],
    }


def refused(policy: Policy, metadata: Metadata) -> dict[str, Any] | None:
    """The results to repeat if all allowed attempts are used up; None if this one may be graded."""
    allowed = policy.attempts.most
    if not allowed or len(metadata.earlier) < allowed:
        return None
    last = metadata.earlier[allowed - 1]
    repeated = dict(last["results"]) if isinstance(last.get("results"), dict) else waiting(policy, "")
    if "results" not in last and isinstance(last.get("score"), int | float):
        repeated["score"] = last["score"]
    sentence = (
        f"{allowed} {'attempt was' if allowed == 1 else 'attempts were'} allowed and this is one more: it was not graded. "
        "The result of the last attempt that counts is shown again."
    )
    return {**repeated, "output": f"{sentence}\n\n{repeated.get('output') or ''}".strip()}
