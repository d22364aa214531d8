"""Where the course lies is a value: a copy of it is graded from, and nothing below the verbs knows the checkout."""

import ast
import json
import os
import subprocess
import sys

import msgspec
import pytest

from grader.cohort.package import Package
from grader.cohort.process import Grader
from grader.cohort.work import ClassSettings, GradeOrder, course_fingerprint
from grader.course.course import BadCourse, Course
from grader.course.fingerprint import GRADER
from grader.course.policy import Grading, Policy
from grader.course.skeleton import pristine, read_claims, steps
from grader.paths import ROOT
from reference import layers as reference_layers
from tests.courses import HERE, copied
from tests.running.toys import run, states, write_course

STAGE, CHECK = "02_relu", "check_relu_takes_any_shape"

#: Grades a copy, and tells what it opened, or listed, of the checkout's course meanwhile.
GRADE = """
import json, sys
from pathlib import Path
root, copy, out = map(Path, sys.argv[1:])
sys.path.insert(0, str(root))
theirs = tuple(str(root / name) for name in ("tasks", "reference", "data", "student", "skeleton", ".chain-rule"))
seen = []
sys.addaudithook(
    lambda event, args: event in ("open", "os.listdir", "os.scandir") and seen.append(str(args[0]))
)
from grader.course.course import Course
from grader.grading.grade import grade
from grader.grading.output import Output
from grader.grading.request import Request
course = Course(copy)
report = grade(Request(course, course.student, Output(out, html=False), ("02_relu",)))
states = {check.id: check.state for check in report.stages[0].checks}
print(json.dumps([states, [path for path in seen if path.startswith(theirs)], len(seen)]))
"""


def test_a_copy_of_the_course_is_graded_from_and_nothing_else(tmp_path):
    course = copied(tmp_path / "copy", STAGE, CHECK)
    environment = {name: value for name, value in os.environ.items() if name != "CHAIN_RULE_MEMORY"}
    command = [sys.executable, "-P", "-c", GRADE, str(ROOT), str(course.folder), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    states, of_the_checkout, seen = json.loads(done.stdout)
    assert states.keys() == {check.id for check in HERE.stage(STAGE).checks}
    assert {name for name, state in states.items() if state != "pass"} == {CHECK}
    assert of_the_checkout == []
    assert seen  # the hook was there
    assert list(course.memory.glob("course-*.bin"))  # what is remembered of the copy lies in the copy


def test_the_grading_process_of_a_class_is_told_where_the_course_lies(tmp_path):
    course = copied(tmp_path / "copy", STAGE, CHECK)
    package = Package({path.name: path.read_bytes() for path in sorted(course.student.glob("*.py"))})
    settings = ClassSettings(Policy(grading=Grading(stages=(STAGE,))), html=False)
    packed = msgspec.msgpack.encode(package)
    order = GradeOrder("key", package.digest, packed, course_fingerprint(course))
    assert order.course != course_fingerprint(HERE)
    grader = Grader(course, settings, tmp_path)
    try:
        report = grader.grade(order).outcome.report
    finally:
        grader.close()
    assert report is not None
    assert [check.id for check in report.stages[0].checks if check.state != "pass"] == [CHECK]


def test_making_a_course_reads_nothing_and_asking_again_reads_nothing_more(tmp_path):
    course = Course(tmp_path)
    with pytest.raises(BadCourse, match="contains no stage"):
        course.select(())
    write_course(course.tasks)
    stages = course.stages
    (course.tasks / "01_first" / "task.toml").unlink()
    assert course.stages is stages


def test_what_a_course_is_given_apart_stands_for_what_lies_in_its_folder(tmp_path):
    (tmp_path / "reference").mkdir()
    course = Course(tmp_path, stages_in=tmp_path / "merged", with_reference=False)
    assert (course.tasks, course.reference, course.data) == (tmp_path / "merged", None, tmp_path / "data")
    assert Course(tmp_path).reference == tmp_path / "reference"
    assert {tmp_path / "reference", tmp_path / "tasks", tmp_path / "merged"} < set(course.withheld)


# -- nobody knows the checkout's own folders ----------------------------------------------------------------------

PLACES = {"ROOT", "TASKS", "REFERENCE", "DATA", "STUDENT", "BUILD"}
#: Who asks which course a command is about: the verbs, and what a notebook starts without one.
ENTRIES = {"verbs/_course.py", "learner/jupyter.py"}


def places_read(source: str) -> set[str]:
    """Which of the checkout's own folders a module takes from `grader.paths`, and whether it asks for the current course."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] in ("paths", "course"):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).rpartition(".")[2] == "paths":
            found.add(node.attr)
    return found & {*PLACES, "course_folder", "*"}


def test_nobody_reads_the_places_of_the_checkout_and_only_entries_ask_which_course_it_is():
    texts = {path.relative_to(GRADER).as_posix(): path.read_text(encoding="utf-8") for path in sorted(GRADER.rglob("*.py"))}
    assert {name: places_read(text) for name, text in texts.items() if places_read(text)} == {
        name: {"course_folder"} for name in ENTRIES
    }


@pytest.mark.parametrize(
    "source",
    [
        "from grader.paths import ENGINE, TASKS",
        "def f():\n    from ..paths import DATA as where",
        "from grader import paths\nprint(paths.ROOT)",
        "import grader.paths\nprint(grader.paths.STUDENT)",
        "from grader.paths import *",
        "from grader.course.course import Course, course_folder",
    ],
)
def test_a_module_that_reads_one_is_seen(source):
    assert places_read(source)


# -- which course a command is about -----------------------------------------------------------------------------------


def course_at(folder, *options, **environment):
    """Where `doctor --help`'s neighbour `stage` finds its course, started in a folder; what it says if it finds none."""
    ask = "from grader.cli import commands as c; c(sys.argv[1:], standalone_mode=False)"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {ask}"
    inherited = {name: value for name, value in os.environ.items() if name != "CHAIN_RULE_COURSE"}
    command = [sys.executable, "-P", "-c", code, *map(str, options), "stage"]
    done = subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False)
    return done.stdout or done.stderr


