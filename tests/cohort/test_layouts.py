"""Downloads as course systems make them. None of these names was seen on the real system: each cites where it was read.

Canvas: lib/content_zipper.rb of instructure/canvas-lms (`get_filename`, `sanitize_user_name`, `add_text_or_url`).
Brightspace: names quoted by published scripts, "271836-442356 - Blake Payne - Dec 5, 2024 1149 AM - CatacombCrawler.zip" and
"Lastname, Firstname - 1234567". Blackboard: kwurst/bb-file-cleanup, and receipts quoted by timdrysdale/gradex-cli.
Moodle: mod/assign/locallib.php. Clones: the wiki of foundation50/classroom50, `CLASSROOM-ASSIGNMENT-USER`.
"""

import re
from datetime import UTC, datetime

import pytest

from grader.cohort import counting, tables
from grader.cohort.journal import Outcome
from grader.cohort.layouts import LAYOUTS
from grader.cohort.roster import read_roster
from grader.course.policy import Late, Policy
from grader.export.gradebook import fill
from grader.paths import ROOT
from grader.records import Report, StageResult
from tests.cohort.classes import taken_in, zip_of

BERLIN = Late("percentage", datetime(2026, 11, 30, 22, 59, tzinfo=UTC), percent=10, timezone="Europe/Berlin")
GROUPS = {"id", "name", "head", "time", "late", "number", "rest", "text"}
RECEIPT = "Name: {} ({})\nAssignment: Chain Rule\nDate Submitted: Monday, 30 November 2026 23:59:00 o'clock GMT\n"


