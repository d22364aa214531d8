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
from grader.course.policy import Policy
from grader.paths import ROOT
from tests.courses import HERE, copied
from tests.running.toys import write_course

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
    settings = msgspec.structs.replace(ClassSettings.of(Policy(), html=False), stages=(STAGE,))
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


# -- nobody else knows the checkout's own folders ----------------------------------------------------------------------

PLACES = {"ROOT", "TASKS", "REFERENCE", "DATA", "STUDENT", "BUILD"}
#: Modules that somebody starts without a verb: from a notebook, in Gradescope's container, on a Dask worker.
ENTRIES = {"jupyter", "autograder", "cluster"}


def places_read(source: str) -> set[str]:
    """Which of the checkout's own folders a module takes from `grader.paths`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == "paths":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).rpartition(".")[2] == "paths":
            found.add(node.attr)
    return found & {*PLACES, "*"} if "*" in found else found & PLACES


def test_only_verbs_and_entries_read_the_places_of_the_checkout():
    modules = [path for path in sorted(GRADER.rglob("*.py")) if path.relative_to(GRADER).parts[0] != "verbs"]
    assert {path.stem for path in modules if places_read(path.read_text(encoding="utf-8"))} == ENTRIES


@pytest.mark.parametrize(
    "source",
    [
        "from grader.paths import ENGINE, TASKS",
        "def f():\n    from ..paths import DATA as where",
        "from grader import paths\nprint(paths.ROOT)",
        "import grader.paths\nprint(grader.paths.STUDENT)",
        "from grader.paths import *",
    ],
)
def test_a_module_that_reads_one_is_seen(source):
    assert places_read(source)
