"""One result model, many readers: Gradescope, GitHub, JUnit, gradebooks of course systems, plain tables."""

import json
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from grader.course.policy import Policy
    from grader.records import Report


class Format(NamedTuple):
    """A form in which one result leaves the course; formats.toml says what each holds."""

    reader: str
    file: str
    holds: str
    tells_of_none: bool = False


_TEMPLATES, _TABLE = (Path(__file__).with_name(name) for name in ("templates", "formats.toml"))
FORMATS = {name: Format(**told) for name, told in tomllib.loads(_TABLE.read_text("utf-8")).items()}


def write(name: str, report: "Report", policy: "Policy") -> str:
    """A report in one of the FORMATS, telling as much as the policy's feedback allows."""
    if template := next(_TEMPLATES.glob(f"{name}.*.j2"), None):
        text = filled(template.name, report, policy)
        return as_json(json.loads(text)) if ".json" in template.name else text
    content: str = import_module(f"{__name__}.{name}").write(report, policy)
    return content


def as_json(content: object) -> str:
    """Content as all exports write it."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def filled(template: str, report: "Report", policy: "Policy", **more: object) -> str:
    """A template's text: `shown` is what may be told of the report, `cases` its checks with stage and weight.

    `points` and `most` are of the report; `points_of(shown)` has those of what is shown.
    """
    from grader.cohort import counting
    from grader.export.returned import redacted
    from grader.export.text import fenced, level, outcome
    from grader.report import pages
    from grader.text import clean

    shown = redacted(report, policy.feedback)
    cases = [(stage, check, policy.weights.get(stage.id, 1.0)) for stage in shown.stages for check in stage.checks]

    def points_of(some: "Report") -> tuple[float, float]:
        most = counting.most_points({stage.id: stage.max_points for stage in some.stages}, policy)
        return counting.weighted(some, policy), most

    values = {"report": report, "shown": shown, "policy": policy, "cases": cases, "points_of": points_of}
    points, most = points_of(report)
    environment = pages.environment(_TEMPLATES, outcome=outcome, level=level, fenced=fenced, clean=clean)
    environment.policies["json.dumps_kwargs"] = {}  # keys stay in their order
    return environment.get_template(template).render(values, points=points, most=most, **more)
