"""The class as one table: CSV for people and spreadsheets."""

import csv
import io
from collections.abc import Iterable

from grader.cohort.counting import Grade
from grader.report.words import number
from grader.text import clean, clean_name

_FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"  # the last four are wide ones, which some spreadsheets read alike
_BEFORE = (
    "student", "name", "state", "score", "max_score", "raw", "points_alone", "penalty", "late_days", "attempt", "attempts", "submitted",
    "submitted_by", "due", "excused",
)  # fmt: skip
_AFTER = ("mistakes", "reason", "notes", "by_hand", "decisions", "comments", "appeal", "content", "section")


def table(grades: list[Grade], stages: list[str]) -> str:
    """CSV, one line a student, `id_SYSTEM` for each known id. Equal grades give equal bytes: nothing of the grading's time is in it."""
    systems = sorted({system for grade in grades for system in grade.ids if system != "roster"})
    rows: list[list[object]] = [[*_BEFORE, *stages, *_AFTER, *(f"id_{system}" for system in systems)]]
    for grade in grades:
        points = {stage: number(points) for stage, points in grade.stages.items()}
        alone = grade.raw if grade.points_alone is None else grade.points_alone
        numbers = map(number, (grade.score, grade.max_score, grade.raw, alone, grade.penalty))
        submitted, due = (at.isoformat() if at else "" for at in (grade.submitted, grade.due))
        before = (guard(clean(grade.student, None)), guard(clean(grade.name, None)), grade.state, *numbers, grade.late_days)
        when = (submitted, grade.submitted_by, due, "yes" if grade.excused else "")
        texts = (grade.reason, *map("; ".join, (grade.notes, grade.decisions, grade.comments)))
        reason, notes, *said = (guard(clean_name(text, 20_000)) for text in texts)
        by_hand = "" if grade.by_hand is None else number(grade.by_hand)
        ids = (guard(clean(text, None)) for text in (grade.section, *(grade.ids.get(system, "") for system in systems)))
        after = ("; ".join(grade.mistakes), reason, notes, by_hand, *said, grade.appeal_state, grade.digest[:16], *ids)
        rows.append([*before, guard(clean(grade.attempt, None)), grade.attempts, *when, *map(points.get, stages), *after])
    return written(rows)


def written(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def guard(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a leading =, +, -, @ is preceded by an apostrophe."""
    return "'" + text if text[:1] and text[0] in _FORMULA else text
