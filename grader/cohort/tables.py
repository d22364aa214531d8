"""The class as one table: CSV for people and spreadsheets, JSON lines for analysis."""

import csv
import io

import msgspec

from grader.cohort.counting import Grade
from grader.report.words import number
from grader.text import clean, clean_name

_FORMULA = "=+-@\t\r"
_BEFORE = (
    "student", "name", "state", "score", "max_score", "raw", "points_alone", "penalty", "late_days", "attempt", "attempts", "submitted",
)  # fmt: skip
_AFTER = ("mistakes", "reason", "content")


def table(grades: list[Grade], stages: list[str]) -> str:
    """CSV, one line a student. Equal grades give equal bytes: nothing of time or place of the grading is in it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_BEFORE, *stages, *_AFTER])
    for grade in grades:
        points = (number(grade.stages[stage]) if stage in grade.stages else "" for stage in stages)
        alone = grade.raw if grade.points_alone is None else grade.points_alone
        numbers = map(number, (grade.score, grade.max_score, grade.raw, alone, grade.penalty))
        submitted = grade.submitted.isoformat() if grade.submitted else ""
        before = (guard(clean(grade.student, None)), guard(clean(grade.name, None)), grade.state, *numbers, grade.late_days)
        after = ("; ".join(grade.mistakes), guard(clean_name(grade.remark, 2000)), grade.digest[:16])
        writer.writerow([*before, guard(clean(grade.attempt, None)), grade.attempts, submitted, *points, *after])
    return out.getvalue()


def lines(grades: list[Grade]) -> bytes:
    """JSON lines, one grade each, with everything that is known."""
    return b"".join(msgspec.json.encode(grade) + b"\n" for grade in grades)


def guard(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a leading =, +, -, @ is preceded by an apostrophe."""
    return "'" + text if text[:1] and text[0] in _FORMULA else text
