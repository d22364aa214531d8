"""For checks of whole networks: fill a learner's MLP with known numbers, read it back, and compare where it moved to.

Parameters are lists [W1, b1, W2, b2, ...]. Arrays of a network are only ever written in place and read by value, so that
views, properties and slots work alike; layers with weights are those that have a `W`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from grader import closed_form
from grader.case import Case
from grader.closed_form import Array, Parameters
from grader.phrases import number, type_phrase
from grader.worker.proxy import Remote

MOVED = 1e-3  #: largest error of trained parameters, as a share of the way they went
CURVES = ("train_loss", "train_acc", "val_loss", "val_acc")

_STEP = 1e-5  # of central differences


def draw(case: Case, sizes: Sequence[int]) -> Parameters:
    """Weights as He would draw them, and biases that are not zero: no unit sits at the kink of a ReLU."""
    parameters = []
    for k, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        parameters.append(case.normal(f"W{k}", inputs, outputs, scale=float(np.sqrt(2 / inputs))))
        parameters.append(case.normal(f"b{k}", outputs, scale=0.3))
    return parameters


def filled(student: Any, case: Case, sizes: Sequence[int]) -> tuple[Any, Parameters]:
    """A new MLP of the learner's that holds known numbers, and these numbers."""
    parameters = draw(case, sizes)
    model = student.network.MLP(tuple(sizes), student.rng(case.seed))
    fill(student, case, model, parameters)
    return model, parameters


def fill(student: Any, case: Case, model: Any, parameters: Sequence[Array]) -> None:
    """Write known numbers into the Linear layers of a network, in place."""
    linear = linear_layers(student, model)
    wanted = len(parameters) // 2
    case.require(
        len(linear) == wanted,
        f"A network of {wanted + 1} sizes should have {many_layers(wanted)}.",
        f"{many_layers(len(linear))} with a W {'is' if len(linear) == 1 else 'are'} in model.layers.",
    )
    for k, layer in enumerate(linear):
        student.fill(layer, "W", parameters[2 * k])
        student.fill(layer, "b", parameters[2 * k + 1])


def linear_layers(student: Any, model: Any) -> list[Any]:
    """The layers that have weights, in order."""
    return [layer for layer in student.take(model.layers) if student.has(layer, "W")]


def parameters_of(student: Any, model: Any) -> Parameters:
    """W and b of every layer, by value."""
    return [array for layer in linear_layers(student, model) for array in (layer.W, layer.b)]


def gradients_of(student: Any, model: Any) -> Parameters:
    """dW and db of every layer, by value."""
    return [array for layer in linear_layers(student, model) for array in (layer.dW, layer.db)]


def names(count: int, prefix: str = "") -> list[str]:
    """W1, b1, W2, b2, ... (with prefix "d": dW1, db1, ...)."""
    return [f"{prefix}{'b' if k % 2 else 'W'}{k // 2 + 1}" for k in range(count)]


def many_layers(count: int) -> str:
    return f"{count} Linear layer{'' if count == 1 else 's'}"


# --- gradients --------------------------------------------------------------------------------------------------------


def slopes(
    parameters: Sequence[Array], array: Array, x: Array, dlogits: Array, entries: Sequence[tuple[int, ...]]
) -> tuple[Array, list[int]]:
    """Central differences of sum(dlogits * logits) by some entries of one of the parameters, or of x itself.

    array   : the array that is nudged: one of `parameters`, or `x`; as before afterwards
    returns : the slopes, and which of the entries are to be trusted: those where no ReLU switched on the way
    """
    measured, trusted = [], []
    for k, entry in enumerate(entries):
        kept, ends, patterns = array[entry], [], []
        for step in (_STEP, -_STEP):
            array[entry] = kept + step
            values = closed_form.activations(parameters, x)
            ends.append(float(np.sum(dlogits * values[-1])))
            patterns.append([value > 0 for value in values[1:-1]])
        array[entry] = kept
        if all(np.array_equal(a, b) for a, b in zip(*patterns)):
            trusted.append(k)
        measured.append((ends[0] - ends[1]) / (2 * _STEP))
    return np.array(measured), trusted


