"""One result model, many readers: Gradescope, GitHub, JUnit, gradebooks of course systems, plain tables."""

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from grader.course.policy import Policy
    from grader.records import Report


class Format(NamedTuple):
    """A form in which one result leaves the course."""

    reader: str  #: the system that reads it
    file: str  #: what a file of it is called
    holds: str  #: one line for --help
    tells_of_none: bool = False  #: write a report without stages, whose note says why there is no result


_TEMPLATES = Path(__file__).with_name("templates")

#: What --format takes. There is a template of that name, or a module in this folder with `write(report, policy)`, which is
#: loaded when it is asked for.
FORMATS = {
    "gradescope": Format("Gradescope", "gradescope.json", "The results.json of an autograder."),
    "markdown": Format("GitHub", "summary.md", "Markdown for $GITHUB_STEP_SUMMARY, even without a result.", True),
    "prairielearn": Format("PrairieLearn", "prairielearn.json", "The results.json of an external grader.", True),
    "submitty": Format("Submitty", "submitty.json", "The validation_results.json of a custom validator.", True),
    "junit": Format("JUnit", "junit.xml", "XML for continuous integration: a test case for each check."),
}


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

    `points` and `most` are of the report; `points_of(shown)` has those of what is shown
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
