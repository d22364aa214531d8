"""Gradebooks of course systems, filled: the right cells, nothing else, and everybody in doubt named."""

import csv
import io
import re

import pytest

from grader.errors import Refusal
from grader.export.gradebook import GRADEBOOKS, fill
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
    filled = fill("canvas", CANVAS, grades, "Chain Rule")
    before, after = columns(CANVAS), columns(filled.data)
    assert [row[6] for row in after] == ["Chain Rule (102)", "50", "46.75", "20", "EX", "", ""]
    assert [row[:6] + row[7:] for row in after] == [row[:6] + row[7:] for row in before]
    assert filled.data.startswith(b"\xef\xbb\xbfStudent,ID")
    assert filled.data.count(b"\r\n") == CANVAS.count(b"\r\n")
    assert filled.scaled_to == 50
    assert filled.not_graded == ["Lee, Cy", 'Roe, Dee "D"']


def test_canvas_leaves_the_excused_and_the_graders_fault_alone():
    grades = [grade("s3", 80.0), grade("s4", 10.0, "fault", reason="the grading process ended")]
    filled = fill("canvas", CANVAS, grades, "Chain Rule (102)")
    assert filled.data == CANVAS
    assert filled.untouched == ["Lee, Cy (EX)", 'Roe, Dee "D" (the grading process ended)']


def test_points_by_hand_are_filled_in_and_named_also_where_nothing_was_graded():
    grades = [grade("s1", 93.5), grade("s2", 60.0, by_hand=-10.0), grade("s4", 20.0, "missing", by_hand=20.0)]
    filled = fill("canvas", CANVAS, grades, "Chain Rule")
    assert [row[6] for row in columns(filled.data)[2:]] == ["46.75", "30", "EX", "10", ""]
    assert '2 with points given by hand: Ray, Bob; Roe, Dee "D".' in filled.sentences()
    excused = fill("canvas", CANVAS, [grade("s4", 20.0, "missing", by_hand=20.0, excused=True)], "Chain Rule")
    assert (excused.count, excused.by_hand) == (0, [])


def test_canvas_matches_a_name_either_way_round():
    filled = fill("canvas", CANVAS, [grade("x77", 50.0, name="Bob Ray")], "Chain Rule")
    assert columns(filled.data)[3][6] == "25"


def test_two_students_of_one_name_are_named_and_left_alone():
    grades = [grade("x1", 50.0, name="Bob Ray"), grade("x2", 70.0, name="Bob Ray")]
    filled = fill("canvas", CANVAS, grades, "Chain Rule")
    assert filled.data == CANVAS
    assert filled.ambiguous == ["Ray, Bob"]


def test_two_lines_of_one_student_are_named_and_left_alone():
    doubled = CANVAS + '"Öz, Ann",1,s1,ann@x.edu,B,9,,,\r\n'.encode()
    filled = fill("canvas", doubled, [grade("s1", 50.0)], "Chain Rule")
    assert filled.data == doubled
    assert filled.ambiguous == ["Öz, Ann (line 3)", "Öz, Ann (line 8)"]


def test_somebody_unknown_to_the_file_is_named():
    filled = fill("canvas", CANVAS, [grade("stranger", 50.0)], "Chain Rule")
    assert filled.not_in_file == ["stranger"]
    assert any("stranger" in sentence for sentence in filled.sentences())


@pytest.mark.parametrize("column", ["", "Homework", "Current Score"])
def test_canvas_refuses_a_column_it_cannot_tell(column):
    with pytest.raises(Refusal, match="Remedy"):
        fill("canvas", CANVAS, [], column)


def test_canvas_refuses_another_file():
    with pytest.raises(Refusal, match="Export Entire Gradebook"):
        fill("canvas", MOODLE, [], "")


def test_moodle_gets_its_grade_column():
    grades = [grade("11", 93.25, ids={"moodle": "11"}), grade("cy@x.edu", 50.0), grade("bob", 0.0, "missing", name="Bob Ray")]
    filled = fill("moodle", MOODLE, grades)
    before, after = columns(MOODLE), columns(filled.data)
    assert [row[4] for row in after] == ["Grade", "93.25", "", "5"]
    assert [row[:4] + row[5:] for row in after] == [row[:4] + row[5:] for row in before]
    assert filled.untouched == ["Cy Lee (grade cannot be changed)"]
    assert filled.not_graded == ["Bob Ray"]


