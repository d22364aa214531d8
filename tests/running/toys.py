"""A small course and submissions for it, so that the engine is tested apart from the real tasks."""

from pathlib import Path

from grader.course.course import Course
from grader.running.session import Session, run_stages
from grader.submission import Submission
from grader.worker.outside.local import LocalPool

HINTS = 'hints = ["what?", "look there", "2 + 2 = 4"]'

FIRST = f"""
title = "First"
summary = "Adds."
needs = []
claims = ["layers.add", "layers.double"]

[[check]]
id = "check_add_adds"
points = 2
functions = ["layers.add"]
core = true
{HINTS}

[[check]]
id = "check_add_keeps_float32"
points = 1
functions = ["layers.add"]
{HINTS}

[[check]]
id = "check_double_doubles"
points = 1
functions = ["layers.double"]
core = true
{HINTS}
"""

FIRST_CHECKS = '''
import numpy as np


def check_add_adds(student, case):
    """add(a, b) is a + b."""
    a, b = case.normal("a", 3), case.normal("b", 3)
    case.expect(student.layers.add(a, b), a + b, "add(a, b)", should="a + b")


def check_add_keeps_float32(student, case):
    """float32 in, float32 out."""
    a = case.normal("a", 3, dtype=np.float32)
    case.expect(student.layers.add(a, a), a + a, "add(a, a)", dtype=np.float32)


def check_double_doubles(student, case):
    """double(a) is 2 a."""
    a = case.normal("a", 3)
    case.expect(student.layers.double(a), 2 * a, "double(a)")
'''

SECOND = f"""
title = "Second"
summary = "Squares."
needs = ["01_first"]
claims = ["losses.square"]

[[check]]
id = "check_square_squares"
points = 4
functions = ["losses.square"]
core = true
group = "together"
{HINTS}

[[check]]
id = "check_square_is_remembered"
points = 2
functions = ["losses.square"]
group = "together"
{HINTS}
"""

SECOND_CHECKS = '''
def _squared(student, memo):
    return memo("square", lambda: student.losses.square(3.0))


def check_square_squares(student, case, memo):
    """square(3.0) is 9.0."""
    case.expect(_squared(student, memo), 9.0, "square(3.0)")


def check_square_is_remembered(student, case, memo):
    """square was called once for both checks."""
    _squared(student, memo)
    case.expect(student.losses.calls(), 1, "calls()")
'''

THIRD = f"""
title = "Third"
summary = "Trains."
needs = ["02_second"]
claims = []

[[check]]
id = "check_train_learns"
points = 3
functions = ["losses.square"]
core = true
training = true
{HINTS}
"""

THIRD_CHECKS = '''
def check_train_learns(student, case):
    """square(2.0) is 4.0 after all."""
    case.evidence("history:train_loss", [2.0, 1.0])
    case.note("noted")
    case.expect(student.losses.square(2.0), 4.0, "square(2.0)")
'''

RIGHT = {
    "layers": "def add(a, b):\n    return a + b\n\n\ndef double(a):\n    return a + a\n",
    "losses": "COUNT = []\n\n\ndef square(a):\n    COUNT.append(a)\n    return a * a\n\n\ndef calls():\n    return len(COUNT)\n",
}


def write_course(tasks: Path) -> Path:
    """Three stages: 01_first, 02_second (needs 01), 03_third (needs 02, trains)."""
    for name, toml, checks in (
        ("01_first", FIRST, FIRST_CHECKS),
        ("02_second", SECOND, SECOND_CHECKS),
        ("03_third", THIRD, THIRD_CHECKS),
    ):
        folder = tasks / name
        folder.mkdir(parents=True)
        (folder / "task.toml").write_text(toml)
        (folder / "checks.py").write_text(checks)
    return tasks


def submission(**modules: str) -> Submission:
    """The right answers with some modules' texts replaced."""
    return Submission("toy", {**RIGHT, **modules})


def write_submission(folder: Path, **modules: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**RIGHT, **modules}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def run(course: Course, of: Submission, *stages: str, **options) -> Session:
    """All or some stages, in this process."""
    return run_stages(course.select(stages), LocalPool(), of, course=course, **options)


def states(session: Session) -> dict[str, str]:
    """Check id -> state."""
    return {check: result.state for (_, check), result in session.results.items()}


def course(tmp: Path) -> Course:
    return read_course(write_course(tmp / "tasks"))


def read_course(tasks: Path) -> Course:
    """The course whose stages lie in a folder, read now. Raises BadCourse."""
    made = Course(tasks.parent, stages_in=tasks)
    made.select(())
    return made
