"""The layouts that course systems make, and the roster."""

import csv
import sys
import zipfile
from datetime import UTC, datetime

import pytest

from grader.cohort import counting, tables
from grader.cohort.package import Package, read_package
from grader.cohort.roster import read_roster
from grader.cohort.times import local_time
from grader.course.policy import Late, Policy
from grader.errors import Refusal
from tests.cohort.classes import taken_in
from tests.cohort.conftest import forbid

METADATA = """\
---
submission_101:
  :submitters:
  - :name: Ann Öz
    :sid: s1
    :email: ann@x.edu
  - :name: "Bob: the Ray"
    :sid: ''
    :email: bob@x.edu
  :created_at: 2026-11-29 23:10:00.365935000 -08:00
  :score: 12.0
  :status: processed
  :history:
  - :id: 7
    :created_at: 2026-11-20 10:00:00 Z
    :score: 1.0
submission_102:
  :submitters:
  - :name: Cy Lee
    :sid: s3
    :email: cy@x.edu
  :created_at: 2026-11-28 10:00:00 Z
  :history: []
"""


def by_student(intake):
    return {attempt.student: attempt for attempt in intake.attempts}


def test_a_gradescope_export(tmp_path, submission, store):
    export = tmp_path / "assignment_5_export"
    submission(export / "submission_101", layers="a = 1\n")
    (export / "submission_102").mkdir()
    (export / "submission_metadata.yml").write_text(METADATA, "utf-8")
    intake = taken_in(export, store)
    found = by_student(intake)
    assert intake.layout == "Gradescope export"
    assert sorted(found) == ["bob@x.edu", "s1", "s3"]
    assert found["s1"].digest == found["bob@x.edu"].digest != ""  # a group's work counts for each
    assert found["s1"].when.at == datetime(2026, 11, 30, 7, 10, 0, 365935, tzinfo=UTC)
    assert found["bob@x.edu"].name == "Bob: the Ray"
    assert found["s3"].problem == "no Python file was handed in"


def test_a_gradescope_export_that_is_damaged_is_refused(tmp_path, store):
    (tmp_path / "submission_metadata.yml").write_text("submission_1: {:submitters: [")
    with pytest.raises(Refusal, match="Remedy"):
        taken_in(tmp_path, store)


def test_yaml_can_make_nothing_but_data(tmp_path, store):
    (tmp_path / "submission_metadata.yml").write_text("a: !!python/object/apply:os.system ['true']")
    with pytest.raises(Refusal, match="Remedy"):
        taken_in(tmp_path, store)


def test_a_moodle_download_in_folders(tmp_path, submission, store):
    submission(tmp_path / "Ann Öz_12345_assignsubmission_file_", layers="a = 1\n")
    submission(tmp_path / "Bob_van_Ray_77_assignsubmission_file" / "student", layers="b = 1\n")
    (tmp_path / "Bob_van_Ray_77_assignsubmission_onlinetext").mkdir()
    intake = taken_in(tmp_path, store)
    assert intake.layout == "Moodle download"
    assert {s: (a.name, a.ids) for s, a in by_student(intake).items()} == {
        "12345": ("Ann Öz", {"moodle": "12345"}),
        "77": ("Bob_van_Ray", {"moodle": "77"}),
    }


def test_a_moodle_download_without_folders(tmp_path, store):
    (tmp_path / "Ann Öz_1_assignsubmission_file_layers.py").write_text("a = 1\n")
    (tmp_path / "Ann Öz_1_assignsubmission_file_losses.py").write_text("b = 1\n")
    with zipfile.ZipFile(tmp_path / "Bob Ray_2_assignsubmission_file_my work.zip", "w") as archive:
        archive.writestr("student/layers.py", "a = 1\n")
    found = by_student(taken_in(tmp_path, store))
    assert sorted(store.get(found["1"].digest).files) == ["layers.py", "losses.py"]
    assert sorted(store.get(found["2"].digest).files) == ["layers.py"]


def test_clones_are_called_assignment_and_user(tmp_path, submission, store):
    for user in ("ann-oz", "bob"):
        submission(tmp_path / f"chain-rule-{user}" / "student", layers=f"a = {user!r}\n")
        (tmp_path / f"chain-rule-{user}" / ".git").mkdir()
    (tmp_path / "grades.csv").write_text(
        "roster_identifier,github_username,submission_timestamp\ns1,ann-oz,2026-11-29T10:00:00Z\n"
    )
    intake = taken_in(tmp_path, store, read_roster(tmp_path / "grades.csv"))
    found = by_student(intake)
    assert intake.layout == "clones"
    assert sorted(found) == ["bob", "s1"]
    assert found["s1"].when.at == datetime(2026, 11, 29, 10, tzinfo=UTC)
    assert intake.unknown == ["bob"]


