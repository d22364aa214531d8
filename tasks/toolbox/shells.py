"""Sent into the worker beside a learner's modules: a model and a loss whose backward is answered elsewhere.

No backward rule is in here, neither a right one nor any other: there is nothing to read. Forward is right in every network, so
it is worked out here, and told along with the next question. W and b count as they are in that moment: writing into them
changes the answer; dW and db are new arrays after each backward.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Given: TypeAlias = Any  #: what comes from elsewhere
Place: TypeAlias = int | str  #: index of a layer, "model" or "loss"
#: (place; "forward" or "backward"; its arguments; all that it holds; the forwards since the last question, each a place, its
#: arguments and what it held, as far as none of them hides it; how many there were) -> what it returns
Ask = Callable[[Place, str, list[Array], list[Array], list[Given], int], Given]

_FLOAT, _LABEL = np.dtype(np.float64), np.dtype(np.int64)


class Asked:
    """Asks for one network, and remembers which forwards the other side does not know of.

    most : forwards that are worked out here; the other side refuses any more
    """

    def __init__(self, ask: Ask, most: int) -> None:
        self._ask, self._most = ask, most
        self._since: dict[Place, Given] = {}
        self._count = 0

    def __call__(self, place: Place, what: str, given: list[Array], held: list[Array]) -> Given:
        since, count = [*self._since.values()], self._count
        self._since, self._count = {}, 0
        return self._ask(place, what, given, held, since, count)

    def forward(self, place: Place, given: list[Array], held: list[Array], value: Given) -> Given:
        """What forward returns: the value, if the arguments are of the kind that the contract has; else what is answered."""
        if value is None or self._count >= self._most:
            return self(place, "forward", given, held)
        self._count += 1
        since = self._since
        if place == "model":
            since = self._since = {"loss": since["loss"]} if "loss" in since else {}
        since.pop(place, None)
        since[place] = [place, [array.copy() for array in given], [array.copy() for array in held]]
        return value


def _is(array: object, rows: bool, *shape: int) -> bool:
    """Whether this is float64 of a shape, or some rows of it."""
    return type(array) is np.ndarray and array.dtype is _FLOAT and array.shape[rows:] == shape and array.size > 0


class Linear:
    """W (in, out), b (out,), dW and db."""

    def __init__(self, asked: Asked, index: int, W: Array, b: Array) -> None:
        self._asked, self._index, self._shape, self.W, self.b = asked, index, W.shape, W, b
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def forward(self, x: Array) -> Given:
        return self._asked.forward(self._index, [x], [self.W, self.b], self.worked_out(x))

    def backward(self, dout: Array) -> Given:
        self.dW, self.db, dx = self._asked(self._index, "backward", [dout], [self.W, self.b])
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
        return self._asked.forward(self._index, [x], [], self.worked_out(x))

    def backward(self, dout: Array) -> Given:
        (dx,) = self._asked(self._index, "backward", [dout], [])
        return dx

    def worked_out(self, x: Array) -> Array | None:
        return np.where(x > 0, x, 0.0) if _is(x, True, self._width) else None


class MLP:
    """Its layers are shells, too; backward sets their dW and db."""

    def __init__(self, asked: Asked, layers: list[Any]) -> None:
        self._asked, self._made, self.layers = asked, [*layers], layers

    def forward(self, x: Array) -> Given:
        value = x if self.layers == self._made else None
        for layer in self._made:
            value = layer.worked_out(value)
        return self._asked.forward("model", [x], self.parameters(), value)

    def backward(self, dlogits: Array) -> Given:
        *gradients, dx = self._asked("model", "backward", [dlogits], self.parameters())
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
        return self._asked.forward("loss", [logits, labels], [], self.worked_out(logits, labels))

    def backward(self) -> Given:
        return self._asked("loss", "backward", [], [])

    def worked_out(self, logits: Array, labels: Array) -> float | None:
        """Cross-entropy; None if a label is of no class."""
        if not _is(logits, True, len(self._classes)) or type(labels) is not np.ndarray or labels.shape != logits.shape[:1]:
            return None
        true = labels[:, None] == self._classes
        shifted = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
        picked = (np.log(np.add.reduce(np.exp(shifted), axis=1, keepdims=True)) - shifted)[true]
        usual = labels.dtype is _LABEL and len(picked) == len(labels)
        return float(np.add.reduce(picked) / len(labels)) if usual else None


def make(ask: Ask, parameters: list[Array], most: int) -> tuple[MLP, SoftmaxCrossEntropy]:
    """A model that holds [W1, b1, W2, b2, ...], and its loss. most : forwards that may be worked out here"""
    asked, layers = Asked(ask, most), list[Any]()
    for W, b in zip(parameters[::2], parameters[1::2]):
        if layers:
            layers.append(ReLU(asked, len(layers), len(W)))
        layers.append(Linear(asked, len(layers), W, b))
    return MLP(asked, layers), SoftmaxCrossEntropy(asked, len(b))
