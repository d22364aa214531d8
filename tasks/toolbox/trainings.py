"""For checks of `train`: where the parameters ended, beside where they may end, and what the history says."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np

from grader.checks.api import Case, Remote, Student, Unmet, number, type_phrase

from . import closed_form
from .closed_form import Array, Parameters
from .networks import names

MOVED = 1e-3  #: largest error of trained parameters, as a share of the way they went
CURVES = ("train_loss", "train_acc", "val_loss", "val_acc")


def distance(given: Sequence[Array], expected: Sequence[Array], start: Sequence[Array]) -> float:
    """How far `given` lies from `expected`, as a share of the way from `start` to `expected`."""
    way = closed_form.flat(expected) - closed_form.flat(start)
    off = closed_form.flat(given) - closed_form.flat(expected)
    return float(np.linalg.norm(off) / max(float(np.linalg.norm(way)), 1e-300))


def nearest(given: Sequence[Array], possible: Array, start: Sequence[Array]) -> tuple[int, float]:
    """Which of the possible ends lies closest, and how far off `given` is, as a share of the way to it.

    possible : (S, P)   as `closed_form.epochs_possible` gives them
    """
    off = np.linalg.norm(possible - closed_form.flat(given), axis=1)
    way = np.linalg.norm(possible - closed_form.flat(start), axis=1)
    index = int(np.argmin(np.where(np.isfinite(off), off, np.inf)))
    return index, float(off[index] / max(float(way[index]), 1e-300))


def movement(given: Sequence[Array], expected: Sequence[Array], start: Sequence[Array]) -> str:
    """In a sentence, how the way that the parameters went compares with the way they should have gone."""
    way = closed_form.flat(expected) - closed_form.flat(start)
    went = closed_form.flat(given) - closed_form.flat(start)
    if not np.isfinite(went).all():
        return "There is nan or inf in the parameters."
    if not went.any():
        return "The parameters have not changed."
    still = [name for name, g, s in zip(names(len(given)), given, start) if np.array_equal(g, s)]
    if still:
        return f"{', '.join(still)} did not move."
    ratio = float(way @ went / (way @ way))
    if np.linalg.norm(went - ratio * way) <= 1e-6 * np.linalg.norm(went):
        side = "right" if ratio > 0 else "opposite"
        long = number(abs(ratio), 6)
        return f"The step has the {side} direction" + (f", and is {long} times as long as it should be." if long != "1" else ".")
    worst = int(np.argmax([np.linalg.norm(g - e) for g, e in zip(given, expected)]))
    return f"They are off by {share_of_the_way(distance(given, expected, start))}, most of all in {names(len(given))[worst]}."


def share_of_the_way(off: float) -> str:
    """How far off parameters are, in words: `57 % of the distance that they should have moved`."""
    share = f"{number(off, 2)} times" if off >= 10 else f"{number(100 * off, 2)} % of"
    return f"{share} the distance that they should have moved"


def expect_moved(case: Case, given: Sequence[Array], expected: Sequence[Array], start: Sequence[Array], what: str) -> None:
    """Trained parameters are where they should be, but for a thousandth of the way they went."""
    same_shapes(case, given, expected, what)
    case.require(
        distance(given, expected, start) <= MOVED,
        f"{what}, the parameters should be those of gradient descent by hand.",
        f"{what}, the parameters are different.",
        movement(given, expected, start),
    )


def expect_same(
    case: Case, given: Sequence[Array], expected: Sequence[Array], start: Sequence[Array], what: str, should: str
) -> None:
    """Two trainings that have to end at the same place did."""
    same_shapes(case, given, start, "After training")
    off = distance(given, expected, start)
    gave = f"{what} differ by {100 * off:.2g} % of the distance that they moved.".capitalize()
    case.require(off <= MOVED, f"{what} should be {should}.".capitalize(), gave)


def same_shapes(case: Case, given: Sequence[Any], expected: Sequence[Array], what: str) -> None:
    """Parameters read back are arrays of the shapes that the network started with."""
    shapes = [np.shape(array) for array in given]
    wanted = [np.shape(array) for array in expected]
    numbers = all(isinstance(array, np.ndarray) and array.dtype.kind == "f" for array in given)
    case.require(
        shapes == wanted and numbers,
        f"{what}, W and b of all layers should be floating point arrays of shapes {wanted}.",
        f"{what}, the shapes are {shapes}.",
    )


def odd_epoch(given: Sequence[Array], start: Parameters, data: Sequence[Any], batch_size: int, lr: float) -> str:
    """If one epoch ended where no right one can: another way of making it that ends there, in a sentence."""
    x, y = data[:2]
    rows = len(x)
    if np.array_equal(closed_form.flat(given), closed_form.flat(start)):
        return "They have not changed."
    candidates = [("one step on all rows together", [[list(range(rows))]])]
    cuts = list(closed_form.cuts(range(rows), batch_size))
    candidates.append(("leaving out the last, short batch", [cut[:-1] for cut in cuts]))
    candidates.append(("the first batch alone", [cut[:1] for cut in cuts]))
    for size in range(1, rows):
        if size != batch_size and rows <= 5:
            candidates.append((f"batches of {size}", list(closed_form.cuts(range(rows), size))))
    alone = closed_form.side_by_side(start, 1)
    for words, ways in candidates:
        if _is_among(given, closed_form.in_every_way(alone, x, y, ways, lr), start):
            return f"They are the result of {words}."
    if short := rows % batch_size:
        before = closed_form.in_every_way(alone, x, y, [cut[:-1] for cut in cuts], lr)
        last = np.array([cut[-1] for cut in cuts])
        if _is_among(given, closed_form.descend(before, x[last], y[last], lr * short / batch_size), start):
            return f"They are the result of dividing the short batch's gradient by {batch_size} instead of {short}."
    return ""


def _is_among(given: Sequence[Array], ends: Parameters, start: Sequence[Array]) -> bool:
    """Whether one of the networks side by side ended where `given` did."""
    possible = closed_form.in_rows(ends)
    off = np.linalg.norm(possible - closed_form.flat(given), axis=1)
    return bool(np.any(off <= MOVED * np.linalg.norm(possible - closed_form.flat(start), axis=1)))


@closed_form.remembered
def running_means(parameters: Parameters, x: Array, y: Array, batch_size: int) -> list[tuple[float, float]]:
    """The (loss, accuracy) that train may report of an epoch in which nothing moves.

    The mean over all rows, and for each way of batching the plain mean over the batches, short one included.
    """
    values = [closed_form.evaluate(parameters, x, y)]
    for cut in closed_form.cuts(range(len(x)), batch_size) if len(x) % batch_size else ():
        means = np.mean([closed_form.evaluate(parameters, x[batch], y[batch]) for batch in cut], axis=0)
        values.append((float(means[0]), float(means[1])))
    return values


def labels_in_another_order(given: Sequence[Array], start: Parameters, x: Array, y: Array, lr: float) -> str:
    """For which labels it is one step on all rows, if these are y in another order, as a sentence."""
    for order in sorted({*permutations(y.tolist())} - {tuple(y.tolist())}):
        if distance(given, closed_form.descend(start, x, np.array(order), lr), start) <= MOVED:
            return f"It is the step for the labels {[*order]}, not {y.tolist()}: those of other rows."
    return ""


@closed_form.remembered
def forgetting_rate(start: Parameters, x: Array, y: Array, guesses: Array, epochs: int) -> float:
    """The lr at which the accuracy on `guesses` falls furthest after the first epoch, all rows in one batch."""
    rates = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
    networks, found = closed_form.side_by_side(start, len(rates)), []
    for _ in range(epochs):
        networks = closed_form.descend(networks, x, y, rates[:, None, None])
        found.append(np.mean(closed_form.forward(networks, x).argmax(axis=-1) == guesses, axis=-1))
    return float(rates[np.argmax(found[0] - found[-1])])


def expect_curve(
    case: Case,
    curves: dict[str, list[float]],
    which: str,
    allowed: Sequence[tuple[float, float]],
    epochs: int,
    epoch: int | None = None,
) -> None:
    """The entries of `train_` or `val_` `loss` and `acc` are (loss, accuracy) as allowed, to the digits of float32.

    epoch : the entry to look at; all of them if None
    """
    for name, column in ((f"{which}_loss", 0), (f"{which}_acc", 1)):
        curve, values = curves[name], sorted({pair[column] for pair in allowed})
        case.require(
            len(curve) == epochs,
            f"history[{name!r}] should have {epochs} entries.",
            f"The length of history[{name!r}] is {len(curve)}.",
        )
        for k in range(epochs) if epoch is None else [epoch]:
            near = min(values, key=lambda value: abs(value - curve[k])) if np.isfinite(curve[k]) else values[0]
            good = np.isfinite(curve[k]) and abs(curve[k] - near) <= 1e-4 * max(1.0, abs(near))
            told = " or ".join(number(value, 6) for value in values[:2]) if len(values) <= 2 else number(near, 6)
            name_k, wanted = (f"history[{name!r}][{k}]", f"{told}, measured on {'x_val' if which == 'val' else 'x_train'}")
            if not good:
                gave = f"{name_k} is {number(curve[k], 6)}; it should be {wanted}."
                raise Unmet(f"{name_k} should be {wanted}.", gave, _ratio(curve[k], near, of_loss=column == 0), complete=True)


def _ratio(given: float, expected: float, of_loss: bool) -> str:
    """If one number is a small multiple of the other, a sentence that says so; of losses, any fraction of small numbers."""
    if not np.isfinite(given) or not expected or not given:
        return ""
    ratio = given / expected
    for factor in (ratio, 1 / ratio):
        if 1.5 < factor < 150 and abs(factor - round(factor)) < 1e-6 * factor:
            times = f"{round(factor)} times" if factor is ratio else f"1/{round(factor)} of"
            return f"The value is {times} what it should be."
    part = Fraction(ratio).limit_denominator(9)
    exact = of_loss and 0 < part.numerator < 10 and abs(ratio - part) < 1e-6 * ratio
    return f"The value is {part} of what it should be." if exact else ""


def history(student: Student, case: Case, result: object) -> dict[str, list[float]]:
    """What train returned, as plain lists of floats; it may be any kind of dict, and hold more.

    raises : Unmet, if it is no dict, lacks a list, or has something else than numbers in one
    """
    should = "train should return its history: a dict with the lists train_loss, train_acc, val_loss and val_acc."
    keys: list[Any] | None = None
    if isinstance(result, dict):
        keys = list(result)
    elif isinstance(result, Remote) and student.has(result, "keys"):
        keys = student.take(result)
    case.require(keys is not None, should, f"train returned {_what(student, result)}.")
    texts = [key for key in keys or [] if isinstance(key, str)]
    missing = [name for name in CURVES if name not in texts]
    case.require(not missing, should, f"The history has no {' and no '.join(missing)}: its keys are {texts}.")
    return {name: _curve(student, case, result, name) for name in CURVES}


def _curve(student: Student, case: Case, result: Any, name: str) -> list[float]:  # noqa: ANN401
    """One list of a history, which may itself have stayed in the worker."""
    values = result[name] if isinstance(result, dict) else student.fetch(student.item(result, name))
    if isinstance(values, Remote):
        values = student.take(values)
    should = f"history[{name!r}] should be a list with one float per epoch."
    plain = isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.ndim == 1)
    case.require(plain, should, f"history[{name!r}] is {_what(student, values)}.")
    for value in values:
        is_number = isinstance(value, int | float | np.number | np.ndarray) and not isinstance(value, bool)
        real = is_number and np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiu"
        case.require(real, should, f"history[{name!r}] is {_what(student, value)}.")
    return [float(value) for value in values]


def _what(student: Student, value: object) -> str:
    if isinstance(value, Remote):
        return f"an object of class {student.kind(value)}"
    return "None" if value is None else type_phrase(value)
