"""One result model, many readers: Gradescope, GitHub, JUnit, gradebooks of course systems, plain tables."""

from importlib import import_module
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


#: What --format takes. The module of that name in this folder has `write(report, policy)`, and is loaded when it is asked for.
FORMATS = {
    "gradescope": Format("Gradescope", "gradescope.json", "The results.json of an autograder."),
    "markdown": Format("GitHub", "summary.md", "Markdown for $GITHUB_STEP_SUMMARY, even without a result.", True),
    "junit": Format("JUnit", "junit.xml", "XML for continuous integration: a test case for each check."),
}


def write(name: str, report: "Report", policy: "Policy") -> str | bytes:
    """A report in one of the FORMATS, telling as much as the policy's feedback allows."""
    content: str | bytes = import_module(f"{__name__}.{name}").write(report, policy)
    return content