def test_several_attempts_of_one_student(tmp_path, submission, store):
    submission(tmp_path / "ann" / "2026-11-29T10-00-00", layers="a = 1\n")
    submission(tmp_path / "ann" / "2026-11-30T10-00-00Z", layers="a = 2\n")
    submission(tmp_path / "bob--1", layers="a = 1\n")
    submission(tmp_path / "bob--2", layers="a = 3\n")
    submission(tmp_path / "cy" / "attempt_1", layers="a = 4\n")
    submission(tmp_path / "dee" / "src", layers="a = 5\n")
    (tmp_path / "README.txt").write_text("nobody's")
    intake = taken_in(tmp_path, store)
    found = [(a.student, a.label) for a in intake.attempts]
    assert found == [
        ("ann", "2026-11-29T10-00-00"), ("ann", "2026-11-30T10-00-00Z"), ("bob", "1"), ("bob", "2"),
        ("cy", "attempt_1"), ("dee", ""),
    ]  # fmt: skip
    zoned = taken_in(tmp_path, store, late=Late(timezone="Europe/Berlin")).attempts
    assert [a.when.at for a in (intake.attempts[0], zoned[0])] == [None, datetime(2026, 11, 29, 9, tzinfo=UTC)]
    assert intake.attempts[1].when.at == zoned[1].when.at == datetime(2026, 11, 30, 10, tzinfo=UTC)
    (note,) = (note for note in intake.attempts[0].notes if "time" in note)
    assert note.startswith("the time '2026-11-29T10-00-00' of the file's name has no time zone")


def test_a_whole_class_in_one_zip(tmp_path, store):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr("export/ann/layers.py", "a = 1\n")
        archive.writestr("export/bob/layers.py", "a = 2\n")
        archive.writestr("../../outside.py", "a = 3\n")
    intake = taken_in(tmp_path / "class.zip", store, scratch=tmp_path / "in" / "deep")
    assert sorted(by_student(intake)) == ["ann", "bob"]
    assert not list(tmp_path.rglob("outside.py"))


def test_names_in_a_class_zip_that_no_folder_takes_are_left_out_and_noted(tmp_path, store):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for name in ("ann/layers.py", "bob/layers.py", "bob/layers.py/x.py", f"cy/{'a' * 300}.py", "dee/x.py/y.py", "dee/x.py"):
            archive.writestr(f"export/{name}", "a = 1\n")
        archive.writestr(f"export/eve/{'a/' * 1500}x.py", "a = 1\n")
    intake = taken_in(tmp_path / "class.zip", store, scratch=tmp_path / "in")
    assert {student: bool(a.digest) for student, a in by_student(intake).items() if student != "eve"} == {
        "ann": True, "bob": True, "cy": False, "dee": False,
    }  # fmt: skip
    assert [note.split(" in it")[0][:35] for note in intake.notes[:3]] == [
        "class.zip: 'export/bob/layers.py/x.py'"[:35], "class.zip: 'export/cy/aaaaaaaaaaaaaaaa"[:35],
        "class.zip: 'export/dee/x.py'"[:35],
    ]  # fmt: skip


def test_a_class_zip_in_which_nothing_can_be_unpacked_is_refused(tmp_path, store):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr("../outside.py", "a = 1\n")
    with pytest.raises(Refusal, match="nothing was handed in"):
        taken_in(tmp_path / "class.zip", store, scratch=tmp_path / "in")


def test_a_class_zip_whose_names_are_no_text_is_refused(tmp_path, store):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr("ö/layers.py", "a = 1\n")
    data = (tmp_path / "class.zip").read_bytes()
    (tmp_path / "class.zip").write_bytes(data.replace("ö".encode(), b"\xff\xff"))
    with pytest.raises(Refusal, match=r"cannot be unpacked .* Remedy"):
        taken_in(tmp_path / "class.zip", store, scratch=tmp_path / "in")


