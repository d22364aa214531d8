"""For checks of single layers: how their weights are drawn, and parameters overwritten in place."""

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.api import ROWS_FOR_COLUMNS, Earlier, Remote, Student, StudentError, Unmet, number, type_phrase


def expect_spread(W: object, std: float, what: str) -> None:
    """Independent random numbers around 0 with this standard deviation; normal or uniform is free.

    W    : thousands of numbers, so that 3 % is far beyond chance
    what : such as "W of Linear(400, 300)"
    """
    if not isinstance(W, np.ndarray) or W.dtype.kind != "f":
        raise Unmet(f"{what} should be an array of floats.", f"{what} is {type_phrase(W)}.", kind="type")
    should = f"{what} should be random around 0, with standard deviation {number(std)}."
    found, mean = float(np.std(W)), float(np.mean(W))
    if found == 0:
        raise Unmet(should, f"All entries of {what} are {number(mean)}.", kind="values")
    if not np.isfinite(found):
        raise Unmet(should, f"{what} contains nan or inf.", kind="not finite")
    different = 1 + np.count_nonzero(np.diff(np.sort(W, axis=None)))  # np.unique would import numpy.ma
    if different < 0.9 * W.size:
        ends = np.array([np.min(W), np.max(W)])
        cut = np.count_nonzero((W[..., None] == ends).any(axis=-1))
        shows = f"{cut} of them are {number(ends[0])} or {number(ends[1])}, and none is beyond: they are cut off there."
        shows = shows if ends[0] < 0 < ends[1] and cut > 0.05 * W.size else ""
        raise Unmet(should, f"{what} has {W.size} entries, but only {different} different ones.", shows, kind="values")
    if np.min(W) >= 0 or np.max(W) <= 0:
        sign = "negative" if np.min(W) >= 0 else "positive"
        raise Unmet(should, f"{what} has no {sign} entry.", kind="values")
    if abs(mean) > 6 * std / np.sqrt(W.size) + 1e-3 * std:
        raise Unmet(should, f"The mean of {what} is {number(mean)}.", kind="values")
    if abs(found - std) > 0.03 * std:
        seen = spread_shows(found, *W.shape) if W.ndim == 2 else ""
        gave = f"The standard deviation of {what} is {number(found)}; it should be {number(std)}."
        raise Unmet(should, gave, seen, kind="values", complete=True, compared=(found, std))


def spread_shows(found: float, inputs: int, units: int) -> str:
    """Which formula for the spread of a layer's weights gives the measured one, within 2 %; "" if none does."""
    formulas = {
        "sqrt(1 / in)": (1 / inputs) ** 0.5,
        "sqrt(2 / (in + out))": (2 / (inputs + units)) ** 0.5,
        "sqrt(4 / (in + out))": (4 / (inputs + units)) ** 0.5,
        "sqrt(1 / (2 * in))": (1 / (2 * inputs)) ** 0.5,
        "sqrt(2 / out)": (2 / units) ** 0.5,
        "sqrt(1 / out)": (1 / units) ** 0.5,
        "sqrt(2) / in": 2**0.5 / inputs,
        "2 / sqrt(in)": 2 / inputs**0.5,
        "2 / in": 2 / inputs,
        "1 / in": 1 / inputs,
        "sqrt(2 / in) / sqrt(3)": (2 / (3 * inputs)) ** 0.5,
        "sqrt(6 / in)": (6 / inputs) ** 0.5,
    }
    fits = [text for text, value in formulas.items() if abs(found - value) <= 0.02 * value]
    return f"That is {fits[0]}." if len(fits) == 1 else ""


def expect_equal_draws(first: ArrayLike, second: ArrayLike, what: str, when: str) -> None:
    """Two arrays that were drawn under equal conditions are equal.

    when : "the same seed twice"
    """
    if not np.array_equal(first, second):
        raise Unmet(
            f"With {when}, {what} should be the same twice.",
            f"With {when}, {what} is different.",
            "The result depends on something other than the given rng.",
        )


def expect_different_draws(first: ArrayLike, second: ArrayLike, what: str, when: str) -> None:
    """Two arrays that were drawn one after the other, or from different seeds, differ.

    when : "two different seeds"
    """
    if np.array_equal(first, second):
        raise Unmet(
            f"With {when}, {what} should differ.",
            f"With {when}, {what} is the same twice.",
            "The result does not depend on the given rng.",
        )


#: What the next call returns, for what is said to follow it.
RESULT = Earlier(0)


def fill_soon(student: Student, layer: Remote | Earlier, arrays: dict[str, np.ndarray]) -> None:
    """Say that `fill` follows the next request for each of these attributes: all of it goes in one message."""
    student.soon(*(("fill", layer, name, array) for name, array in arrays.items()))


def read_soon(student: Student, layer: Remote | Earlier, *names: str) -> None:
    """Say that these attributes are read after the next request, in this order: all of it goes in one message."""
    student.soon(*(("get", layer, name) for name in names))


def backward(student: Student, layer: Remote, dout: np.ndarray) -> object:
    """backward(dout), after which dW and db are read."""
    read_soon(student, layer, "dW", "db")
    return layer.backward(dout)


def fill(student: Student, layer: Remote, name: str, array: np.ndarray) -> None:
    """Overwrite a parameter in place; a bias kept as a row or a column takes it, too: its shape is another promise.

    raises : Unmet if the attribute holds no array of that size
    """
    try:
        student.fill(layer, name, array)
    except StudentError:
        held, what = getattr(layer, name), f"{layer.transcript_name()}.{name}"
        if not isinstance(held, np.ndarray):
            raise Unmet(f"{what} should be an array.", f"{what} is {type_phrase(held)}.", kind="type") from None
        if array.ndim == 1 and held.size == array.size:
            student.fill(layer, name, array.reshape(held.shape))
        elif held.shape == array.shape:
            raise
        else:
            seen = ROWS_FOR_COLUMNS if held.shape == array.shape[::-1] != array.shape else ""
            gave = f"{what} has the shape {held.shape}; it should be {array.shape}."
            should = f"{what} should have the shape {array.shape}."
            raise Unmet(should, gave, seen, kind="shape", complete=True) from None


def scaled(x: np.ndarray) -> dict[str, np.ndarray]:
    """What may have been done to inputs before they went in, by name; a column or a row that is all alike stays so."""
    centred = x - x.mean(axis=0)
    return {
        "a standardised x": (x - x.mean()) / x.std(),
        "an x whose columns were standardised": centred / np.maximum(centred.std(axis=0), 1e-8),
        "an x whose columns were centred": centred,
        "an x whose rows were divided by their lengths": x / np.linalg.norm(x, axis=1, keepdims=True),
        "an x divided by its largest entry": x / x.max(),
    }


def without_one(a: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    """a @ b without the first or the last term of each sum: which one -> the result."""
    return {"first": a[:, 1:] @ b[1:], "last": a[:, :-1] @ b[:-1]}