def put(folder, *names, text="x = 1\n"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def files(store, attempt):
    return sorted(store.get(attempt.digest).files) if attempt.digest else []


def read(folder, store, late=None, roster=None):
    intake = taken_in(folder, store, roster, late=late)
    return intake.layout, {attempt.student: attempt for attempt in intake.attempts}


def test_canvas_seven_loose_files_are_one_student(tmp_path, store):
    modules = ("layers", "losses", "gradcheck", "network", "optim", "data", "train")
    put(tmp_path, *(f"smithal_4713_{99008 + place}_{module}.py" for place, module in enumerate(modules)))
    (tmp_path / "doejane_LATE_4711_99001_student.zip").write_bytes(zip_of({"student/layers.py": b"y = 1\n"}))
    layout, found = read(tmp_path, store)
    assert layout == "Canvas download"
    assert sorted(found) == ["4711", "4713"]
    assert files(store, found["4713"]) == sorted(f"{module}.py" for module in modules)
    assert (found["4711"].name, found["4711"].when.late, found["4711"].ids) == ("doejane", True, {"canvas": "4711"})
    assert (found["4713"].when.late, found["4713"].when.source) == (False, "Canvas")  # who marks one knows the others in time


def test_an_appeal_among_loose_files_is_its_students(tmp_path, store):
    put(tmp_path, "smithal_4713_99008_layers.py", "doejane_4711_99001_layers.py")
    put(tmp_path, "smithal_4713_99009_appeal-1.txt", text="It is right.")
    put(tmp_path, "hw_jdoe_attempt_2026-11-30-23-59-00_layers.py", "hw_jdoe_attempt_2026-11-30-23-59-00.txt")
    put(tmp_path, "hw_jdoe_attempt_2026-11-30-23-59-00_Appeal.txt", text="So is this.")
    put(tmp_path, "397063-2557369 - Jane Doe - Sep 24, 2026 926 PM/appeal (2).txt", text="And this.")
    put(tmp_path, "397063-2557369 - Jane Doe - Sep 24, 2026 926 PM/layers.py", "appeal.txt")
    found = {student: attempt.appeal for student, attempt in read(tmp_path, store)[1].items()}
    assert found == {"4713": "It is right.", "4711": "", "jdoe": "So is this.", "397063": "And this."}


def test_canvas_without_any_mark_tells_no_time(tmp_path, store):
    put(tmp_path, "doejane_4711_99001_layers.py")
    assert read(tmp_path, store)[1]["4711"].when.source == ""


def test_canvas_anonymous_typed_and_resubmitted(tmp_path, store):
    put(tmp_path, "anon_aB3x9_99001_layers.py", "LATE_anon_Zz9_99002_12_layers.py", "LATE_anon_Zz9_99003_layers.py")
    put(tmp_path, "roebob_4712_text.html", "leecy_LATE_4714_link.html", "groupone_4715_99010_layers-1.py")
    put(tmp_path, "twice_4716_99022_layers.py", "twice_4716_99023_losses.py")
    put(tmp_path, "twice_4716_99024_layers-2.py", text="later = 1\n")
    _, found = read(tmp_path, store)
    assert {student: files(store, attempt) for student, attempt in found.items()} == {
        "anon_aB3x9": ["layers.py"], "anon_Zz9": ["12_layers.py", "layers.py"], "4712": [], "4714": [],
        "4715": ["layers.py"], "4716": ["layers.py", "losses.py"],
    }  # fmt: skip
    assert store.get(found["4716"].digest).files["layers.py"] == b"later = 1\n"
    assert (
        found["4712"].problem == found["4714"].problem == "no file was handed in; text typed into the course system is not graded"
    )
    assert (found["4714"].when.late, found["anon_Zz9"].when.late) == (True, True)


def test_brightspace_attempts_with_their_times(tmp_path, store):
    put(tmp_path, "index.html", "397063-2557369 - Jane Doe - Sep 24, 2026 926 PM/layers.py")
    put(tmp_path, "397063-2557369 - Jane Doe - Nov 30, 2026 1159 PM/layers.py", text="later = 1\n")
    put(tmp_path, "271836-2557369 - Jane Doe - Dec 5, 2026 1149 AM - layers.py")
    put(tmp_path, "Payne, Blake - 1234567/layers.py")
    intake = taken_in(tmp_path, store, late=BERLIN)
    assert intake.layout == "Brightspace download"
    assert [(a.student, a.name, a.when.at, a.label) for a in intake.attempts] == [
        ("1234567", "Blake Payne", None, ""),
        ("271836", "Jane Doe", datetime(2026, 12, 5, 10, 49, tzinfo=UTC), "2026-12-05T11:49:00"),  # another of that name
        ("397063", "Jane Doe", datetime(2026, 9, 24, 19, 26, tzinfo=UTC), "2026-09-24T21:26:00"),
        ("397063", "Jane Doe", datetime(2026, 11, 30, 22, 59, tzinfo=UTC), "2026-11-30T23:59:00"),
    ]  # fmt: skip
    last = counting.choose([a for a in taken_in(tmp_path, store).attempts if a.student == "397063"], Policy())
    assert [store.get(a.digest).files["layers.py"] for a in last] == [b"later = 1\n"]  # in their order without a zone, too


def test_blackboard_attempts_with_receipts(tmp_path, store):
    stem = "Chain Rule_jdoe_attempt_2026-11-30-23-59-00"
    put(tmp_path, f"{stem}_layers.py", f"{stem}_losses.py")
    put(tmp_path, f"{stem}.txt", text=RECEIPT.format("Jane Doe", "jdoe"))
    put(tmp_path, "Chain Rule_b_ray_attempt_2026-12-01-00-30-00.txt", text=RECEIPT.format("Bob Ray", "b_ray"))
    put(tmp_path, "Chain Rule_c_ray_attempt_2026-12-01-00-30-00_layers.py")
    put(tmp_path, "Chain Rule_c_ray_attempt_2026-12-01-00-30-00.txt", text=RECEIPT.format("Cy Ray", "c_ray"))
    layout, found = read(tmp_path, store, BERLIN)
    assert layout == "Blackboard download"
    assert {s: (a.name, files(store, a)) for s, a in found.items()} == {
        "jdoe": ("Jane Doe", ["layers.py", "losses.py"]), "b_ray": ("Bob Ray", []), "c_ray": ("Cy Ray", ["layers.py"]),
    }  # fmt: skip
    assert found["jdoe"].when.at == datetime(2026, 11, 30, 22, 59, tzinfo=UTC)
    assert found["b_ray"].problem.startswith("no file was handed in")


@pytest.mark.parametrize(
    ("victims", "mallorys"),
    [
        ("Vic Tim_111_assignsubmission_file_losses.py", "Mal Lory_222_assignsubmission_file_{}"),
        ("HW_1_111_attempt_2026-11-29-10-00-00_losses.py", "HW_1_222_attempt_2026-11-29-10-00-00_{}"),
        ("111-34 - Vic Tim - Nov 29, 2026 926 PM - losses.py", "222-34 - Mal Lory - Nov 29, 2026 926 PM - {}"),
        ("timvic_111_9001_losses.py", "lorymal_222_9002_{}"),
    ],
)
@pytest.mark.parametrize(
    "called",
    [
        "x_111_assignsubmission_file_losses.py",
        "x_111_attempt_2026-12-01-10-00-00_losses.py",
        "x_111_attempt_2026-12-01-10-00-00.txt",
        "x_111_9003_losses.py",
        "111-34 - Vic Tim - Dec 1, 2026 926 PM - losses.py",
        "Tim, Vic - 11111",
    ],
)
def test_nobody_hands_in_for_another_by_the_name_of_a_file(victims, mallorys, called, tmp_path, store):
    put(tmp_path, victims, mallorys.format("layers.py"), mallorys.format(called))
    _, found = read(tmp_path, store)
    assert sorted(found) == ["111", "222"]
    assert files(store, found["111"]) == ["losses.py"]


def test_clones_are_told_apart_by_the_roster_where_all_names_begin_alike(tmp_path, store):
    for user in ("ann-x", "ann-y"):
        put(tmp_path / f"cs-hw-{user}", ".git/config", "student/layers.py")
    (tmp_path / "r.csv").write_text("username,first_name,last_name,email\nann-x,Ann,Xu,\nann-y,Ann,Yi,\n")
    assert sorted(read(tmp_path, store)[1]) == ["x", "y"]
    (tmp_path / "whole.csv").write_text("id,name\ncs-hw-ann-x,Ann Xu\ncs-hw-ann-y,Ann Yi\n")  # folders that are no clones' names
    assert sorted(read(tmp_path, store, roster=read_roster(tmp_path / "whole.csv"))[1]) == ["cs-hw-ann-x", "cs-hw-ann-y"]
    assert sorted(read(tmp_path, store, roster=read_roster(tmp_path / "r.csv"))[1]) == ["ann-x", "ann-y"]


METADATA = """\
submission_101:
  :submitters:
  - :name: Gil Ade
    :sid: '4711'
    :email: gil@x.edu
  :created_at: 2026-12-01 00:30:00 Z
"""
#: Entry -> who, as the roster below calls them. 4711 is a number in three systems, and three people.
MIXED = {
    "doejane_LATE_4711_99001_layers.py": "jane", "roebob_4712_99002_layers.py": "bob",
    "Ann \u00d6z_4711_assignsubmission_file_/layers.py": "ann", "Text Al_5_assignsubmission_onlinetext_/onlinetext.html": "al",
    "55-66 - Cy Lee - Dec 2, 2026 1005 AM/layers.py": "cy", "Payne, Blake - 1234567/layers.py": "blake",
    "Chain Rule_deeroe_attempt_2026-11-30-23-58-00_layers.py": "dee",
    "cs-hw-eve-1/layers.py": "eve", "cs-hw-fay/student/layers.py": "fay", "submission_101/layers.py": "gil",
    "hal--2026-11-30T10-00-00.py": "hal",
}  # fmt: skip
ROSTER = """\
id,name,github_username,due,excused,note
jane,Jane Doe,,,,
bob,"Roe, Bob",,,,
ann,Ann \u00d6z,,,,
al,Text Al,,,,
cy,Cy Lee,,2026-12-03T10:00:00+01:00,,illness
blake,Blake Payne,,,yes,exchange term
dee,Dee Roe,,,,
eve,Eve,eve-1,,,
fay,Fay,fay,,,
gil,Gil Ade,,,,
hal,Hal,,,,
zoe,Zo\u00eb,,,,
"""


@pytest.fixture
def mixed(tmp_path):
    """A class with every layout in one folder."""
    folder = tmp_path / "in"
    for number, entry in enumerate(MIXED):
        put(folder, entry, text=f"number = {number}\n")
    (folder / "hal--2026-11-30T10-00-00.py").rename(folder / "layers.py")
    (folder / "hal--2026-11-30T10-00-00.zip").write_bytes(zip_of({"layers.py": (folder / "layers.py").read_bytes()}))
    (folder / "layers.py").unlink()
    put(folder, "cs-hw-eve-1/.git/config", "cs-hw-fay/.git/config", "index.html", "README.md")
    put(folder, "Chain Rule_deeroe_attempt_2026-11-30-23-58-00.txt", text=RECEIPT.format("Dee Roe", "deeroe"))
    put(folder, "submission_metadata.yml", text=METADATA)
    put(tmp_path, "r.csv", text=ROSTER)
    return folder


def grades_of(intake, store):
    """Every submission earns as many points as its number, which its own text holds."""

    def graded(attempt):
        points = int(store.get(attempt.digest).files["layers.py"].split()[-1])
        return Outcome("graded", "", Report(points, 20, [StageResult("01_linear", "", "pass", points, 20, [])]))

    found = counting.count(intake.attempts, lambda a: graded(a) if a.digest else None, Policy(late=BERLIN), {"01_linear": 20})
    return {grade.student: grade for grade in found}


def test_a_class_with_all_layouts_in_one_folder(tmp_path, mixed, store):
    intake = taken_in(mixed, store, read_roster(tmp_path / "r.csv"), late=BERLIN)
    assert intake.layout == (
        "Gradescope export, Moodle download, Blackboard download, Brightspace download, Canvas download, clones, "
        "folders and archives"
    )
    assert (intake.missing, intake.unknown) == (["zoe (Zo\u00eb)"], [])
    grades = grades_of(intake, store)
    assert {student: (grade.raw, grade.late_days) for student, grade in grades.items()} == {
        "jane": (0, 1), "bob": (1, 0), "ann": (2, 0), "al": (0, 0), "cy": (4, 0), "blake": (5, 0),
        "dee": (6, 0), "eve": (7, 0), "fay": (8, 0), "gil": (9, 1), "hal": (10, 0),
    }  # fmt: skip
    assert {student: grade.submitted_by for student, grade in grades.items() if grade.state == "graded"} == {
        "jane": "Canvas", "bob": "Canvas", "ann": "", "cy": "Brightspace's file name", "blake": "",
        "dee": "Blackboard's file name", "eve": "", "fay": "", "gil": "Gradescope", "hal": "the file's name",
    }  # fmt: skip
    assert grades["cy"].reason == "due 2026-12-03 10:00+01:00 by the roster (illness)"
    assert grades["blake"].reason == "excused by the roster (exchange term)"
    assert counting.times_unknown(grades.values(), BERLIN).startswith("NO TIME OF SUBMISSION IS KNOWN FOR 3 OF 9 STUDENTS")
    assert tables.table(list(grades.values()), ["01_linear"]).count("\n") == 12


WORKSHEET = (
    'Identifier,"Full name","Last modified (submission)"\n"Participant 4711","Ann \u00d6z","Tuesday, 1 December 2026, 8:00 AM"\n'
)


def test_a_number_of_one_system_is_nobody_of_another(tmp_path, mixed, store):
    """4711 is Ann in Moodle, Jane in Canvas and Gil at the university."""
    put(tmp_path, "w.csv", text=WORKSHEET)
    worksheet = read_roster(tmp_path / "w.csv", BERLIN.zone, "Moodle's worksheet")
    book = WORKSHEET.replace("Identifier,", 'Grade,"Last modified (grade)",Identifier,').replace('\n"P', '\n,-,"P')
    for gil in ("gil", "4711"):
        put(tmp_path, "r.csv", text=ROSTER.replace("\ngil,", f"\n{gil},"))
        grades = grades_of(taken_in(mixed, store, read_roster(tmp_path / "r.csv"), late=BERLIN, times=worksheet), store)
        assert {student: grades[student].raw for student in ("ann", "jane", gil)} == {"ann": 2, "jane": 0, gil: 9}
        assert [student for student, grade in grades.items() if grade.submitted_by == "Moodle's worksheet"] == ["ann"]
        filled = fill("moodle", book.encode(), list(grades.values()))
        assert filled.data == book.replace("\n,-,", "\n1.8,-,").encode()


def test_a_number_counts_where_no_name_speaks_against_it(tmp_path, store):
    put(tmp_path / "in", "doejane_4711_99001_layers.py", "anon_aB3x9_99002_layers.py")
    put(tmp_path, "r.csv", text="Student,ID,SIS User ID\n,4711,s1\nBob Ray,aB3x9,s2\n")
    assert sorted(read(tmp_path / "in", store, roster=read_roster(tmp_path / "r.csv"))[1]) == ["4711", "anon_aB3x9"]
    assert taken_in(tmp_path / "in", store, read_roster(tmp_path / "r.csv")).missing == ["aB3x9 (Bob Ray)"]


def test_one_number_in_several_systems_is_several_students_without_a_roster(mixed, store):
    students = {attempt.student for attempt in taken_in(mixed, store, late=BERLIN).attempts}
    assert {"canvas 4711", "moodle 4711", "sid 4711", "4712"} < students
    assert len(students) == len(MIXED)


def test_the_instructors_page_says_which_layouts_were_verified():
    page = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    (table,) = re.findall(r"^\| download \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    told = {row.split("|")[1].strip().removesuffix("'s"): row for row in table.splitlines()}
    for layout in LAYOUTS:
        assert set(layout) == {"name", "system", "pattern", "source", "verified"}
        assert {"id"} <= set(re.compile(layout["pattern"]).groupindex) <= GROUPS
        row = next(row for name, row in told.items() if layout["name"] in name)
        assert ("not verified" in row) is (not layout["verified"]), layout["name"]