def test_whatever_is_handed_in_is_its_own_problem_alone(tmp_path, submission, store, monkeypatch):
    def read(paths, handout, names):
        if paths[0].name == "bob":
            raise RecursionError("too many \udcff in one another")
        return read_package(paths, handout, names)

    monkeypatch.setattr("grader.cohort.intake.read_package", read)
    submission(tmp_path / "ann")
    submission(tmp_path / "bob")
    found = by_student(taken_in(tmp_path, store))
    assert found["ann"].digest
    assert found["bob"].problem == ("what was handed in cannot be read (RecursionError: too many \\udcff in one another)")


def test_a_folder_that_cannot_be_listed_changes_nobody_elses_name(tmp_path, submission, store, monkeypatch):
    for user in ("ann", "bob", "cy"):
        submission(tmp_path / f"chain-rule-{user}" / "student")
        (tmp_path / f"chain-rule-{user}" / ".git").mkdir()
    forbid(monkeypatch, tmp_path / "chain-rule-bob")
    intake = taken_in(tmp_path, store)
    assert intake.layout == "clones"
    assert {student: bool(a.digest) for student, a in by_student(intake).items()} == {"ann": True, "bob": False, "cy": True}
    assert "the folder 'chain-rule-bob' cannot be read (Permission denied)" in by_student(intake)["bob"].problem
    assert str(tmp_path) not in by_student(intake)["bob"].problem


def test_a_folder_of_attempts_that_cannot_be_listed_is_its_students_own(tmp_path, submission, store, monkeypatch):
    submission(tmp_path / "ann")
    submission(tmp_path / "bob" / "1")
    forbid(monkeypatch, tmp_path / "bob")
    found = by_student(taken_in(tmp_path, store))
    assert found["ann"].digest
    assert "cannot be read (Permission denied)" in found["bob"].problem


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere not every name is taken")
def test_nothing_unseen_and_no_folder_of_this_machine_gets_into_a_table(tmp_path, submission, store, monkeypatch):
    for name in ("ann\x1b[2J", "b\u202eob", "c\ny", "dee"):
        submission(tmp_path / "class" / name)
    (tmp_path / "class" / "dee" / "layers.py").unlink()
    (tmp_path / "class" / "dee" / "x\x1b\u202e.py").write_text("")

    def read(paths, handout, names):
        if "ann" in paths[0].name:
            raise OSError(5, "Input/output \x1b error", str(paths[0] / "layers.py"))
        return read_package(paths, handout, names)

    monkeypatch.setattr("grader.cohort.intake.read_package", read)
    intake = taken_in(tmp_path / "class", store)
    grades = counting.count(intake.attempts, lambda attempt: None, Policy(), {"01": 1})
    text = tables.table(grades, ["01"])
    assert all(line.isprintable() for line in text.splitlines())
    assert len(text.splitlines()) == 5
    assert str(tmp_path) not in text
    assert {"ann\\x1b[2J", "b\\u202eob", "c\\ny"} < set(by_student(intake))


def test_a_moodle_student_with_a_text_alone_stands_in_the_table(tmp_path, submission, store):
    submission(tmp_path / "Ann_1_assignsubmission_file_")
    (tmp_path / "Bob_2_assignsubmission_onlinetext_").mkdir()
    (tmp_path / "Bob_2_assignsubmission_onlinetext_" / "onlinetext.html").write_text("hello")
    (tmp_path / "Cy_3_assignsubmission_onlinetext_onlinetext.html").write_text("hello")
    found = by_student(taken_in(tmp_path, store))
    assert {student: bool(a.digest) for student, a in found.items()} == {"1": True, "2": False, "3": False}


def test_a_full_disk_is_nobodys_own_problem(tmp_path, submission, store, monkeypatch):
    def full(package):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "put", full)
    submission(tmp_path / "ann")
    with pytest.raises(OSError, match="No space left"):
        taken_in(tmp_path, store)


def test_who_is_missing_is_named(tmp_path, submission, store):
    submission(tmp_path / "in" / "ANN@x.edu")
    (tmp_path / "roster.csv").write_text(
        "\ufeffStudent ID;Full Name;Email;Late days\ns1;Ann Öz;ann@x.edu;2\ns2;Bob Ray;bob@x.edu;\n"
    )
    roster = read_roster(tmp_path / "roster.csv")
    intake = taken_in(tmp_path / "in", store, roster)
    assert by_student(intake)["s1"].name == "Ann Öz"
    assert intake.missing == ["s2 (Bob Ray)"]
    assert roster.people[0].late_days == 2


