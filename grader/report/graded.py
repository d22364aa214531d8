"""`How it was graded`: enough to reproduce a grade, as rows of name and value, from the records alone."""

from collections.abc import Mapping
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
    stages = report.limits.get("stages")
    found: list[tuple[str, str, str]] = []  # first stage, last stage, limits
    for id, limits in stages.items() if isinstance(stages, dict) else ():
        told = ", ".join(f"{value:.4g} s a {name}" for name, value in limits.items())
        if found and found[-1][2] == told:
            found[-1] = (found[-1][0], id, told)
        else:
            found.append((id, id, told))
    merged = [(first if first == last else f"{first} to {last}", told) for first, last, told in found]
    return rows(report.limits, "stages") + merged


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
