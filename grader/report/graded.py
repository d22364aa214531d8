"""`How it was graded`: enough to reproduce a grade, from the records alone."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from grader.records import Report
from grader.report import words


class Section(NamedTuple):
    title: str
    rows: list[tuple[str, str]]
    remarks: list[str] = []


def sections(report: Report) -> list[Section]:
    """Titles with rows of name and value; sections without content are left out."""
    everything = [
        Section("The submission", _submission(report)),
        Section("Seed", list(_rows(_without(report.seed, "fingerprint"))), _seed_remarks(report)),
        Section(
            "Sandbox",
            # What was tried from inside before the grade, and whether it was stopped.
            [*_rows(_without(report.sandbox, "probes", "summary"))]
            + [(n, f"tried, and {'stopped' if held else 'possible'}") for n, held in report.sandbox.get("probes", {}).items()],
            [line] if (line := report.sandbox.get("summary")) else [],
        ),
        Section("Limits", list(_rows(_without(report.limits, "stages"))) + _stage_limits(report)),
        Section("Environment", list(_rows(report.environment))),
        Section("Remarks", [], _remarks(report)),
    ]
    return [section for section in everything if section.rows or section.remarks]


def _submission(report: Report) -> list[tuple[str, str]]:
    rows = [(f"fingerprint of the {name.replace('_', ' ')}", value[:16]) for name, value in report.fingerprints.items()]
    if report.finished:
        rows.append(("finished", report.finished))
    rows.append(("time of the whole grade", words.seconds(report.seconds)))
    return rows


def _seed_remarks(report: Report) -> list[str]:
    if mark := report.seed.get("fingerprint"):
        return [f"The seed of this grade is secret; its fingerprint is {mark}. Inputs and expected values depend on it."]
    seed = report.seed.get("value")
    return [] if seed is None else [f"The same seed gives the same inputs: `make grade SEED={seed}`."]


def _stage_limits(report: Report) -> list[tuple[str, str]]:
    """Seconds a stage, a check and a call may take, neighbouring stages with the same limits in one row."""
    stages = report.limits.get("stages")
    rows: list[tuple[str, str, str]] = []  # first stage, last stage, limits
    for id, limits in stages.items() if isinstance(stages, dict) else ():
        told = ", ".join(f"{value:.4g} s a {name}" for name, value in limits.items())
        if rows and rows[-1][2] == told:
            rows[-1] = (rows[-1][0], id, told)
        else:
            rows.append((id, id, told))
    return [(first if first == last else f"{first} to {last}", told) for first, last, told in rows]


def _remarks(report: Report) -> list[str]:
    remarks = []
    if report.extra.feedback:
        remarks.append(f"Level of feedback: {report.extra.feedback}.")
    if not report.complete:
        remarks.append("This grade was interrupted: what is missing here was not checked.")
    return remarks


def _without(record: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def _rows(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as rows: `{"a": {"b": 1}}` -> ("a, b", "1")."""
    for name, value in record.items():
        label = f"{before}, {name}" if before else str(name)
        if isinstance(value, Mapping):
            yield from _rows(value, label)
        elif isinstance(value, (list, tuple)):
            yield label, ", ".join(map(str, value))
        elif isinstance(value, float):
            yield label, f"{value:.4g}"
        else:
            yield label.replace("_", " "), "yes" if value is True else "no" if value is False else str(value)
