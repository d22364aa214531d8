"""Sent into the worker beside a learner's modules: a model and a loss whose backward is answered elsewhere.

No backward rule is in here, neither a right one nor any other: there is nothing to read. Forward is right in every network,
so it is worked out here, and told along with the next question. So are W and b, and writing into them changes the answer; dW
and db are new arrays after each backward.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Given: TypeAlias = Any  #: what comes from elsewhere
Place: TypeAlias = int | str  #: index of a layer, "model" or "loss"
#: (place; "forward" or "backward"; its arguments; W and b of all layers, None for what is as it was told last; the last
#: forward of each place since the last question, with its arguments; how many forwards there were) -> what it returns
Ask = Callable[[Place, str, list[Array], list[Array | None], list[Given], int], Given]

_FLOAT, _LABEL = np.dtype(np.float64), np.dtype(np.int64)


class Asked:
    """Asks for one network, and remembers what the other side does not know of.

    most   : forwards that are worked out here; the other side refuses any more
    layers : those that have W and b, once they are made
    """

    def __init__(self, ask: Ask, parameters: list[Array], most: int) -> None:
        self._ask, self._most, self.layers = ask, most, list[Any]()
        self._told: list[Given] = [array.copy() for array in parameters]
        self._since: dict[Place, Given] = {}
        self._count = 0

    def __call__(self, place: Place, what: str, given: list[Array]) -> Given:
        since, count = [*self._since.values()], self._count
        self._since, self._count = {}, 0
        held: list[Given] = [getattr(layer, name, None) for layer in self.layers for name in ("W", "b")]
        held = [None if _as_told(array, told) else array for array, told in zip(held, self._told)]
        self._told = [told if array is None else np.copy(array) for array, told in zip(held, self._told)]
        return self._ask(place, what, given, held, since, count)

    def forward(self, place: Place, given: list[Array], value: Given, through: Sequence[Array] = ()) -> Given:
        """What forward returns: the value, if the arguments are of the kind that the contract has; else what is answered.

        through : of the model, what went into each layer
        """
        if value is None or self._count >= self._most:
            return self(place, "forward", given)
        self._count += 1
        if place == "model":
            self._since |= {k: [k, [inputs.copy()]] for k, inputs in enumerate(through)}
        else:
            self._since[place] = [place, [array.copy() for array in given]]
        return value


def _as_told(array: object, told: Array) -> bool:
    return type(array) is np.ndarray and array.dtype is told.dtype and np.array_equal(array, told)


def _is(array: object, rows: bool, *shape: int) -> bool:
    """Whether this is float64 of a shape, or some rows of it."""
    return type(array) is np.ndarray and array.dtype is _FLOAT and array.shape[rows:] == shape and array.size > 0


class Linear:
    """W (in, out), b (out,), dW and db."""

    def __init__(self, asked: Asked, index: int, W: Array, b: Array) -> None:
        self._asked, self._index, self._shape, self.W, self.b = asked, index, W.shape, W, b
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def forward(self, x: Array) -> Given:
        return self._asked.forward(self._index, [x], self.worked_out(x))

    def backward(self, dout: Array) -> Given:
        self.dW, self.db, dx = self._asked(self._index, "backward", [dout])
        return dx

    def worked_out(self, x: Array) -> Array | None:
        W, b, (width, units) = self.W, self.b, self._shape
        usual = _is(x, True, width) and _is(W, False, width, units) and _is(b, False, units)
        return x @ W + b if usual else None


class ReLU:
    """It has neither W nor b."""

    def __init__(self, asked: Asked, index: int, width: int) -> None:
        self._asked, self._index, self._width = asked, index, width

    def forward(self, x: Array) -> Given:
        return self._asked.forward(self._index, [x], self.worked_out(x))

    def backward(self, dout: Array) -> Given:
        (dx,) = self._asked(self._index, "backward", [dout])
        return dx

    def worked_out(self, x: Array) -> Array | None:
        return np.where(x > 0, x, 0.0) if _is(x, True, self._width) else None


class MLP:
    """Its layers are shells, too; backward sets their dW and db."""

    def __init__(self, asked: Asked, layers: list[Any]) -> None:
        self._asked, self._made, self.layers = asked, [*layers], layers

    def forward(self, x: Array) -> Given:
        value, through = x if self.layers == self._made else None, list[Any]()
        for layer in self._made:
            through.append(value)
            value = layer.worked_out(value)
        return self._asked.forward("model", [x], value, through)

    def backward(self, dlogits: Array) -> Given:
        *gradients, dx = self._asked("model", "backward", [dlogits])
        for layer in self._linear():
            layer.dW, layer.db, *gradients = gradients
        return dx

    def parameters(self) -> list[Array]:
        return [array for layer in self._linear() for array in (layer.W, layer.b)]

    def gradients(self) -> list[Array]:
        return [array for layer in self._linear() for array in (layer.dW, layer.db)]

    def predict(self, x: Array) -> Given:
        scores = self.forward(x)
        return scores.argmax(axis=1)

    def _linear(self) -> list[Any]:
        return [layer for layer in self.layers if hasattr(layer, "W")]


class SoftmaxCrossEntropy:
    def __init__(self, asked: Asked, classes: int) -> None:
        self._asked, self._classes = asked, np.arange(classes)

    def forward(self, logits: Array, labels: Array) -> Given:
        return self._asked.forward("loss", [logits, labels], self.worked_out(logits, labels))

    def backward(self) -> Given:
        return self._asked("loss", "backward", [])

    def worked_out(self, logits: Array, labels: Array) -> float | None:
        """Cross-entropy; None if a label is of no class."""
        if not _is(logits, True, len(self._classes)) or type(labels) is not np.ndarray or labels.shape != logits.shape[:1]:
            return None
        true = labels[:, None] == self._classes
        shifted = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
        picked = (np.log(np.add.reduce(np.exp(shifted), axis=1, keepdims=True)) - shifted)[true]
        usual = labels.dtype is _LABEL and len(picked) == len(labels)
        return float(np.add.reduce(picked) / len(labels)) if usual else None


def one(ask: Ask, parameters: list[Array], most: int) -> tuple[MLP, SoftmaxCrossEntropy]:
    """A model that holds [W1, b1, W2, b2, ...], and its loss. most : forwards that may be worked out here"""
    asked, layers = Asked(ask, parameters, most), list[Any]()
    for W, b in zip(parameters[::2], parameters[1::2]):
        if layers:
            layers.append(ReLU(asked, len(layers), len(W)))
        layers.append(Linear(asked, len(layers), W, b))
        asked.layers.append(layers[-1])
    return MLP(asked, layers), SoftmaxCrossEntropy(asked, len(b))


def each(ask: Callable[..., Given], networks: Sequence[Sequence[Given]]) -> tuple[Callable[..., list[Given]]]:
    """What calls a find_fault for one network after another.

    ask      : as of `one`, with the number of the network before its arguments
    networks : (parameters, most, x, y)
    """
    made = _several(ask, networks)
    return (lambda find_fault: [find_fault(*network) for network in made],)


def left(ask: Callable[..., Given], networks: Sequence[Sequence[Given]]) -> tuple[Callable[..., list[Given]]]:
    """The same, which gives W and b of each network as they are afterwards, too."""
    made = _several(ask, networks)
    return (lambda find_fault: [(find_fault(*network), network[0].parameters()) for network in made],)


def _several(ask: Callable[..., Given], networks: Sequence[Sequence[Given]]) -> list[tuple[Given, ...]]:
    return [(*one(functools.partial(ask, k), parameters, most), x, y) for k, (parameters, most, x, y) in enumerate(networks)]


make = one
