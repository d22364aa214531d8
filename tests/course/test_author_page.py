"""The author's page names every key and every method, and says something of each."""

from tests.course.author_page import MARK, PAGE, TABLES, filled


def test_the_tables_are_those_of_the_code():
    text = PAGE.read_text("utf-8")
    assert filled(text) == text, "Remedy: python -m tests.course.author_page --write"
    assert [name for name, _ in MARK.findall(text)] == [
        "About", "DataTable", "Fixture", "StageTable", "CheckTable", "LimitTable", "Student", "Case",
    ]  # fmt: skip
    assert {name for name, _ in MARK.findall(text)} == {kind.__name__ for kind in TABLES}


def test_every_row_says_something():
    for name, rows in MARK.findall(PAGE.read_text("utf-8")):
        for row in rows.splitlines():
            assert row.rstrip("| ").count("|") >= 2, f"{name}: {row}"
            assert not row.endswith("|  |"), f"{name}: {row}"
