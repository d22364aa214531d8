"""Canvas's and Moodle's own files, filled: the right cells, nothing else, and everybody in doubt named."""

import csv
import io

import pytest

from grader.errors import Refusal
from grader.export.gradebook import fill_canvas, fill_moodle
from tests.export.samples import grade

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Warm-up (101),Chain Rule (102),Current Score,Final Score\r\n"
    "    Points Possible,,,,,10,50,(read only),(read only)\r\n"
    '"Öz, Ann",1,s1,ann@x.edu,A,9,,88.2,88.2\r\n'
    '"Ray, Bob",2,s2,bob@x.edu,A,,12.00,,\r\n'
    '"Lee, Cy",3,s3,cy@x.edu,B,,EX,,\r\n'
    '"Roe, Dee ""D""",4,s4,dee@x.edu,B,1,,,\r\n'
    '"Student, Test",9,,,A,,,,\r\n'
).encode()

MOODLE = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 11","Ann Öz",ann@x.edu,"Submitted for grading - ",,100.00,Yes,"Monday, 1 June 2026, 10:00 AM",-,\n'
    '"Participant 12","Bob Ray",bob@x.edu,"No submission - ",,100.00,Yes,-,-,\n'
    '"Participant 13","Cy Lee",cy@x.edu,"Submitted for grading - ",5,100.00,No,-,-,"=HYPERLINK(""x"")"\n'
).encode()


def columns(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_canvas_gets_one_column_scaled_to_its_points():
    grades = [grade("s1", 93.5), grade("bob@x.edu", 40.0, "submission", reason="bad archive")]
    filled = fill_canvas(CANVAS, grades, "Chain Rule")
    before, after = columns(CANVAS), columns(filled.data)
    assert [row[6] for row in after] == ["Chain Rule (102)", "50", "46.75", "20", "EX", "", ""]
    assert [row[:6] + row[7:] for row in after] == [row[:6] + row[7:] for row in before]
    assert filled.data.startswith(b"\xef\xbb\xbfStudent,ID")
    assert filled.data.count(b"\r\n") == CANVAS.count(b"\r\n")
    assert filled.scaled_to == 50
    assert filled.not_graded == ["Lee, Cy", 'Roe, Dee "D"']


def test_canvas_leaves_the_excused_and_the_graders_fault_alone():
    grades = [grade("s3", 80.0), grade("s4", 10.0, "fault", reason="the grading process ended")]
    filled = fill_canvas(CANVAS, grades, "Chain Rule (102)")
    assert filled.data == CANVAS
    assert filled.untouched == ["Lee, Cy (EX)", 'Roe, Dee "D" (the grading process ended)']


def test_canvas_matches_a_name_either_way_round():
    filled = fill_canvas(CANVAS, [grade("x77", 50.0, name="Bob Ray")], "Chain Rule")
    assert columns(filled.data)[3][6] == "25"


def test_two_students_of_one_name_are_named_and_left_alone():
    grades = [grade("x1", 50.0, name="Bob Ray"), grade("x2", 70.0, name="Bob Ray")]
    filled = fill_canvas(CANVAS, grades, "Chain Rule")
    assert filled.data == CANVAS
    assert filled.ambiguous == ["Ray, Bob"]


def test_two_lines_of_one_student_are_named_and_left_alone():
    doubled = CANVAS + '"Öz, Ann",1,s1,ann@x.edu,B,9,,,\r\n'.encode()
    filled = fill_canvas(doubled, [grade("s1", 50.0)], "Chain Rule")
    assert filled.data == doubled
    assert filled.ambiguous == ["Öz, Ann (line 3)", "Öz, Ann (line 8)"]


def test_somebody_unknown_to_the_file_is_named():
    filled = fill_canvas(CANVAS, [grade("stranger", 50.0)], "Chain Rule")
    assert filled.not_in_file == ["stranger"]
    assert any("stranger" in sentence for sentence in filled.sentences())


@pytest.mark.parametrize("column", ["", "Homework", "Current Score"])
def test_canvas_refuses_a_column_it_cannot_tell(column):
    with pytest.raises(Refusal, match="Remedy"):
        fill_canvas(CANVAS, [], column)


def test_canvas_refuses_another_file():
    with pytest.raises(Refusal, match="Export Entire Gradebook"):
        fill_canvas(MOODLE, [], "")


def test_moodle_gets_its_grade_column():
    grades = [grade("11", 93.25, ids={"moodle": "11"}), grade("cy@x.edu", 50.0), grade("bob", 0.0, "missing", name="Bob Ray")]
    filled = fill_moodle(MOODLE, grades)
    before, after = columns(MOODLE), columns(filled.data)
    assert [row[4] for row in after] == ["Grade", "93.25", "", "5"]
    assert [row[:4] + row[5:] for row in after] == [row[:4] + row[5:] for row in before]
    assert filled.untouched == ["Cy Lee (grade cannot be changed)"]
    assert filled.not_graded == ["Bob Ray"]


def test_moodle_refuses_a_file_that_could_not_be_imported():
    with pytest.raises(Refusal, match="Last modified"):
        fill_moodle(MOODLE.replace(b'"Last modified (grade)"', b"Other"), [])