def test_moodle_gets_comments_where_it_has_none():
    said = {"comments": ["a <b> & c"], "decisions": ["2 points added by N"], "by_hand": 2.0}
    filled = fill("moodle", MOODLE, [grade("11", 50.0, **said), grade("12", 50.0), grade("13", 7.0, **said)])
    rows = columns(filled.data)
    assert [row[4] for row in rows] == ["Grade", "50", "50", "5"]
    assert [row[9] for row in rows] == ["Feedback comments", "a &lt;b&gt; &amp; c<br>2 points added by N", "", '=HYPERLINK("x")']
    marked = MOODLE.replace(b'-,\n"Participant 12', b'-,"Mine"\n"Participant 12')
    assert columns(fill("moodle", marked, [grade("11", 50.0, **said)]).data)[1][9] == "Mine"
    canvas = fill("canvas", CANVAS, [grade("s1", 93.5, **said)], "Chain Rule")
    assert b"points added" not in canvas.data


def test_moodle_refuses_a_file_that_could_not_be_imported():
    with pytest.raises(Refusal, match="Last modified"):
        fill("moodle", MOODLE.replace(b'"Last modified (grade)"', b"Other"), [])


#: The header of Brightspace's export with both key fields; ids begin and lines end with a #.
#: Sources: community.d2l.com, "Importing grades"; headers as published scripts quote them. Not verified on the real system.
BRIGHTSPACE = (
    "\ufeffOrgDefinedId,Username,Last Name,First Name,Quiz Points Grade <Numeric MaxPoints:10 Weight:5>,"
    "Chain Rule Points Grade <Numeric MaxPoints:50 Weight:10 Category:Labs CategoryWeight:15>,End-of-Line Indicator\r\n"
    "#1001,#ann,\u00d6z,Ann,9,,#\r\n#1002,#bob,Ray,Bob,,12,#\r\n"
).encode()

#: Blackboard's full Grade Center, tab-delimited: UTF-16 with every cell in quotes. Headers as published scripts quote them,
#: `Project 02 [Total Pts: 100 Score] |1702852`. Not verified on the real system.
BLACKBOARD = (
    '\ufeff"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Programme [Total Pts: 0 Text] |11"\t'
    '"Chain Rule [Total Pts: 20 Score] |12"\r\n"\u00d6z"\t"Ann"\t"aoz"\t"1001"\t"x"\t""\r\n"Ray"\t"Bob"\t"bray"\t"1002"\t"x"\t""\r\n'
).encode("utf-16-le")


def test_brightspace_gets_its_points_and_keeps_the_marks_of_ids_and_lines():
    filled = fill("brightspace", BRIGHTSPACE, [grade("1001", 90.0), grade("x", 50.0, name="Bob Ray")], "chain rule")
    assert filled.data == BRIGHTSPACE.replace(b"Ann,9,,#", b"Ann,9,45,#").replace(b"Bob,,12,#", b"Bob,,25,#")
    assert (filled.count, filled.scaled_to) == (2, 50)
    assert filled.column.startswith("Chain Rule Points Grade")


def test_blackboard_gets_its_column_in_its_own_encoding():
    filled = fill("blackboard", BLACKBOARD, [grade("aoz", 75.0), grade("s2", 50.0, ids={"blackboard": "bray"})])
    before, after = BLACKBOARD.decode("utf-16-le"), filled.data.decode("utf-16-le")
    assert after == before.replace('"1001"\t"x"\t""', '"1001"\t"x"\t15').replace('"1002"\t"x"\t""', '"1002"\t"x"\t10')


def test_whoever_is_excused_keeps_what_the_gradebook_says():
    excused = grade("s1", 90.0, excused=True, reason="excused by the roster (exchange term)")
    missing = grade("s2", 0.0, "missing", excused=True, reason="nothing was handed in; excused by the roster")
    filled = fill("canvas", CANVAS, [excused, missing], "Chain Rule")
    assert filled.data == CANVAS
    assert filled.untouched == [
        "\u00d6z, Ann (excused by the roster (exchange term))", "Ray, Bob (nothing was handed in; excused by the roster)",
    ]  # fmt: skip


def test_a_row_that_names_nobody_is_no_student():
    posting = CANVAS.replace(b'"\xc3\x96z, Ann"', b',,,,,,Manual Posting,,\r\n"\xc3\x96z, Ann"', 1)
    assert fill("canvas", posting, [], "Chain Rule").not_graded == fill("canvas", CANVAS, [], "Chain Rule").not_graded


def test_every_gradebook_says_where_it_was_read():
    needed = {"needs", "remedy", "column", "names", "keys", "source", "verified"}
    for name, book in GRADEBOOKS.items():
        assert needed <= set(book) <= needed | {"strip", "points", "locked", "said"}, name
        assert "title" in re.compile(book["column"]).groupindex, name
