"""Somebody else's CSV: what is not filled stays as it is, byte for byte."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.cohort.tables import guard
from grader.errors import Refusal
from grader.export.cells import parse

cell = st.text(st.characters(exclude_characters="\x00\r", exclude_categories=("Cs",)), max_size=12)
table = st.lists(st.lists(cell, min_size=2, max_size=5), min_size=1, max_size=6)


def written(rows, newline, quoting, mark):
    out = io.StringIO()
    csv.writer(out, lineterminator=newline, quoting=quoting).writerows(rows)
    return mark + out.getvalue().encode()


dialects = (
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
)


@settings(max_examples=80, deadline=None)
@given(table, *dialects)
def test_a_file_is_read_as_the_standard_reader_reads_it(rows, newline, quoting, mark):
    rows = [["a", "b"], *rows]
    sheet = parse(written(rows, newline, quoting, mark), "x.csv")
    assert [[cell.text for cell in row] for row in sheet.rows] == rows


@settings(max_examples=80, deadline=None)
@given(table, *dialects, st.data())
def test_filling_changes_nothing_else(rows, newline, quoting, mark, data):
    rows = [["a", "b"], *rows]
    original = written(rows, newline, quoting, mark)
    sheet = parse(original, "x.csv")
    assert sheet.filled({}) == original
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[row]) - 1))
    filled = sheet.filled({(row, column): "93.5"})
    where = sheet.rows[row][column]
    assert filled == original[: where.start] + b"93.5" + original[where.end :]
    after = [[cell.text for cell in line] for line in parse(filled, "x.csv").rows]
    expected = [list(line) for line in rows]
    expected[row][column] = "93.5"
    assert after == expected


def test_a_row_that_ends_early_is_lengthened():
    sheet = parse(b"a,b,c\n1\n2,3,4\n", "x.csv")
    assert sheet.filled({(1, 2): "9"}) == b"a,b,c\n1,,9\n2,3,4\n"


def test_semicolons_and_a_last_line_without_end():
    sheet = parse(b"a;b\n1;2", "x.csv")
    assert sheet.filled({(1, 1): "9"}) == b"a;b\n1;9"


def test_letters_of_another_encoding_stay():
    data = "Name,Grade\nZoë,\n".encode("cp1252")
    sheet = parse(data, "x.csv")
    assert sheet.text(1, 0) == "Zoë"
    assert sheet.filled({(1, 1): "5"}) == "Name,Grade\nZoë,5\n".encode("cp1252")


@pytest.mark.parametrize("data", [b"\xfe\xff" + "a,b\n".encode("utf-16-be"), b"a,\0\n", b"", b'a,"b\n'])
def test_what_is_no_csv_is_refused_with_a_remedy(data):
    with pytest.raises(Refusal, match="Remedy"):
        parse(data, "x.csv")


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@a", "\t=a"])
def test_no_text_starts_a_formula(text):
    assert guard(text) == "'" + text
    assert guard("Ann") == "Ann"


def test_utf_16_comes_back_as_utf_16_and_nothing_else_changes():
    data = "\ufeffname\tpoints\r\nZo\u00eb \U0001f600\t\r\n".encode("utf-16-le")
    sheet = parse(data, "x.xls")
    assert sheet.filled({}) == data
    assert sheet.filled({(1, 1): "9"}).decode("utf-16") == "name\tpoints\r\nZo\u00eb \U0001f600\t9\r\n"
