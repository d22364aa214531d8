"""What a learner measures with: a module of the toolbox, run on the learner's own code in a confined worker.

The module has `run(student, case, data, seed, say)`, which returns plots, arrays to keep and whether all is well; `NEEDS`,
how the names of what has to be written begin; `SENT`, modules of the toolbox that the worker gets beside the learner's; and
`FIXTURE`, the name of the course's data that it is run with, if it needs any.
A module with several of them has `EXPERIMENTS`: name -> what has the question and `run`.
"""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from grader.checks.case import Case
from grader.checks.compare import Unmet
from grader.course.course import Course
from grader.course.skeleton import SKELETON, is_stub
from grader.course.source_spans import line_of
from grader.course.stage import PICTURES, TOOLBOX
from grader.course.toolbox import shared
from grader.errors import Refusal
from grader.files import replacing
from grader.running.interrupts import stoppable
from grader.running.limits import TimeLimits
from grader.submission import Submission, file_of
from grader.text import clean, visible
from grader.worker.outside.errors import StudentError
from grader.worker.outside.pool import WorkerPool

_SECONDS = 24 * 3600.0
_MOST_NAMED = 3


@stoppable()
def measure(
    name: str,
    course: Course,
    folder: Path,
    out: Path,
    sandbox: str,
    seed: int = 0,
    source: str | None = None,
    choose: Callable[[Any], Any] = lambda instrument: instrument,
    keep: Callable[[Path, Any, dict[str, Any]], None] | None = None,
) -> int:
    """Run one instrument on a submission, say what it says, and leave its plots in `out`; the exit status.

    source : other data than the course's own
    choose : which part of the instrument runs, once all that it needs is written
    keep   : what is done with the plots; they are drawn as files if nothing else is said
    raises : Refusal if something has to be written first, or stops it
    """
    if (instrument := shared(course.tasks, name)) is None:
        raise Refusal(f"{course.about.title} has nothing to do here: there is no {name}.py in its {TOOLBOX}/.")
    submission = course.read(folder)
    _refuse_stubs(course, submission, instrument.NEEDS)
    chosen = choose(instrument)
    images = _images(course, instrument, source)
    sent = {module: (course.tasks / TOOLBOX / file_of(module)).read_text("utf-8") for module in instrument.SENT}
    with WorkerPool(course.withheld, sandbox) as pool:
        for field in course.about.fixtures[instrument.FIXTURE].share if images is not None else ():
            pool.share(field, getattr(images, field))
        with pool.student(submission.replaced(sent), TimeLimits(_SECONDS, _SECONDS)) as student:
            student.use_names_of(course.about)
            student.listen(lambda text: print(visible(text), end="", flush=True))
            try:
                plots, arrays, well = chosen.run(student, Case(seed, "", name), images, seed, _say)
            except Unmet as unmet:
                raise Refusal(f"{unmet.gave} {unmet.should}") from None
            except StudentError as error:
                raise _refused(error, instrument.SENT) from None
    (keep or partial(_keep, course))(out, plots, arrays)
    return 0 if well else 1


def _say(line: str) -> None:
    print(visible(line), flush=True)


def _images(course: Course, instrument: ModuleType, source: str | None) -> object:
    """The fixture that it is run with, or one of a source that the course's own reader knows; None for who needs none."""
    if not (fixture := getattr(instrument, "FIXTURE", "")):
        return None
    if source is None:
        from grader.running.context import Data

        return getattr(Data(course), fixture)
    try:
        return instrument.images_from((course.reference or course.folder / SKELETON) / "data.py", source)
    except ValueError as problem:
        raise Refusal(str(problem)) from None


def _refuse_stubs(course: Course, submission: Submission, needs: tuple[str, ...]) -> None:
    """Say what is still to do, if it is what an instrument needs."""
    todo = []
    for name, stage in course.claimed_by().items():
        text = submission.modules.get(name.partition(".")[0], "")
        if name.startswith(needs) and is_stub(text, name, stage):
            todo.append(f"{name} ({submission.name}/{file_of(name.partition('.')[0])}, line {line_of(text, name)})")
    if todo:
        more = f" and {len(todo) - _MOST_NAMED} more" if len(todo) > _MOST_NAMED else ""
        raise Refusal(f"still to do first: {', '.join(todo[:_MOST_NAMED])}{more}. Remedy: make grade says which is next.")


def _refused(error: StudentError, sent: Iterable[str]) -> Refusal:
    """What stopped the learner's code, with their lines of it."""
    if error.type_name == "NotImplementedError":
        return Refusal(f"{clean(error.message).rstrip('.')}. It has to be written first.")
    own = [lines for lines in error.frames if lines.file not in map(file_of, sent)]
    for lines in own[-2:]:
        for number, text in enumerate(lines.lines, lines.first):
            mark = ">" if number in lines.marked else " "
            print(visible(f"{mark} {lines.file}, line {number}: {text}"), file=sys.stderr)
    return Refusal(str(error))


def _keep(course: Course, out: Path, plots: Iterable[Any], arrays: dict[str, Any]) -> None:
    """Draw the plots, and write the arrays to weights.npz."""
    out.mkdir(parents=True, exist_ok=True)
    if arrays:
        with replacing(out / "weights.npz") as file:
            np.savez(file, **arrays)
    if (files := shared(course.tasks, f"{PICTURES}.files")) is not None:
        files.save(plots, out, _say)


def write_page(course: Course, path: Path, plots: list[Any], **told: str) -> Path:
    """A page of an experiment in the style of the report: what was `told`, and the pictures."""
    from grader.files import write_atomically
    from grader.report.pages import HERE, environment, stylesheet
    from grader.report.pictures import draw, drawer
    from grader.report.svg import Drawings

    draws = drawer(course)
    shown = draw(draws.of_experiment(plots), Drawings(path.parent))[("", "")] if draws is not None else []
    page = environment(page_css=stylesheet(HERE / "learner.css")).get_template("experiment.html.j2")
    return write_atomically(path, page.render(told, about=course.about, pictures=shown))