@pytest.fixture
def courses(tmp_path):
    """Two courses, each with a handout that says its name."""
    for name in ("one", "two"):
        tasks = write_course(tmp_path / name / "tasks")
        (tasks / "course.toml").write_text("")
        (tasks / "01_first" / "README.md").write_text(f"# Course {name}\n")
    (tmp_path / "one" / "student" / "deep").mkdir(parents=True)
    return tmp_path


def test_a_command_is_about_the_course_that_is_named_else_the_one_around_else_the_engines(courses):
    one, two = courses / "one", courses / "two"
    assert "Course one" in course_at(one / "student" / "deep")
    assert "Course two" in course_at(one, "--course", two)
    assert "Course two" in course_at(courses, "--course", "two")
    assert "Course one" in course_at(two, CHAIN_RULE_COURSE=str(one))
    assert "Course two" in course_at(courses, "--course", two, CHAIN_RULE_COURSE=str(one))
    shown = course_at(courses)  # the stage of the last grade in this checkout, if there was one
    assert any(stage.title in shown for stage in HERE.stages)
    assert "three is not a course: it has no folder tasks/. Remedy: correct --course, or CHAIN_RULE_COURSE." in course_at(
        one, "--course", courses / "three"
    )


# -- two courses in one process ----------------------------------------------------------------------------------------


def answer(word):
    """A course with modules of the checkout's names, whose reference adds, and whose skeleton says a word."""
    return {
        "layers": f'def add(a, b):\n    """The sum, says {word}."""\n    # 1. Add, says {word}.\n    return a + b\n\n\n'
        "def double(a):\n    return add(a, a)\n",
        "losses": "from .layers import add\n\n\ndef square(a):\n    return a * a\n\n\ndef calls():\n    return 1\n",
    }


@pytest.fixture
def pair(tmp_path):
    """Two courses whose packages and modules have the same names."""
    courses = []
    for word in ("one", "two"):
        course = Course(write_course(tmp_path / word / "tasks").parent)
        for package in ("reference", "student"):
            (course.folder / package).mkdir()
            for module, text in answer(word).items():
                (course.folder / package / f"{module}.py").write_text(text)
        courses.append(course)
    return courses


def test_reference_skeleton_and_student_are_those_of_the_course_that_is_meant(pair):
    """One after another and back again, with a module of the checkout's reference loaded under the same name."""
    assert reference_layers.Linear
    for course, word in [*zip(pair, ("one", "two")), (pair[0], "one")]:
        claims = read_claims(course.tasks)
        assert f"says {word}" in pristine(course, claims)["layers.py"]
        assert steps(course, claims) == {"01_first/layers.add": f"1. Add, says {word}."}
        for package in (course.reference, course.student):
            session = run(course, course.read(package), "01", "02")
            assert states(session)["check_add_adds"] == states(session)["check_square_squares"] == "pass"
            assert session.context.place("layers.add")[0] == f"{package.name}/layers.py"
    assert sys.modules["reference.layers"] is reference_layers
    assert "student.layers" not in sys.modules
