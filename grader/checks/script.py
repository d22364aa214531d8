"""From the steps of a check to Python that can be pasted: imports, inputs by name, calls."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
WRITTEN_OUT = 60  # entries of an array that are written out; beyond, its recipe
INLINE = 6  # entries of an array without a name that are written into the call
MOST_STEPS = 30
IN_A_FILE = 200  # entries of an array that are written out in a file of its own


class Script:
    """The named inputs of one check, in the order in which they were made.

    modules : of the course, in the order in which they are imported
    """

    def __init__(self, modules: Sequence[str] = ()) -> None:
        self._modules = modules
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
            if part := self._part(value):
                return part
            if value.size <= INLINE:
                return literal(value, "")
            name = self.fresh("array")  # so that it can be written out above the calls
            self.define(name, value)
            return name
        if isinstance(value, np.generic):
            return repr(value.item())
        if isinstance(value, list | tuple):
            inner = ", ".join(self.describe(item) for item in value)
            return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
        return repr(value)

    def text(self, transcript: Sequence[Any], lines: Callable[[Sequence[Any]], list[str]] | None = None) -> str:
        """Imports, the inputs that the steps mention, and the steps; with `lines`, which are made of them, for a file."""
        if lines:
            later = _words("\n".join(step.text for step in transcript[self.begin :]))
            begin = 0 if any(step.name in later for step in transcript[: self.begin]) else self.begin  # an example still used
            return self._whole(lines([step for step in transcript[begin:] if step.kind in _SHOWN]), IN_A_FILE)
        steps = [step.text for step in transcript[self.begin :] if step.kind in _SHOWN]
        if len(steps) > MOST_STEPS:
            steps = [f"# ... {len(steps) - MOST_STEPS} steps before these", *steps[-MOST_STEPS:]]
        return self._whole(steps)

    def _whole(self, steps: list[str], most: int = WRITTEN_OUT) -> str:
        """Imports, the inputs that some lines mention, and the lines. most : entries of an array that are written out"""
        inputs = self._definitions("\n".join(steps), most)
        body = "\n".join([*inputs, *steps])
        used = [name for name in self._modules if re.search(rf"(?<![\w.]){name}\.", body)]
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
        if source or not isinstance(value, np.ndarray):
            return source or repr(value)
        if value.size <= most:
            return literal(value, " " * len(f"{name} = np.array("))
        return f"...  # {value.dtype} array of shape {value.shape}"

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


def literal(array: np.ndarray, indent: str) -> str:
    """A small array as Python, its rows below one another."""
    text = np.array2string(array, separator=", ", threshold=10**6, floatmode="unique", max_line_width=100_000)
    lines = [line.strip() for line in text.replace("nan", "np.nan").replace("inf", "np.inf").splitlines()]
    joined = f"\n{indent} ".join(line for line in lines if line) if indent else " ".join(lines)
    default = array.dtype in (np.dtype("f8"), np.dtype("i8"), np.dtype("?"))
    return f"np.array({joined}{'' if default else f', dtype=np.{array.dtype.name}'})"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))
