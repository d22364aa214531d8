"""One result, shown: the learner's page and the terminal's text.

`render(report, out)` is the whole face: a pure function of a `Report` and the files in `out/evidence` and `out/history.jsonl`.
"""

from pathlib import Path

from grader.records import Report

__all__ = ["render"]


def render(report: Report, out: Path) -> Path:
    """Write `out/report.html` and return its path; jinja2 is imported only here, matplotlib only if a figure is due.

    report : what the page shows; nothing is run
    out    : the folder of the grade, with evidence/*.npz and history.jsonl if there are any
    """
    from grader.report.learner import write

    return write(report, out)
