"""For checks of whole networks: fill a learner's MLP with known numbers, read it back, measure its slopes.

Parameters are lists [W1, b1, W2, b2, ...]. Arrays of a network are only ever written in place and read by value, so that
views, properties and slots work alike; layers with weights are those that have a `W`. Values count: a bias that is kept
as a row (1, units) is read as (units,), and layers are found in a mapping or in nested lists as well.
"""

import contextlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from grader.checks.api import FLOAT32_RTOL, Case, Earlier, Remote, Student, StudentError, type_phrase

from . import closed_form
from .closed_form import Array, Parameters
from .layers import RESULT
from .layers import fill as fill_one

#: What should hold, and what was given, where a check needs a forward that at least tells classes apart.
FORWARD_FIRST = (
    "predict is checked once forward returns one logit per row and class.",
    "The logits of model.forward(x) do not distinguish the classes yet.",
)

_STEP = 1e-5  # of central differences
_MOST = 1000  # layers that are looked at

Requests = list[tuple[Any, ...]]


def read_soon(student: Student, *reads: tuple[Any, ...], before: Requests | None = None) -> None:
    """Say what `read` asks of networks after the next request, so that all of it goes in one message.

    reads  : (network, how many layers with weights it has, their attributes), each time that something is read
    before : what else is asked before that
    """
    requests = before or []
    for model, count, *parts in reads:
        found = 2 + len(requests)  # the request that finds the layers
        layers = [(Earlier(found, layer), part) for layer in range(count) for part in parts]
        requests = [*requests, *_looking(model), *(("get", layer, part) for layer, part in layers)]
    student.soon(*requests)


