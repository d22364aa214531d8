"""Two values -> a verdict in words: missing, type, shape, dtype, NaN or inf, values, and what the numbers show.

The first thing that does not fit ends the comparison. Sentences state what is there; none of them guesses a cause.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from grader.checks.difference import Mismatch, close, first_shown
from grader.checks.patterns import NUMBERS, SHAPES
from grader.checks.phrases import array_text, entries, entry_is, pair_of_numbers, positions, type_phrase


@dataclass(eq=False)
class Unmet(Exception):
    """What makes a check fail, in the words of a card.

    should     : what should hold
    gave       : what the submission gave
    looks_like : what the numbers show; empty if they show nothing in particular
    arrays     : role ("expected", "given") -> array, for pictures
    kind       : "missing", "type", "shape", "dtype", "not finite", "values" or "other": which step of the order failed
    complete   : `gave` says already what should be there
    compared   : (given, expected) of a comparison
    """

    should: str
    gave: str
    looks_like: str = ""
    _: KW_ONLY
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    kind: str = "other"
    complete: bool = False
    compared: tuple[object, ArrayLike] | None = None

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        """What was given, and what it looks like; failing that, what should hold, unless it was said."""
        return f"{self.gave} {self.looks_like or ('' if self.complete else self.should)}".strip()


def compare(
    given: object,
    expected: ArrayLike,
    what: str,
    *,
    should: str = "",
    rtol: float = 1e-10,
    atol: float | None = None,
    dtype: DTypeLike | None = None,
    counts: Mapping[str, int] | None = None,
    named: Mapping[str, np.ndarray] | None = None,
    earlier: Mapping[str, np.ndarray] | None = None,
    not_finite: str = "",
    layout: str = "",
) -> Unmet | None:
    """None if `given` is what was expected, else what is different, in words.

    given      : what the submission answered: anything
    expected   : number or array, finite
    what       : how the learner calls it, such as "layer.forward(x)"
    should     : what it should be, such as "x @ W + b"
    rtol, atol : largest |given - expected| - rtol * |expected| an entry may have; atol is a tenth of rtol times the
                 largest expected entry unless given
    dtype      : the dtype it must have; None: any real floating point type (a whole number will do for one number)
    counts     : sizes of this case by name ("rows", "classes", ...), to name ratios by
    named      : inputs by name, to recognise them in the answer
    earlier    : answers to earlier calls by name, to recognise what is left over from them
    layout     : what the axes mean, such as "one row per example, one column per unit"
    not_finite : a sentence for NaN or inf, such as "exp(1000) is more than a float can hold."
    """
    want = np.asarray(expected)
    one = want.ndim == 0
    promise = _promise(what, should, want)
    if problem := compare_type(given, what, promise, one=one, expected=want):
        return problem
    have = np.asarray(given)
    arrays = {"expected": want, "given": have}
    if have.shape != want.shape:
        meaning = f": {layout}" if layout else ""
        wanted = str(want.shape) if have.ndim and want.ndim else _shape_phrase(want)
        gave = f"{_returned(what)} {_shape_phrase(have)}; it should be {wanted}{meaning}."
        seen = first_shown(SHAPES, Mismatch(have, want)) if have.dtype.kind in "fiu" else ""
        promise = f"{what} should be {_shape_phrase(want)}{meaning}."
        return Unmet(promise, gave, seen, arrays=arrays, kind="shape", complete=True)
    if problem := compare_dtype(have, what, dtype, one=one, like=want):
        return problem
    have = have.astype(np.float64) if have.dtype.kind in "iu" else have
    finite = np.isfinite(have)
    if not finite.all():
        return Unmet(promise, _not_finite(what, have, finite), not_finite, arrays=arrays, kind="not finite")
    error = np.abs(have.astype(np.float64) - want)
    scale = float(np.abs(want).max(initial=0.0))
    allowed = rtol * np.abs(want) + (0.1 * rtol * scale if atol is None else atol)
    if np.all(error <= np.minimum(allowed, np.finfo(float).max)):  # where inf is expected, every answer is inf away
        return None
    mismatch = Mismatch(have, want.astype(np.float64), counts or {}, named or {}, earlier or {})
    seen = first_shown(NUMBERS, mismatch)
    told = _difference(what, have, want, error - allowed)
    return Unmet(promise, told, seen, arrays=arrays, kind="values", complete=not should)


def compare_type(given: object, what: str, promise: str, *, one: bool, expected: np.ndarray) -> Unmet | None:
    """Whether `given` is a number (or, unless `one`, an array) at all."""
    if given is None:
        seen = "A function that ends without `return` gives None." if what.endswith(")") else ""
        return Unmet(promise, f"{_returned(what)} None.", seen, kind="missing")
    is_number = isinstance(given, int | float | complex | np.number) and not isinstance(given, bool)
    if isinstance(given, np.ndarray) or is_number:
        return None
    seen = ""
    if isinstance(given, list | tuple) and given and isinstance(given[0], np.ndarray | float | np.number):
        first = np.asarray(given[0])
        if first.shape == expected.shape and close(first, expected):
            seen = "Its first item is the expected result."
    if isinstance(given, list) and not one and not seen:
        seen = "np.array(...) makes an array of a list."
    wanted = "one number" if one else "an array"
    return Unmet(promise, f"{_returned(what)} {type_phrase(given)}, not {wanted}.", seen, kind="type")


def compare_dtype(have: np.ndarray, what: str, dtype: DTypeLike | None, *, one: bool, like: np.ndarray) -> Unmet | None:
    """Whether the entries are of the type asked for: exactly `dtype`, or a real floating point type if it is None."""
    if dtype is not None:
        wanted = np.dtype(dtype)
        if have.dtype == wanted:
            return None
        seen = "float32 has about 7 digits, float64 about 16." if {have.dtype.name, wanted.name} == {"float32", "float64"} else ""
        return Unmet(f"{what} should be {wanted.name}.", f"{what} is of type {have.dtype.name}.", seen, kind="dtype")
    kinds = "fiu" if one or like.dtype.kind in "iu" else "f"
    if have.dtype.kind in kinds:
        return None
    seen = {"O": "It is an array of Python objects.", "c": "It is an array of complex numbers."}.get(have.dtype.kind, "")
    if have.dtype.kind in "iu":
        seen = "Whole numbers lose what comes after the decimal point."
    wanted_name = "whole numbers" if like.dtype.kind in "iu" else "floating point numbers"
    return Unmet(
        f"{what} should contain {wanted_name}.", f"{what} is of type {have.dtype.name}.", seen if not one else "", kind="dtype"
    )


def _promise(what: str, should: str, want: np.ndarray) -> str:
    if should:
        return f"{what} should be {should.rstrip('.')}."
    if want.size <= 6:
        return f"{what} should be {array_text(want)}."
    return f"{what} should have the expected values."


def _returned(what: str) -> str:
    return f"{what} returned" if what.endswith(")") else f"{what} is"


def _shape_phrase(array: np.ndarray) -> str:
    return "one number" if array.ndim == 0 else f"an array of shape {array.shape}"


def _not_finite(what: str, have: np.ndarray, finite: np.ndarray) -> str:
    if have.size <= 6:
        return f"{_returned(what)} {array_text(have)}."
    kinds = " and ".join(name for name, mask in (("nan", np.isnan(have)), ("inf", np.isinf(have))) if mask.any())
    return f"{_returned(what)} {kinds} {positions(~finite)}."


def _difference(what: str, have: np.ndarray, want: np.ndarray, excess: np.ndarray) -> str:
    """The values if they are few, else the worst entry and how many differ."""
    if have.ndim == 0:
        given, asked = pair_of_numbers(float(have), float(want))
        return f"{_returned(what)} {given}; it should be {asked}."
    worst = np.unravel_index(int(np.argmax(excess)), have.shape)
    given, asked = pair_of_numbers(float(have[worst]), float(want[worst]))
    differ = int((excess > 0).sum())
    if have.size <= 6:
        shown = array_text(have), array_text(want)
        if shown[0] != shown[1]:
            return f"{_returned(what)} {shown[0]}; it should be {shown[1]}."
    which = "" if differ == 1 else ", this one most"
    return (
        f"{entry_is(what, worst, f'is {given}')}; it should be {asked}. "
        f"{entries(differ, have.size)} {'differs' if differ == 1 else 'differ'}{which}."
    )
