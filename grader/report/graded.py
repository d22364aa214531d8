"""`How it was graded`: enough to reproduce a grade, as rows of name and value, from the records alone."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from grader.records import Report
from grader.report import words

Rows = list[tuple[str, str]]


def submission(report: Report) -> Rows:
    found = [(f"fingerprint of the {name.replace('_', ' ')}", value[:16]) for name, value in report.fingerprints.items()]
    found += [("finished", report.finished)] if report.finished else []
    return [*found, ("time of the whole grade", words.seconds(report.seconds))]


def sandbox(report: Report) -> Rows:
    """With what was tried from inside before the grade, and whether it was stopped."""
    tried = [(n, f"tried, and {'stopped' if held else 'possible'}") for n, held in report.sandbox.get("probes", {}).items()]
    return rows(report.sandbox, "probes", "summary") + tried


def limits(report: Report) -> Rows:
    """With the seconds that a stage, a check and a call may take, neighbouring stages with the same limits in one row."""
    found = rows(report.limits, "stages")
    stages = report.limits.get("stages")
    limits = stages if isinstance(stages, dict) else {}
    told = {id: ", ".join(f"{value:.4g} s a {name}" for name, value in of.items()) for id, of in limits.items()}
    for text, alike in groupby(told, told.__getitem__):
        first, *more = alike
        found.append((f"{first} to {more[-1]}" if more else first, text))
    return found


def rows(record: Mapping[str, Any], *left_out: str, before: str = "") -> Rows:
    """Nested mappings as rows: `{"a": {"b": 1}}` -> ("a, b", "1")."""
    found: Rows = []
    for name, value in record.items():
        label = f"{before}, {name}" if before else str(name)
        if name in left_out:
            continue
        if isinstance(value, Mapping):
            found += rows(value, before=label)
        elif isinstance(value, list | tuple):
            found.append((label, ", ".join(map(str, value))))
        elif isinstance(value, float):
            found.append((label, f"{value:.4g}"))
        else:
            found.append((label.replace("_", " "), "yes" if value is True else "no" if value is False else str(value)))
    return found
