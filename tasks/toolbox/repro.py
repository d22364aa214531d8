"""The lines of `repro.py`: the steps of a check as a program that prints what they answer and, where an answer was compared
with what it should be, both sides.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.checks.api import ErrorInfo, Opaque, Step, literal

BEGIN = Path(__file__).with_name("repro_begin.txt").read_text("utf-8")
FEW = 200  #: entries of an array that are written out, or printed whole
#: Kinds of steps whose text is an expression.
_ANSWERS = {"call", "attribute", "fetch", "take", "item"}
#: What a check may have made of a matrix before it compared.
_MADE = ["answer[0]", "answer.ravel()", "answer.sum(axis=1)", "np.log(answer)", "answer.std()", "answer.mean()"]


def text(run: Any, message: str, step: Any, **places: str) -> str:  # noqa: ANN401
    """The whole file; "" if an input of the check is made by no line of Python.

    run     : of the check: its case, its transcript, and the failure that ended it
    message : what the card says
    places  : student and file, as a reader knows them; folder and root, from where the file is
    """
    compared = getattr(run.failure, "compared", None)
    body = run.case.script(run.transcript, lambda steps: lines(steps, compared))
    begin = BEGIN.format(check=step.check, stage=step.stage, **places)
    whole = f"{begin}{body}\nprint('\\nThe card says:', {message!r})\n"
    try:
        compile(whole, "repro.py", "exec")
    except SyntaxError:
        return ""
    return whole


def lines(steps: Sequence[Step], compared: tuple[Any, Any] | None) -> list[str]:
    """A program of some steps.

    compared : (given, expected) of the comparison that failed, if that is why the check did
    """
    # The check went on without what raised before its end.
    steps = [step for k, step in enumerate(steps, start=1) if k == len(steps) or not isinstance(step.outcome, ErrorInfo)]
    made = [_made_of(compared[0], step.outcome) if compared and step.kind in _ANSWERS else "" for step in steps]
    last = max((k for k, how in enumerate(made) if how), default=-1)
    program = [line for k, step in enumerate(steps) for line in _lines(step, made[k] if k == last else "")]
    program = _with_items_named(program)
    return program + (_comparison(compared[0], np.asarray(compared[1])) if compared and last >= 0 else [])


def _with_items_named(program: list[str]) -> list[str]:
    """The lines with a name for each item of a list that is asked for: it is that object, whatever the list contains later."""
    for item in [line for line in program if re.fullmatch(r"\w+\[\d+\]", line)]:
        k, name = program.index(item), re.sub(r"\W+", "_", item).strip("_")
        program = [*program[:k], f"{name} = {item}", *(line.replace(item, name) for line in program[k + 1 :])]
    return program


def _lines(step: Step, how: str) -> list[str]:
    """A step in a program.

    how : Python that makes what was compared of its answer; "" if nothing was
    """
    expr = f"list(itertools.islice({step.expr[5:-1]}, 1000))" if step.kind == "take" else step.expr
    silent = step.name or step.kind not in _ANSWERS or isinstance(step.outcome, Opaque)
    shown = [] if how and not step.name else [step.text if silent else f"print({f'{step.expr} ='!r}, {expr})"]
    return [*shown, f"got = {how.replace('answer', step.name or expr)}"] if how else shown


def _made_of(given: object, answer: object) -> str:
    """Python that makes what was compared of an answer; "" if the check made it in another way."""
    ways = ["answer"]
    if isinstance(answer, list | tuple):
        ways += [f"answer[{k}]" for k in range(len(answer))]
    elif isinstance(answer, np.ndarray) and answer.ndim == 2 and len(answer):
        ways += _MADE
    with np.errstate(all="ignore"):
        made = ((how, eval(how, {"np": np, "answer": answer})) for how in ways)
        return next((how for how, value in made if value is given or _equal(value, given)), "")


def _equal(value: object, given: object) -> bool:
    numbers = isinstance(value, np.ndarray | float | int) and isinstance(given, np.ndarray | float | int)
    return numbers and np.array_equal(np.asarray(value), np.asarray(given))


def _comparison(given: object, expected: np.ndarray) -> list[str]:
    """Lines that print both sides; of many entries the one where they differ most."""
    place: tuple[int, ...] = ()
    if isinstance(given, np.ndarray) and given.shape == expected.shape and expected.size > FEW:
        off = np.nan_to_num(np.abs(given.astype(np.float64) - expected), nan=np.inf)
        place = tuple(int(k) for k in np.unravel_index(int(np.argmax(off)), off.shape))
    wanted = literal(np.asarray(expected[place]), " " * 18)
    return ["", f"wanted = {wanted}", f"print('got:', got{list(place) or ''}, 'wanted:', wanted, sep='\\n')"]
