"""`repro.py`: a file that runs the learner's code as the check of the card ran it, in Python alone.

It prints what each call answered, and where one answer was compared with what it should be, both. There is none for a
check with something put in, one of hidden images, one that a limit ended, or one whose result was known before: such a file
would not show the numbers of the card.
"""

import contextlib
import os
from pathlib import Path

from grader.files import write_atomically
from grader.records import REPRO, NextStep
from grader.running.context import Context
from grader.text import clean

_BEGIN = Path(__file__).with_name("repro_begin.txt")


def write(context: Context, step: NextStep | None, folder: Path) -> Path | None:
    """Write the file for the check that the next step is about; what stood there before is gone in any case."""
    path = folder / REPRO
    path.unlink(missing_ok=True)
    text = program(context, step, path) if step is not None and context.submission.folder else ""
    return write_atomically(path, text) if text else None


def program(context: Context, step: NextStep, path: Path) -> str:
    """The text of the file; "" if there is none that shows the card's numbers."""
    name, stage, root = (step.stage, step.check), context.course.stage(step.stage), context.course.folder.resolve()
    result, make = context.state.results.get(name), context.state.programs.get(name)
    hidden = any("hidden" in check.fixtures for check in stage.checks if check.id == step.check)
    if result is None or result.state != "fail" or result.substituted or hidden or name in context.state.unrepeatable or not make:
        return ""
    student, here = Path(context.submission.folder or "").resolve(), path.resolve().parent
    file = path.resolve().relative_to(root) if here.is_relative_to(root) else path
    named = {"student": clean(student.name), "file": clean(str(file)), "check": step.check, "stage": step.stage}
    begin = _BEGIN.read_text("utf-8").format(**named, folder=os.path.relpath(student, here), root=os.path.relpath(root, here))
    body = make().removeprefix("import numpy as np\n")
    text = f"{begin}{body}\nprint('\\nThe card says:', {clean(result.message)!r})\n"
    with contextlib.suppress(SyntaxError):  # an input that no line of Python makes
        compile(text, REPRO, "exec")
        return text
    return ""
