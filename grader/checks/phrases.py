"""Numbers, arrays, places and types as short pieces of a sentence."""

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.worker.outside.handles import Handle, what_is

_A_TYPE = {"str": "a text", "bool": "True or False", "dict": "a dict", "set": "a set", "bytes": "bytes", "ndarray": "an array"}


def number(value: float, digits: int = 4) -> str:
    """A number with a few significant digits: 0.5132, 1e-09, nan, 15."""
    whole = np.isfinite(value) and value == int(value) and abs(value) < 1e6
    return str(int(value)) if whole else f"{value:.{digits}g}"


def pair_of_numbers(given: float, expected: float) -> tuple[str, str]:
    """Both with as many digits as it takes to tell them apart."""
    for digits in (4, 6, 8, 10, 12, 14, 16, 17):
        texts = number(given, digits), number(expected, digits)
        if texts[0] != texts[1]:
            return texts
    return repr(given), repr(expected)


def array_text(array: np.ndarray) -> str:
    """A small array on one line: [[0.27 0.73]]."""
    if array.ndim == 0:
        return number(float(array)) if array.dtype.kind in "fiu" else str(array)
    if array.dtype.kind not in "fiu":
        return " ".join(np.array2string(array, threshold=24, max_line_width=10_000).split())
    inner = (array_text(part) if array.ndim > 1 else number(float(part)) for part in array)
    return f"[{' '.join(inner)}]"


def entry_is(what: str, index: Sequence[Any], verb: str) -> str:
    """One entry and a verb: "linear.dW[2, 1] is 5", or "The gradient is 5 at [2, 1]" if the name is not Python."""
    try:
        ast.parse(what, mode="eval")
    except SyntaxError:
        return f"{what} {verb} at {index_text(index)}"
    return f"{what}{index_text(index)} {verb}"


def index_text(index: Sequence[Any]) -> str:
    return "[" + ", ".join(str(int(i)) for i in index) + "]"


def entries(count: int, of: int) -> str:
    """ "All 12 entries", "3 of 12 entries", "The only entry"."""
    return f"{count} of {of} entries" if count < of else f"All {of} entries" if of > 1 else "The only entry"


def positions(mask: np.ndarray) -> str:
    """Where a mask holds: whole rows or columns by number, else the first place and how many there are."""
    if mask.all():
        return "everywhere"
    if mask.ndim == 2:
        for axis, name in ((1, "row"), (0, "column")):
            full, touched = mask.all(axis=axis), mask.any(axis=axis)
            if (full == touched).all():
                return f"throughout {name}{'s' if full.sum() > 1 else ''} {listed(np.flatnonzero(full))}"
    first = np.unravel_index(int(np.argmax(mask)), mask.shape)
    count = int(mask.sum())
    if count == 1:
        return f"at {index_text(first)}"
    return f"at {count} of {mask.size} entries, the first at {index_text(first)}"


def listed(values: Sequence[Any] | np.ndarray, most: int = 4) -> str:
    """ "1", "1 and 3", "0, 1, 2 and 5 more"."""
    texts = [str(int(v)) if isinstance(v, int | np.integer) else str(v) for v in values]
    if len(texts) == 1:
        return texts[0]
    if len(texts) > most:
        return f"{', '.join(texts[: most - 1])} and {len(texts) - most + 1} more"
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def type_phrase(value: object) -> str:
    """ "a tuple of 3 items", "a text ('abc')", "an object of class Loss"."""
    name = type(value).__name__
    if isinstance(value, list | tuple):
        return f"a {name} of {len(value)} item{'' if len(value) == 1 else 's'}"
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | float | np.number):
        return "a single number"
    if isinstance(value, Handle):
        what = what_is(value)
        return "an array of something other than plain numbers" if what.endswith(" ndarray") else what
    return _A_TYPE.get(name, f"a value of type {name}")
