"""The lines of `repro.py`: the steps of a check as a program that prints what they answer, and what the card says."""

from collections.abc import Sequence
from typing import Any

from grader.checks.api import ErrorInfo, Opaque, Step

#: Kinds of steps whose text is an expression.
_ANSWERS = {"call", "attribute", "fetch", "take", "item"}
BEGIN = """\
# Runs the code in {student}/ as {check} of stage {stage} ran it: python {file}
# It runs that code as it is, outside the sandbox of the grader. Each grade writes the file anew; what you change here is yours.
import copy
import sys
import types
from pathlib import Path

import numpy as np
from numpy import inf, nan

here = Path(__file__).resolve().parent
student = sys.modules["student"] = types.ModuleType("student")
student.__path__ = [str(here / {folder!r})]
sys.path[:0] = [*student.__path__, str(here / {root!r})]
np.set_printoptions(threshold=200, precision=12)

"""


def text(run: Any, message: str, step: Any, **places: str) -> str:
    """The whole file; "" if an input of the check is made by no line of Python.

    run     : of the check: its case and its transcript
    message : what the card says
    places  : student and file, as a reader knows them; folder and root, from where the file is
    """
    body = run.case.script(run.transcript, lines)
    whole = f"{BEGIN.format(check=step.check, stage=step.stage, **places)}{body}\nprint('\\nThe card says:', {message!r})\n"
    try:
        compile(whole, "repro.py", "exec")
    except SyntaxError:
        return ""
    return whole


def lines(steps: Sequence[Step]) -> list[str]:
    """A program of some steps, but for those that raised and that the check went on without."""
    kept = [step for k, step in enumerate(steps, start=1) if k == len(steps) or not isinstance(step.outcome, ErrorInfo)]
    return [_line(step) for step in kept]


def _line(step: Step) -> str:
    silent = step.name or step.kind not in _ANSWERS or isinstance(step.outcome, Opaque)
    return step.text if silent else f"print({f'{step.expr} ='!r}, {step.expr}, sep='\\n')"
