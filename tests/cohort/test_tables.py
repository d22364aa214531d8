"""The class as one table: everything that is known of somebody stands in the row."""

import csv
from datetime import UTC, datetime

from grader.cohort import tables
from tests.export.samples import grade


def rows(*grades):
    return list(csv.DictReader(tables.table(list(grades), ["01_linear"]).splitlines()))


def test_all_ids_notes_and_reasons_are_in_it():
    notes = [f"'file{number}.py' is a link: left out" for number in range(9)]
    ann, bob = rows(
        grade("s1", ids={"email": "ann@x", "canvas": "4711", "roster": "s1"}, notes=notes, reason="1 day late"),
        grade("s2", ids={"github": "=bob"}),
    )
    assert [key for key in ann if key.startswith("id_")] == ["id_canvas", "id_email", "id_github"]
    assert (ann["id_canvas"], ann["id_email"], ann["id_github"]) == ("4711", "ann@x", "")
    assert bob["id_github"] == "'=bob"
    assert tables.guard("\uff1d1") == "'\uff1d1"  # wide, as some spreadsheets read it
    assert (ann["reason"], ann["notes"]) == ("1 day late", "; ".join(notes))


def test_a_time_has_its_source_and_a_grant_its_columns():
    due = datetime(2026, 12, 3, tzinfo=UTC)
    (row,) = rows(grade("s1", submitted=due, submitted_by="Gradescope", due=due, excused=True))
    assert (row["submitted_by"], row["due"], row["excused"]) == ("Gradescope", due.isoformat(), "yes")
    (row,) = rows(grade("s1"))
    assert (row["submitted"], row["submitted_by"], row["due"], row["excused"]) == ("", "", "", "")
