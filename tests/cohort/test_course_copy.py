"""The copy that a class is graded from."""

import shutil
import subprocess
import sys

import pytest

from grader.bootstrap import START
from grader.cohort import course_copy
from grader.cohort.course_copy import PREFIX, copy_course
from grader.cohort.similarity import known_answers
from grader.course.course import Course
from grader.errors import Refusal
from tests.courses import HERE


def test_a_copy_grades_by_itself_and_belongs_to_its_owner_alone(tmp_path):
    copy = copy_course(HERE, tmp_path)
    assert copy.parent == tmp_path
    assert copy.name.startswith(PREFIX)
    assert copy.stat().st_mode & 0o777 == 0o700
    words = ["grade", "02_relu", "--student", str(HERE.reference), "--out", str(tmp_path / "out")]
    said = subprocess.run([sys.executable, "-P", "-c", START.format(root=str(copy)), *words], capture_output=True)
    assert said.returncode == 0, said.stderr
    assert b"full marks" in said.stdout
    assert known_answers(Course(copy)) == known_answers(HERE)


def test_the_same_course_has_one_copy(tmp_path):
    assert copy_course(HERE, tmp_path) == copy_course(HERE, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_copy_that_somebody_changed_is_made_again(tmp_path):
    copy = copy_course(HERE, tmp_path)
    checks = copy / "tasks" / "02_relu" / "checks.py"
    right = checks.read_bytes()
    checks.write_bytes(b"")
    assert copy_course(HERE, tmp_path) == copy
    assert checks.read_bytes() == right


@pytest.fixture
def course(tmp_path):
    """A course that may be edited."""
    for folder in (HERE.tasks, HERE.reference, HERE.student, HERE.data):
        shutil.copytree(folder, tmp_path / "course" / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    return Course(tmp_path / "course")


@pytest.mark.parametrize("place", ["tasks/02_relu/checks.py", "reference/losses.py", "tasks/02_relu/misconceptions.py"])
def test_another_content_is_another_copy(course, tmp_path, place):
    first = copy_course(course, tmp_path)
    (course.folder / place).write_text("# edited\n")
    second = copy_course(course, tmp_path)
    assert first != second
    assert (first / place).read_bytes() != (second / place).read_bytes() == b"# edited\n"


def test_a_file_that_is_edited_while_it_is_copied_is_copied_again(course, tmp_path, monkeypatch):
    place, copy, edits = "tasks/02_relu/checks.py", course_copy._copy, ["# second\n"]

    def edited(source, target):
        copy(source, target)
        if source.name == "checks.py" and edits:
            (course.folder / place).write_text(edits.pop())

    monkeypatch.setattr(course_copy, "_copy", edited)
    assert (copy_course(course, tmp_path) / place).read_text() == "# second\n"
    assert not list(tmp_path.glob(f".{PREFIX}*"))


def test_a_course_that_never_holds_still_is_refused(course, tmp_path, monkeypatch):
    counted = iter(range(10**6))

    def edited(source, target):
        shutil.copyfile(source, target) if target.parent.mkdir(parents=True, exist_ok=True) is None else None
        (course.folder / "reference" / "losses.py").write_text(f"# {next(counted)}\n")

    monkeypatch.setattr(course_copy, "_copy", edited)
    with pytest.raises(Refusal, match=r"is being changed\. Remedy: run the same command when nobody edits it"):
        copy_course(course, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["course"]


def test_a_file_that_is_renamed_while_it_is_copied_is_looked_for_again(course, tmp_path, monkeypatch):
    copy, moves = course_copy._copy, [("02_relu", "02_rectifier")]

    def moved(source, target):
        for old, new in moves:
            moves.clear()
            (course.folder / "tasks" / old).rename(course.folder / "tasks" / new)
        copy(source, target)

    monkeypatch.setattr(course_copy, "_copy", moved)
    made = copy_course(course, tmp_path)
    assert (made / "tasks" / "02_rectifier").exists()
    assert not (made / "tasks" / "02_relu").exists()


def test_private_stages_are_merged_in(tmp_path):
    private = tmp_path / "private"
    (private / "20_more").mkdir(parents=True)
    (private / "20_more" / "task.toml").write_text("title = 'More'\n")
    (private / "toolbox").mkdir()
    (private / "toolbox" / "more.py").write_text("x = 1\n")
    copy = copy_course(HERE, tmp_path, str(private))
    assert (copy / "tasks" / "20_more" / "task.toml").exists()
    assert (copy / "tasks" / "toolbox" / "more.py").exists()
    (private / "toolbox" / "networks.py").write_text("x = 1\n")
    with pytest.raises(Refusal, match=r"networks.py has the name of a file of the course's own toolbox. Remedy: "):
        copy_course(HERE, tmp_path, str(private))
