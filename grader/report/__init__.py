"""One result, shown: the learner's page and the terminal's text.

`render(report, out, course)` is the whole face: a pure function of a `Report`, of the files in `out/evidence` and
`out/history.jsonl`, and of how the course draws its pictures.
"""

from pathlib import Path

from grader.course.course import Course
from grader.records import Report

__all__ = ["render"]


def render(report: Report, out: Path, course: Course) -> Path:
    """Write `out/report.html`, in the usual folder with the course's pages beside it, and return its path.

    jinja2 is imported only here, matplotlib only if a figure is due.

    report : what the page shows; no check is run
    out    : the folder of the grade, with evidence/*.npz and history.jsonl if there are any
    course : whose pictures are drawn
    """
    from grader.report import site
    from grader.report.learner import write

    if out.resolve() == course.folder.resolve() / "build":
        site.write(course, out)
    return write(report, out, course)
