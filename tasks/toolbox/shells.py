"""Sent into the worker beside a learner's modules: a model and a loss whose forward and backward are answered elsewhere.

No rule is in here, neither a right one nor any other: there is nothing to read. W and b go along with every question, so
that writing into them changes the answer; dW and db are new arrays after each backward.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Given: TypeAlias = Any  #: what comes from elsewhere
#: (index of a layer, "model" or "loss"; "forward" or "backward"; its arguments; all that it holds) -> what it returns
Ask = Callable[[int | str, str, list[Array], list[Array]], Given]


class Linear:
    """W (in, out), b (out,), dW and db."""

    def __init__(self, ask: Ask, index: int, W: Array, b: Array) -> None:
        self._ask, self._index, self.W, self.b = ask, index, W, b
        self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

    def forward(self, x: Array) -> Given:
        return self._ask(self._index, "forward", [x], [self.W, self.b])

    def backward(self, dout: Array) -> Given:
        self.dW, self.db, dx = self._ask(self._index, "backward", [dout], [self.W, self.b])
        return dx


class ReLU:
    """It has neither W nor b."""

    def __init__(self, ask: Ask, index: int) -> None:
        self._ask, self._index = ask, index

    def forward(self, x: Array) -> Given:
        return self._ask(self._index, "forward", [x], [])

    def backward(self, dout: Array) -> Given:
        (dx,) = self._ask(self._index, "backward", [dout], [])
        return dx


class MLP:
    """Its layers are shells, too; backward sets their dW and db."""

    def __init__(self, ask: Ask, layers: list[Any]) -> None:
        self._ask, self.layers = ask, layers

    def forward(self, x: Array) -> Given:
        return self._ask("model", "forward", [x], self.parameters())

    def backward(self, dlogits: Array) -> Given:
        *gradients, dx = self._ask("model", "backward", [dlogits], self.parameters())
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
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def forward(self, logits: Array, labels: Array) -> Given:
        return self._ask("loss", "forward", [logits, labels], [])

    def backward(self) -> Given:
        return self._ask("loss", "backward", [], [])


def make(ask: Ask, parameters: list[Array]) -> tuple[MLP, SoftmaxCrossEntropy]:
    """A model that holds [W1, b1, W2, b2, ...], and its loss."""
    layers: list[Any] = []
    for W, b in zip(parameters[::2], parameters[1::2]):
        if layers:
            layers.append(ReLU(ask, len(layers)))
        layers.append(Linear(ask, len(layers), W, b))
    return MLP(ask, layers), SoftmaxCrossEntropy(ask)