# --- training ---------------------------------------------------------------------------------------------------------


def distance(given: Sequence[Array], expected: Sequence[Array], start: Sequence[Array]) -> float:
    """How far `given` lies from `expected`, as a share of the way from `start` to `expected`."""
    way = closed_form.flat(expected) - closed_form.flat(start)
    off = closed_form.flat(given) - closed_form.flat(expected)
    return float(np.linalg.norm(off) / max(float(np.linalg.norm(way)), 1e-300))


def movement(given: Sequence[Array], expected: Sequence[Array], start: Sequence[Array]) -> str:
    """In a sentence, how the way that the parameters went compares with the way they should have gone."""
    way = closed_form.flat(expected) - closed_form.flat(start)
    went = closed_form.flat(given) - closed_form.flat(start)
    if not np.isfinite(went).all():
        return "There is nan or inf in the parameters."
    if not went.any():
        return "The parameters are what they were before training."
    still = [name for name, g, s in zip(names(len(given)), given, start) if np.array_equal(g, s)]
    if still:
        return f"{', '.join(still)} did not move."
    ratio = float(way @ went / (way @ way))
    if np.linalg.norm(went - ratio * way) <= 1e-6 * np.linalg.norm(went):
        return f"They went in the right direction, {number(ratio, 6)} times as far."
    worst = int(np.argmax([np.linalg.norm(g - e) for g, e in zip(given, expected)]))
    share = number(distance(given, expected, start), 3)
    return f"They end {share} of the way off, furthest in {names(len(given))[worst]}."


def expect_moved(
    case: Case, given: Sequence[Array], expected: Sequence[Array], start: Sequence[Array], what: str
) -> None:
    """Trained parameters are where they should be, but for a thousandth of the way they went."""
    same_shapes(case, given, expected, what)
    case.require(
        distance(given, expected, start) <= MOVED,
        f"{what}, every parameter should be where gradient descent by hand takes it.",
        f"{what}, they are somewhere else.",
        movement(given, expected, start),
    )


def same_shapes(case: Case, given: Sequence[Any], expected: Sequence[Array], what: str) -> None:
    """Parameters read back are arrays of the shapes that the network started with."""
    shapes = [np.shape(array) for array in given]
    wanted = [np.shape(array) for array in expected]
    numbers = all(isinstance(array, np.ndarray) and array.dtype.kind == "f" for array in given)
    case.require(
        shapes == wanted and numbers,
        f"{what}, W and b of all layers should be floating point arrays of shapes {wanted}.",
        f"{what}, their shapes are {shapes}.",
    )


def history(student: Any, case: Case, result: Any) -> dict[str, list[float]]:
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


def _curve(student: Any, case: Case, result: Any, name: str) -> list[float]:
    """One list of a history, which may itself have stayed in the worker."""
    values = result[name] if isinstance(result, dict) else student.fetch(student.item(result, name))
    if isinstance(values, Remote):
        values = student.take(values)
    should = f"history[{name!r}] should be a list with one float an epoch."
    plain = isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.ndim == 1)
    case.require(plain, should, f"history[{name!r}] is {_what(student, values)}.")
    for value in values:
        is_number = isinstance(value, int | float | np.number | np.ndarray) and not isinstance(value, bool)
        real = is_number and np.ndim(value) == 0 and np.asarray(value).dtype.kind in "fiu"
        case.require(real, should, f"history[{name!r}] holds {_what(student, value)}.")
    return [float(value) for value in values]


def _what(student: Any, value: Any) -> str:
    if isinstance(value, Remote):
        return f"an object of class {student.kind(value)}"
    return "None" if value is None else type_phrase(value)
