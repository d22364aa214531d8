"""For checks of whole networks: fill a learner's MLP with known numbers, read it back, measure its slopes.

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

#: What should hold, and what was given, where a check needs a forward that at least tells classes apart.
FORWARD_FIRST = (
    "predict is looked at once forward gives one score for each row and class.",
    "The scores of model.forward(x) do not tell the classes apart yet.",
)

_STEP = 1e-5  # of central differences


def draw(case: Case, sizes: Sequence[int]) -> Parameters:
    """Weights as He would draw them, and biases that are not zero: no unit sits at the kink of a ReLU."""
    parameters = []
    for k, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        parameters.append(case.normal(f"W{k}", inputs, outputs, scale=float(np.sqrt(2 / inputs))))
        parameters.append(case.normal(f"b{k}", outputs, scale=0.3))
    return parameters


def filled(student: Any, case: Case, sizes: Sequence[int], last_class_wins: bool = False) -> tuple[Any, Parameters]:
    """A new MLP of the learner's that holds known numbers, and these numbers.

    last_class_wins : reorder the outputs, so that for many inputs the last one is the largest
    """
    parameters = draw(case, sizes)
    if last_class_wins:
        best = closed_form.forward(parameters, case.rng.normal(size=(200, sizes[0]))).argmax(axis=1)
        order = np.argsort(np.bincount(best, minlength=sizes[-1]))
        W, b = f"W{len(sizes) - 1}", f"b{len(sizes) - 1}"
        parameters[-2:] = [case.given(W, parameters[-2][:, order]), case.given(b, parameters[-1][order])]
    case.afresh(student)
    return holding(student, case, parameters), parameters


def holding(student: Any, case: Case, parameters: Sequence[Array]) -> Any:
    """A new MLP of the learner's that holds these numbers."""
    sizes = (len(parameters[0]), *(len(b) for b in parameters[1::2]))
    model = student.network.MLP(sizes, student.rng(case.seed))
    fill(student, case, model, parameters)
    return model


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


def refill(student: Any, case: Case, model: Any) -> Parameters:
    """Write new numbers into every layer that has weights, whatever its shape, and say what they are."""
    parameters = []
    for k, layer in enumerate(linear_layers(student, model), start=1):
        for name in ("W", "b"):
            array = case.normal(f"{name}{k}", *np.shape(getattr(layer, name)))
            student.fill(layer, name, array)
            parameters.append(array)
    case.require(parameters, "model.layers should hold layers with a W.", "It holds none.")
    return parameters


def linear_layers(student: Any, model: Any) -> list[Any]:
    """The layers that have weights, in order."""
    return [layer for layer in student.take(model.layers) if student.has(layer, "W")]


def parameters_of(student: Any, model: Any) -> Parameters:
    """W and b of every layer, by value."""
    return [array for layer in linear_layers(student, model) for array in (layer.W, layer.b)]


def gradients_of(student: Any, model: Any) -> Parameters:
    """dW and db of every layer, by value."""
    return [array for layer in linear_layers(student, model) for array in (layer.dW, layer.db)]


def tell_apart(logits: Any, shape: tuple[int, int]) -> bool:
    """Whether these are finite scores of that shape, not all alike in any row."""
    good = np.shape(logits) == shape and logits.dtype.kind == "f" and bool(np.isfinite(logits).all())
    return good and bool(np.all(np.ptp(logits, axis=1) > 0))


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
