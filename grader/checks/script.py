"""From the steps of a check to Python that can be pasted: imports, inputs by name, calls."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from grader.paths import MODULES
from grader.worker.outside.transcript import ErrorInfo, Opaque, Step

__judges_values__ = True  # see grader.running.failures

T = TypeVar("T")
WRITTEN_OUT = 60  # entries of an array that are written out; beyond, its recipe
INLINE = 6  # entries of an array without a name that are written into the call
MOST_STEPS = 30
IN_A_FILE = 200  # entries of an array that are written out, or printed whole, in a file of its own


class Script:
    """The named inputs of one check, in the order in which they were made."""

    def __init__(self) -> None:
        self._named: dict[str, tuple[Any, str]] = {}
        self._by_id: dict[int, str] = {}
        self.begin = 0  #: steps before this one do not matter to what comes after

    def fresh(self, wish: str) -> str:
        """The name itself, or with a number if it is taken: x, x2, x3; W1, W1_2."""
        name, count, joint = wish, 2, "_" if wish[-1:].isdigit() else ""
        while name in self._named:
            name, count = f"{wish}{joint}{count}", count + 1
        return name

    def define(self, name: str, value: T, source: str = "") -> T:
        """Remember a value under a name, with the Python that makes it; returns the value."""
        self._named[name] = value, source
        if not isinstance(value, int | float | str | bool | type(None)):
            self._by_id[id(value)] = name  # `_named` keeps the value, so its id stays its own
        return value

    def arrays(self) -> dict[str, np.ndarray]:
        """All named arrays of numbers."""
        return {n: v for n, (v, _) in self._named.items() if isinstance(v, np.ndarray) and v.dtype.kind in "fiu"}

    def describe(self, value: object) -> str:
        """Python text for an argument: its name, part of a named array, a short literal, or what it is."""
        if id(value) in self._by_id:
            return self._by_id[id(value)]
        if isinstance(value, np.ndarray):
            part = self._part(value)
            if part:
                return part
            if value.size > INLINE:
                return self.describe_new(value)
            return literal(value, "")
        if isinstance(value, np.generic):
            return repr(value.item())
        if isinstance(value, list | tuple):
            inner = ", ".join(self.describe(item) for item in value)
            return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
        return repr(value)

    def describe_new(self, array: np.ndarray) -> str:
        """Give an array that has no name one, so that it can be written out above the calls."""
        name = self.fresh("array")
        self.define(name, array)
        return name

    def text(self, transcript: Sequence[Any]) -> str:
        """Imports, the inputs that the steps mention, and the steps."""
        steps = [step.text for step in transcript[self.begin :] if step.kind in _SHOWN]
        if len(steps) > MOST_STEPS:
            steps = [f"# ... {len(steps) - MOST_STEPS} steps before these", *steps[-MOST_STEPS:]]
        return self._whole(steps)

    def program(self, transcript: Sequence[Any], given: object = None, expected: ArrayLike | None = None) -> str:
        """The same to be run as it stands: it prints answers, and both sides of a comparison if `given` is made of one."""
        later = _words("\n".join(step.text for step in transcript[self.begin :]))
        begin = 0 if any(step.name in later for step in transcript[: self.begin]) else self.begin  # an example still used
        # The check went on without what raised before its end.
        steps = [
            s for s in transcript[begin:] if s.kind in _SHOWN and (s is transcript[-1] or not isinstance(s.outcome, ErrorInfo))
        ]
        made = [_made_of(given, step.outcome) if expected is not None and step.kind in _ANSWERS else "" for step in steps]
        last = max((k for k, how in enumerate(made) if how), default=-1)
        lines = [line for k, step in enumerate(steps) for line in _lines(step, made[k] * (k == last))]
        for item in [
            line for line in lines if re.fullmatch(r"\w+\[\d+\]", line)
        ]:  # that object, whatever the list contains later
            k, name = lines.index(item), re.sub(r"\W+", "_", item).strip("_")
            lines = [*lines[:k], f"{name} = {item}", *(line.replace(item, name) for line in lines[k + 1 :])]
        return self._whole(lines + _comparison(given, np.asarray(expected)) * (last >= 0), IN_A_FILE)

    def _whole(self, steps: list[str], most: int = WRITTEN_OUT) -> str:
        """Imports, the inputs that some lines mention, and the lines. most : entries of an array that are written out"""
        inputs = self._definitions("\n".join(steps), most)
        body = "\n".join([*inputs, *steps])
        used = [name for name in MODULES if re.search(rf"(?<![\w.]){name}\.", body)]
        head = ["import numpy as np"] if "np." in body else []
        head += [f"from student import {', '.join(used)}"] if used else []
        return "\n".join([*head, *([""] if head else []), *inputs, *steps])

    def _definitions(self, text: str, most: int) -> list[str]:
        """Those of the named inputs that a text mentions, directly or through one another."""
        wanted: set[str] = set()
        front = _words(text)
        while front:
            wanted |= front & set(self._named)
            front = {w for name in front & set(self._named) for w in _words(self._named[name][1])} - wanted
        sources = {name: self._source(name, most) for name in self._named if name in wanted}
        return [text if text.startswith("from ") else f"{name} = {text}" for name, text in sources.items()]

    def _source(self, name: str, most: int) -> str:
        value, source = self._named[name]
        if isinstance(value, np.ndarray) and (value.size <= most and not source):
            return literal(value, " " * len(f"{name} = np.array("))
        if source:
            return source
        if isinstance(value, np.ndarray):
            return f"...  # {value.dtype} array of shape {value.shape}"
        return repr(value)

    def _part(self, value: np.ndarray) -> str:
        """ "x.T" or "x[2:5]" if that is what the array is."""
        whole = value.base
        name = self._by_id.get(id(whole))
        if name is None or not isinstance(whole, np.ndarray) or whole.ndim != value.ndim or whole.dtype != value.dtype:
            return ""
        if value.ndim > 1 and (value.shape, value.strides) == (whole.shape[::-1], whole.strides[::-1]):
            return f"{name}.T" if value.size else ""
        rows = _rows(value, whole)
        return "" if rows is None else name if rows == slice(0, len(whole), 1) else f"{name}[{_slice(rows, len(whole))}]"


def _rows(value: np.ndarray, whole: np.ndarray) -> slice | None:
    """Which rows of an array another one is, as a slice of it; None if it is something else."""
    if not value.size or not whole.ndim or value.shape[1:] != whole.shape[1:] or value.strides[1:] != whole.strides[1:]:
        return None
    row = whole.strides[0]
    start = value.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    if row <= 0 or start % row or value.strides[0] < row:
        return None
    first, step = start // row, value.strides[0] // row
    return slice(first, min(first + step * (len(value) - 1) + 1, len(whole)), step)


def _slice(rows: slice, length: int) -> str:
    stop = rows.stop if rows.stop < length else ""
    return f"{rows.start or ''}:{stop}{f':{rows.step}' if rows.step > 1 else ''}"


#: Kinds of steps that the learner can repeat; the others are the grader's own bookkeeping.
_SHOWN = {"call", "attribute", "fetch", "take", "fill", "put", "item"}
#: Of these, the ones whose text is an expression.
_ANSWERS = _SHOWN - {"fill", "put"}


def literal(array: np.ndarray, indent: str) -> str:
    """A small array as Python, its rows below one another."""
    text = np.array2string(array, separator=", ", threshold=10**6, floatmode="unique", max_line_width=100_000)
    lines = [line.strip() for line in text.replace("nan", "np.nan").replace("inf", "np.inf").splitlines()]
    joined = f"\n{indent} ".join(line for line in lines if line) if indent else " ".join(lines)
    default = array.dtype in (np.dtype("f8"), np.dtype("i8"), np.dtype("?"))
    return f"np.array({joined}{'' if default else f', dtype=np.{array.dtype.name}'})"


def _lines(step: Step, how: str) -> list[str]:
    """A step in a program. how : Python that makes what was compared of its answer; "" if nothing was"""
    expr = f"list(itertools.islice({step.expr[5:-1]}, 1000))" if step.kind == "take" else step.expr
    silent = step.name or step.kind not in _ANSWERS or isinstance(step.outcome, Opaque)
    lines = [step.text if silent else f"print({f'{step.expr} ='!r}, {expr})"] * (not how or bool(step.name))
    return [*lines, f"got = {how.replace('answer', step.name or expr)}"] if how else lines


def _made_of(given: object, answer: object) -> str:
    """Python that makes what was compared of an answer; "" if the check made it in another way."""
    ways = [f"answer[{k}]" for k in range(len(answer))] if isinstance(answer, list | tuple) else []
    ways = _MADE if isinstance(answer, np.ndarray) and answer.ndim == 2 and len(answer) else ways
    with np.errstate(all="ignore"):
        made = ((how, eval(how, {"np": np, "answer": answer})) for how in ["answer", *ways])
        return next((how for how, value in made if value is given or _equal(value, given)), "")


#: What a check may have made of a matrix before it compared.
_MADE = ["answer[0]", "answer.ravel()", "answer.sum(axis=1)", "np.log(answer)", "answer.std()", "answer.mean()"]


def _equal(value: Any, given: Any) -> bool:  # noqa: ANN401
    return isinstance(value, np.ndarray | float | int) and isinstance(given, np.ndarray | float) and np.array_equal(value, given)


def _comparison(given: object, expected: np.ndarray) -> list[str]:
    """Lines that print both sides; of many entries the one where they differ most."""
    at: list[int] | str = ""
    if isinstance(given, np.ndarray) and given.shape == expected.shape and expected.size > IN_A_FILE:
        off = np.nan_to_num(np.abs(given.astype(np.float64) - expected), nan=np.inf)
        at = [int(k) for k in np.unravel_index(int(np.argmax(off)), off.shape)]
    wanted = literal(np.asarray(expected[tuple(at)]), " " * 18)
    return ["", f"wanted = {wanted}", f"print('got:', got{at}, 'wanted:', wanted, sep='\\n')"]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))