def _filling(parameters: Sequence[Array]) -> Requests:
    """What `fill` asks of a network that is made with the next request."""
    layers = [(Earlier(2, k // 2), "b" if k % 2 else "W") for k in range(len(parameters))]
    return [*_looking(RESULT), *(("fill", layer, name, array) for (layer, name), array in zip(layers, parameters))]


def _looking(model: Remote | Earlier) -> Requests:
    return [("having", model, "layers", attribute, _MOST) for attribute in ("__iter__", "W")]


def draw(case: Case, sizes: Sequence[int]) -> Parameters:
    """Weights as He would draw them, and biases that are not zero: no unit sits at the kink of a ReLU."""
    parameters = []
    for k, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
        parameters.append(case.normal(f"W{k}", inputs, outputs, scale=float(np.sqrt(2 / inputs))))
        parameters.append(case.normal(f"b{k}", outputs, scale=0.3))
    return parameters


def filled(
    student: Student, case: Case, sizes: Sequence[int], last_class_wins: bool = False, read: Sequence[str] = ()
) -> tuple[Remote, Parameters]:
    """A new MLP of the learner's that holds known numbers, and these numbers.

    last_class_wins : reorder the outputs, so that for many inputs the last one is the largest, and for some the first
    read            : attributes of its layers that are read next
    """
    parameters = draw(case, sizes)
    if last_class_wins:
        best = closed_form.forward(parameters, case.rng.normal(size=(200, sizes[0]))).argmax(axis=1)
        order = np.argsort(np.bincount(best, minlength=sizes[-1]))
        order = np.array([*order[-2:-1], *order[:-2], order[-1]])
        W, b = f"W{len(sizes) - 1}", f"b{len(sizes) - 1}"
        parameters[-2:] = [case.given(W, parameters[-2][:, order]), case.given(b, parameters[-1][order])]
    case.start_new_example(student)
    return holding(student, case, parameters, read), parameters


def holding(student: Student, case: Case, parameters: Sequence[Array], read: Sequence[str] = ()) -> Remote:
    """A new MLP of the learner's that holds these numbers; `read` as for `filled`."""
    sizes = (len(parameters[0]), *(len(b) for b in parameters[1::2]))
    read_soon(student, *([(RESULT, len(sizes) - 1, *read)] if read else ()), before=_filling(parameters))
    model: Remote = student.network.MLP(sizes, student.rng(case.seed))
    fill(student, case, model, parameters)
    return model


def fill(student: Student, case: Case, model: Remote, parameters: Sequence[Array]) -> None:
    """Write known numbers into the Linear layers of a network, in place."""
    linear = linear_layers(student, model)
    wanted = len(parameters) // 2
    case.require(
        len(linear) == wanted,
        f"A network of {wanted + 1} sizes should have {many_layers(wanted)}.",
        f"{many_layers(len(linear))} with a W {'is' if len(linear) == 1 else 'are'} in model.layers.",
    )
    places = [(layer, name) for layer in linear for name in ("W", "b")]
    writes = [(layer, name, array) for (layer, name), array in zip(places, parameters)]
    try:
        student.fill_all(writes)
    except StudentError:  # one by one: a bias kept as a row takes its numbers, and what does not fit is named
        for layer, name, array in writes:
            fill_one(student, layer, name, array)


def refilled(student: Student, case: Case, sizes: Sequence[int]) -> tuple[Remote, Parameters]:
    """A new MLP of the learner's with new numbers in every layer that has weights, whatever its shape, and these numbers."""
    shapes = [shape for inputs, outputs in pairwise(sizes) for shape in ((inputs, outputs), (outputs,))]
    parameters = [case.normal(name, *shape) for name, shape in zip(names(len(shapes)), shapes)]
    student.soon(*_filling(parameters))
    model: Remote = student.network.MLP(sizes, student.rng(case.seed))
    places = [(layer, name) for layer in linear_layers(student, model) for name in ("W", "b")]
    case.require(places, "model.layers should contain layers with a W.", "It has none.")
    with contextlib.suppress(StudentError):
        if len(places) == len(parameters):
            student.fill_all([(*place, array) for place, array in zip(places, parameters)])
            return model, parameters
    for k, (layer, name) in enumerate(places):  # other shapes than the usual ones, or more layers, or fewer
        array, shape = parameters[k] if k < len(parameters) else np.empty(0), np.shape(getattr(layer, name))
        name_k, fits = f"{name}{k // 2 + 1}", array.size == np.prod(shape)
        array = case.given(name_k, array.reshape(shape)) if fits else case.normal(name_k, *shape)
        student.fill(layer, name, array)
        parameters[k : k + 1] = [array]
    return model, as_vectors(parameters[: len(places)])


def linear_layers(student: Student, model: Remote) -> list[Remote]:
    """The layers that have weights, in order."""
    nested, weighted = student.having(model, "layers", "__iter__", "W")
    if not nested:
        return weighted
    layers = layers_of(student, model)
    return [layer for layer, has in zip(layers, student.have(layers, "W")) if has]


def layers_of(student: Student, model: Remote, *read: str) -> list[Remote]:
    """Every layer, with weights or without, in order. read : attributes that are read next of those with weights"""
    held = model.layers
    return flattened(student, held if isinstance(held, list | tuple) else student.ref(model, "layers"), read=read)


def flattened(student: Student, held: object, deep: int = 4, read: Sequence[str] = ()) -> list[Remote]:
    """The objects in a list or a mapping, in order, and those in such items of it, so many levels deep; `read` as for `layers_of`."""
    items = _items(held)
    objects = [item for item in items if isinstance(item, Remote)]
    likely, then = _of_layers(objects, read)
    bare = [item for item, has in zip(objects, student.have(objects, "W", *likely, *then)) if not has]
    inner = {id(item) for item, has in zip(bare, student.have(bare, "__iter__", *then)) if has and deep}
    layers: list[Remote] = []
    for item in items:
        if id(item) in inner:
            item = student.take(item.values() if student.has(item, "values") else item)
        layers += flattened(student, item, deep - 1) if isinstance(item, dict | list | tuple) else _items(item)
    return layers


def _of_layers(objects: Sequence[Remote], read: Sequence[str]) -> tuple[Requests, Requests]:
    """What `flattened` asks of a list of layers, of which every second one has weights, and what is asked after that."""
    weights, values = [("has", item, "W") for item in objects], [("get", item, name) for item in objects[::2] for name in read]
    return [("has", item, "__iter__") for item in objects[1::2]], [*weights, *values]


def _items(held: object) -> list[Any]:
    """The items of a list or a mapping; else the object itself, if it is one in the worker."""
    if isinstance(held, dict):
        return list(held.values())
    return list(held) if isinstance(held, list | tuple) else [held] * isinstance(held, Remote)


def parameters_of(student: Student, model: Remote) -> Parameters:
    """W and b of every layer, by value."""
    return read(student, model, "W", "b")


def gradients_of(student: Student, model: Remote) -> Parameters:
    """dW and db of every layer, by value."""
    return read(student, model, "dW", "db")


def read(student: Student, model: Remote, *parts: str) -> Parameters:
    """Attributes of every layer with weights, by value; every second one is a bias, or its gradient."""
    return as_vectors(student.read([(layer, name) for layer in linear_layers(student, model) for name in parts]))


def listed(student: Student, case: Case, given: object, what: str, names: Sequence[str]) -> list[Any]:
    """What parameters() or gradients() returned, as a list like [W1, b1, ...].

    raises : Unmet if it is not as many arrays as there are names, or no list of anything
    """
    mapping = is_mapping(student, given)
    is_list = f"{what} should return the list [{', '.join(names[:4])}{', ...' * (len(names) > 4)}]."
    case.require(not mapping, is_list, f"{what} returned {type_phrase(given)}.")
    arrays = student.take(given)
    should = f"{what} should be the {len(names)} arrays {', '.join(names)}."
    shapes = f", of shapes {', '.join(str(np.shape(array)) for array in arrays)}" if len(arrays) <= len(names) else ""
    case.require(len(arrays) == len(names), should, f"{what} has {len(arrays)} arrays{shapes}.")
    return as_vectors(arrays)


def is_mapping(student: Student, given: object) -> bool:
    return isinstance(given, dict) or (isinstance(given, Remote) and student.has(given, "keys"))


def as_vectors(arrays: Sequence[Any]) -> list[Any]:
    """[W1, b1, W2, b2, ...] or their gradients, each b that is a row (1, units) as (units,)."""
    return [array[0] if k % 2 and np.ndim(array) == 2 and len(array) == 1 else array for k, array in enumerate(arrays)]


def precision(student: Student, model: Remote, exact: float) -> float:
    """The relative error that a network is allowed: `exact`, or that of float32 if this is what its weights are."""
    (W,) = student.read([(layer, "W") for layer in linear_layers(student, model)[:1]])
    return FLOAT32_RTOL if isinstance(W, np.ndarray) and W.dtype == np.float32 else exact


def tell_apart(logits: object, shape: tuple[int, int]) -> bool:
    """Whether these are finite scores of that shape, not all alike in any row."""
    if not isinstance(logits, np.ndarray) or logits.shape != shape or logits.dtype.kind != "f":
        return False
    return bool(np.isfinite(logits).all() and np.all(np.ptp(logits, axis=1) > 0))


def names(count: int, prefix: str = "") -> list[str]:
    """W1, b1, W2, b2, ... (with prefix "d": dW1, db1, ...)."""
    return [f"{prefix}{'b' if k % 2 else 'W'}{k // 2 + 1}" for k in range(count)]


def many_layers(count: int) -> str:
    return f"{count} Linear layer{'' if count == 1 else 's'}"


# --- gradients --------------------------------------------------------------------------------------------------------


def slopes(
    parameters: Sequence[Array], array: Array, values: Sequence[Array], dlogits: Array, entries: Sequence[tuple[int, ...]]
) -> tuple[Array, list[int]]:
    """Central differences of sum(dlogits * logits) by some entries of one of the parameters, or of x itself.

    The layer that the entry belongs to is linear in it, so that a step there moves its output by the step times what the
    entry is multiplied with. From there on all steps go through the rest of the network side by side.

    array   : the array that is nudged: one of `parameters`, or x
    values  : what the layers are given and give, x first, as `closed_form.activations` has it
    returns : the slopes, and which of the entries are to be trusted: those where no ReLU switched on the way
    """
    place = next((k for k, parameter in enumerate(parameters) if parameter is array), -1)
    layer = max(place, 0) // 2
    inputs, W, b = values[layer], *parameters[2 * layer : 2 * layer + 2]
    moved = np.zeros((len(entries), len(inputs), len(b)))  # what a step of 1 would add to the layer's output
    each, first, last = range(len(entries)), *np.array(entries).T[[0, -1]]
    if place < 0:
        moved[each, first] = W[last]
    else:
        moved[each, :, last] = 1.0 if place % 2 else inputs[:, first].T
    ends = inputs @ W + b + _STEP * np.stack([moved, -moved])  # (2, entries, rows, units)
    trusted = np.ones(len(entries), bool)
    if rest := parameters[2 * layer + 2 :]:
        after = closed_form.activations(rest, np.maximum(ends, 0.0))
        for on in [ends > 0, *(value > 0 for value in after[1:-1])]:
            trusted &= (on[0] == on[1]).all(axis=(1, 2))
        ends = after[-1]
    sums = np.sum(dlogits * ends, axis=(2, 3))
    return (sums[0] - sums[1]) / (2 * _STEP), np.flatnonzero(trusted).tolist()
