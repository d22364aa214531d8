"""`repro.py`: a file that runs the learner's code as the check of the card ran it, in Python alone.

There is none for a check with something put in, of hidden data, ended by a limit, or known from before: it would not show the
numbers of the card.
"""

import os
from pathlib import Path

from grader.course.toolbox import shared
from grader.files import write_atomically
from grader.records import REPRO, NextStep
from grader.running.context import Context
from grader.text import clean, clean_name


def write(context: Context, step: NextStep | None, out: Path) -> Path | None:
    """Write the file for the check that the next step is about, if there is one that shows its numbers; an older one is gone."""
    path, state, known = out / REPRO, context.state, shared(context.course.tasks, "repro")
    path.unlink(missing_ok=True)
    if step is None or context.submission.folder is None or known is None:
        return None
    name, root, here = (step.stage, step.check), context.course.folder.resolve(), out.resolve()
    result, run = state.results.get(name), state.executions.get(name)
    hidden = step.check in context.course.with_hidden_data
    if result is None or result.state != "fail" or result.substituted or hidden or name in state.unrepeatable or run is None:
        return None
    student = context.submission.folder.resolve()
    file = clean_name(str(here.relative_to(root) / REPRO if here.is_relative_to(root) else path), 2000)
    relative = {"folder": os.path.relpath(student, here), "root": os.path.relpath(root, here)}
    text = known.text(run, clean(result.message), step, student=clean_name(student.name), file=file, **relative)
    return write_atomically(path, text) if text else None