def test_a_name_that_two_people_share_points_at_nobody(tmp_path):
    (tmp_path / "r.csv").write_text("id,name\ns1,Ann Öz\ns2,Ann Öz\n")
    roster = read_roster(tmp_path / "r.csv")
    assert roster.find("Ann Öz") is None
    assert roster.find("nobody", "S1").id == "s1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("name,age\nx,1\n", "no column id"),
        ("id\ns1\nS1\n", "twice"),
        ("id,late_days\ns1,x\n", "whole number"),
        ("id,late_days\ns1,²\n", "whole number"),
    ],
)
def test_a_roster_that_cannot_be_used_is_refused(tmp_path, text, message):
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(Refusal, match=message):
        read_roster(tmp_path / "r.csv")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_roster_may_end_its_lines_as_any_system_does(tmp_path, end):
    (tmp_path / "r.csv").write_bytes(f"id,name{end}s1,Ann{end}s2,Bob{end}".encode())
    assert [(person.id, person.name) for person in read_roster(tmp_path / "r.csv").people] == [("s1", "Ann"), ("s2", "Bob")]


def test_an_appeal_in_the_roster_may_be_long(tmp_path):
    (tmp_path / "r.csv").write_text(f"id,appeal\ns1,{'x' * 200_000}\n")
    assert len(read_roster(tmp_path / "r.csv").people[0].appeal) == 10_000 + len(" [...]")
    (tmp_path / "r.csv").write_text("id\ns1\n")
    read_roster(tmp_path / "r.csv")
    assert csv.field_size_limit() > 100_000  # everybody's, in this process


def test_nothing_handed_in_is_refused(tmp_path, store):
    with pytest.raises(Refusal, match="nothing was handed in"):
        taken_in(tmp_path, store)
    with pytest.raises(Refusal, match="not a folder"):
        taken_in(tmp_path / "absent", store)


@pytest.mark.parametrize("damage", [b"", b"x"])
def test_a_stored_submission_that_was_damaged_is_stored_again(store, damage):
    digest = store.put(Package({"layers.py": b"x = 1\n"}))
    store._path(digest).write_bytes(damage)
    assert store.put(Package({"layers.py": b"x = 1\n"})) == digest
    assert store.get(digest).files == {"layers.py": b"x = 1\n"}


def test_a_stored_submission_that_was_damaged_is_not_graded(tmp_path, submission, store):
    submission(tmp_path / "in" / "ann", layers="a = 1\n")
    digest = taken_in(tmp_path / "in", store).attempts[0].digest
    path = next(store.folder.rglob("*.msgpack"))
    path.write_bytes(path.read_bytes().replace(b"a = 1", b"a = 2"))
    with pytest.raises(ValueError, match="damaged"):
        store.get(digest)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01", datetime(2026, 11, 1)),
        ("2026-11-01T23-10-05", datetime(2026, 11, 1, 23, 10, 5)),
        ("2026-11-01 23:10:05 UTC", datetime(2026, 11, 1, 23, 10, 5, tzinfo=UTC)),
        ("2026-11-01T23:10:05-01:00", datetime(2026, 11, 2, 0, 10, 5, tzinfo=UTC)),
        ("2026-11-30-23-59-00", datetime(2026, 11, 30, 23, 59)),  # Blackboard's file names
        ("Sep 24, 2026 926 PM", datetime(2026, 9, 24, 21, 26)),  # Brightspace's folders leave out the colon
        ("Jan 2, 2026 112 AM", datetime(2026, 1, 2, 1, 12)),
        ("Jan 2, 2026 1205 PM", datetime(2026, 1, 2, 12, 5)),
        ("Monday, 1 June 2026, 10:00 AM", datetime(2026, 6, 1, 10)),  # Moodle's strftimedaydatetime, in English
        ("Monday, June 1, 2026, 10:00 PM", datetime(2026, 6, 1, 22)),
        ("Montag, 1. Juni 2026, 10:00", None),
        ("attempt 3", None),
        ("", None),
    ],
)
def test_times_as_course_systems_and_files_write_them(text, moment):
    assert local_time(text) == moment


@pytest.mark.parametrize("told", ["Jane Mary O'Doe", "jane  mary o'doe", "odoejanemary"])
@pytest.mark.parametrize("listed", ["Jane Mary O'Doe", "O'Doe, Jane Mary"])
def test_a_name_is_met_however_systems_turn_it(tmp_path, told, listed):
    (tmp_path / "r.csv").write_text(f'id,name\ns1,"{listed}"\ns2,Mary Doe\n')
    assert read_roster(tmp_path / "r.csv").find(told).id == "s1"
