"""What a notebook uses: `check("03")` and `hint("03")`, and a magic that writes one function of the submission.

The submission runs in a worker of its own here too, started afresh each time: there is no kernel to restart.
"""

import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

from grader.course.course import Course, course_folder
from grader.errors import GraderError
from grader.records import Report


class Shown:
    """A graded stage, as a notebook or a terminal shows it. `report` holds everything."""

    def __init__(self, report: Report, folder: Path, course: Course):
        self.report, self._folder, self._course = report, folder, course

    def __repr__(self) -> str:
        import io

        from grader.report import terminal

        out = io.StringIO()
        console = terminal.console(file=out, no_color=True)
        console.print(terminal.summary(console, self.report, self._course.about, whole=len(self.report.stages) > 1))
        return out.getvalue().rstrip()

    def _repr_html_(self) -> str:
        from grader.report.learner import page

        return page(self.report, self._folder, self._course, "cell.html.j2")


def _folder() -> Path:
    """The submission that a notebook is about; pytest reads the same variable."""
    from grader.running.pytest_plugin import STUDENT_VARIABLE

    return Path(os.environ.get(STUDENT_VARIABLE) or course_folder() / "student")


def check(*stages: str, student: str | Path | None = None, seed: int = 0) -> Shown:
    """Grade stages ("03_sums", "sums" or "3"; all if none is named) and show what passes and what to do next.

    student : folder of the submission
    raises  : NotASubmission; BadCourse if there is no such stage
    """
    from grader.diagnosis.name_mistakes import run_and_name
    from grader.grading.curves import of_results
    from grader.running import scores

    course = Course(course_folder())
    submission = course.read(Path(student or _folder()))
    chosen, folder = course.select(stages), Path(tempfile.mkdtemp())
    session = run_and_name(course, chosen, submission, seed, evidence=folder / "evidence")
    curves = of_results(course, session.results, folder / "evidence")
    report = scores.report(chosen, session.results, session.context.place, student=submission.name, curves=curves)
    shown = Shown(report, folder, course)
    weakref.finalize(shown, shutil.rmtree, folder, ignore_errors=True)
    return shown


def hint(stage: str, student: str | Path | None = None) -> None:
    """Print the next hint for what `check` names as the next step of a stage."""
    from grader.learner.hints import RUNGS, Ladder

    course, report = Course(course_folder()), check(stage, student=student).report
    found = next((c for c in report.stages[0].checks if report.next is not None and c.id == report.next.check), None)
    if found is None:
        print(report.next.text if report.next else f"{report.stages[0].id} is done: there is nothing to hint at.")
        return
    rung, text = Ladder(course).next(report.stages[0].id, found) or (0, "There is no hint for it.")
    print(f"{found.promise}\nHint {rung} of {len(found.hints)}, {RUNGS[rung]}:\n\n{text}")


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython's own, which no other way into the course needs
    """`%load_ext grader.learner.jupyter`: `%%student module.function` writes what its cell defines, `%undo` takes it back."""
    from grader.learner import write_function

    def student(line: str, cell: str) -> None:
        print(write_function.write(Course(course_folder()), _folder(), line.strip(), cell))

    def undo(line: str) -> None:
        print(write_function.undo(Course(course_folder()), _folder(), line.strip()))

    def told(_shell: object, _kind: type, error: GraderError, *_: object, **__: object) -> None:
        print(f"error: {error.sentence()}", file=sys.stderr)

    shell.register_magic_function(student, "cell")
    shell.register_magic_function(undo, "line")
    shell.set_custom_exc((GraderError,), told)
