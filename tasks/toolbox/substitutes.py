"""What takes the place of a learner's function that is wrong or not written, while a later stage is looked at.

Glue over the closed forms, no more: no expected value, no seed and no label is in here. A worker's loader reads this text
and derives a class from each of these and the learner's own (`grader.worker.inside.substituted`). Names with an annotation
are plain attributes of an object, whatever the learner's class makes of them.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from ..toolbox import closed_form
from ..toolbox.closed_form import Array

Own: TypeAlias = Any  #: of the learner's: whatever has the contract's names


class Linear:
    W: Array
    b: Array
    dW: Array
    db: Array

    def __init__(self, in_features: int, out_features: int, rng: np.random.Generator) -> None:
        self.W, self.b = rng.normal(0.0, np.sqrt(2 / in_features), (in_features, out_features)), np.zeros(out_features)
        self.dW, self.db = np.zeros(self.W.shape), np.zeros(self.b.shape)

    def forward(self, x: Array) -> Array:
        self._put_in_x = x
        return np.asarray(closed_form.affine(self.W, self.b, x))  # W may be of a class of its own, what it gives is not

    def backward(self, dout: Array) -> Array:
        (self.dW[...], self.db[...]), dx = closed_form.affine_back(self.W, self.b, self._put_in_x, dout)
        return np.asarray(dx)


class ReLU:
    def forward(self, x: Array) -> Array:
        self._put_in_x = x
        return closed_form.rectified(x)

    def backward(self, dout: Array) -> Array:
        return closed_form.rectified(dout, by=self._put_in_x)


def softmax(logits: Array) -> Array:
    shares: Array = np.exp(closed_form.log_softmax(logits))
    return shares


class SoftmaxCrossEntropy:
    def forward(self, logits: Array, labels: Array) -> float:
        loss, self._put_in_gradient = closed_form.cross_entropy(logits, labels)
        return float(loss)

    def backward(self) -> Array:
        return self._put_in_gradient.copy()


def numerical_gradient(f: Callable[[Array], float], x: Array, eps: float = 1e-5) -> Array:
    slopes = np.zeros(np.shape(x))
    for index in np.ndindex(slopes.shape):
        kept, sides = x[index], []
        for side in (kept + eps, kept - eps):
            x[index] = side
            sides.append(float(f(x)))
        x[index], slopes[index] = kept, (sides[0] - sides[1]) / (2 * eps)
    return slopes


def relative_error(a: Array, b: Array) -> float:
    size = np.maximum(np.abs(a) + np.abs(b), 1e-12)
    return float((np.abs(a - b) / size).max())


class MLP:
    layers: Own

    def __init__(self, sizes: Iterable[int], rng: np.random.Generator) -> None:
        own, widths = importlib.import_module("student.layers"), list(sizes)
        linear = [own.Linear(inputs, units, rng) for inputs, units in pairwise(widths)]
        self.layers = _kept(self, [layer for one in linear for layer in (one, own.ReLU())][:-1])

    def forward(self, x: Array) -> Array:
        return reduce(lambda value, layer: layer.forward(value), _in_turn(self.layers), x)

    def backward(self, dlogits: Array) -> Array:
        return reduce(lambda value, layer: layer.backward(value), [*_in_turn(self.layers)][::-1], dlogits)

    def parameters(self) -> list[Array]:
        return [array for layer in _in_turn(self.layers) if hasattr(layer, "W") for array in (layer.W, layer.b)]

    def gradients(self) -> list[Array]:
        return [array for layer in _in_turn(self.layers) if hasattr(layer, "W") for array in (layer.dW, layer.db)]

    def predict(self, x: Array) -> Array:
        best: Array = self.forward(x).argmax(axis=1)
        return best


def _kept(model: Own, drawn: list[Own]) -> list[Own]:
    """The layers that the learner's own __init__ made, if they are as these are: their code may know them by other names.
    If only the Linears are, those.
    """
    made = [*_in_turn(getattr(model, "layers", ()))]
    linear, right = [layer for layer in made if hasattr(layer, "W")], drawn[::2]
    if len({id(one) for one in linear}) != len(linear) or [_shapes(one) for one in linear] != [_shapes(one) for one in right]:
        return drawn
    for one, as_drawn in zip(linear, right):
        one.W[...], one.b[...] = as_drawn.W, as_drawn.b
    if [type(layer) for layer in made] == [type(layer) for layer in drawn] and len({id(one) for one in made}) == len(made):
        return made
    drawn[::2] = linear
    return drawn


def _shapes(linear: Own) -> list[tuple[int, ...]]:
    return [np.shape(array) for array in (linear.W, linear.b)]


def _in_turn(layers: Own) -> Iterator[Own]:
    """The layers of a list, or of a mapping or of lists in one another, which lose a point of their own elsewhere."""
    for layer in layers.values() if hasattr(layers, "values") else layers:
        yield from [layer] if hasattr(layer, "forward") or not hasattr(layer, "__iter__") else _in_turn(layer)


class SGD:
    lr: float
    _put_in_arguments: dict[str, Any]  # what it was made with, where the learner's own __init__ keeps it elsewhere

    def __init__(self, lr: float) -> None:
        self.lr = lr

    def step(self, params: list[Array], grads: list[Array]) -> None:
        lr = self.lr if hasattr(self, "lr") else self._put_in_arguments["lr"]
        for p, after in zip(params, closed_form.stepped(params, grads, lr)):
            p[...] = after


class _Batches:
    """One after another, each when it is asked for: with a length, as a list has, and a next, as a generator has."""

    def __init__(self, x: Array, y: Array, rows: list[Array]) -> None:
        self._data, self._rows, self._turn = (x, y), rows, 0

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, turn: int) -> tuple[Array, Array]:
        x, y = self._data
        return x[self._rows[turn]], y[self._rows[turn]]

    def __next__(self) -> tuple[Array, Array]:
        if self._turn == len(self):
            raise StopIteration
        self._turn += 1
        return self[self._turn - 1]


def minibatches(x: Array, y: Array, batch_size: int, rng: np.random.Generator) -> _Batches:
    return _Batches(x, y, closed_form.pieces(rng.permutation(len(x)), batch_size))


def accuracy(model: Own, x: Array, y: Array) -> float:
    return closed_form.share_of_hits(model.predict(x), y)


def train(
    model: Own,
    x_train: Array,
    y_train: Array,
    x_val: Array,
    y_val: Array,
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    rng: np.random.Generator,
) -> dict[str, list[float]]:
    losses, optim, data = (importlib.import_module(f"student.{name}") for name in ("losses", "optim", "data"))
    loss, optimizer = losses.SoftmaxCrossEntropy(), optim.SGD(lr)
    curves: dict[str, list[float]] = {f"{of}_{what}": [] for of in ("train", "val") for what in ("loss", "acc")}
    for _ in range(epochs):
        for x, y in data.minibatches(x_train, y_train, batch_size, rng):
            loss.forward(model.forward(x), y)
            model.backward(loss.backward())
            optimizer.step(model.parameters(), model.gradients())
        for of, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            logits = model.forward(x)
            curves[f"{of}_loss"].append(float(loss.forward(logits, y)))
            curves[f"{of}_acc"].append(closed_form.share_of_hits(logits.argmax(axis=1), y))
    return curves


def load_mnist(source: object = None) -> None:
    raise FileNotFoundError("images are given to train, and read by nobody while it is graded")


#: What can be put in: whole classes where the methods share what is their own, every other claim alone.
SUBSTITUTES = {
    "layers.Linear": Linear,
    "layers.ReLU": ReLU,
    "losses.softmax": softmax,
    "losses.SoftmaxCrossEntropy": SoftmaxCrossEntropy,
    "gradcheck.numerical_gradient": numerical_gradient,
    "gradcheck.relative_error": relative_error,
    "network.MLP.__init__": MLP,
    "network.MLP.forward": MLP,
    "network.MLP.parameters": MLP,
    "network.MLP.predict": MLP,
    "network.MLP.backward": MLP,
    "network.MLP.gradients": MLP,
    "optim.SGD.__init__": SGD,
    "optim.SGD.step": SGD,
    "data.minibatches": minibatches,
    "train.accuracy": accuracy,
    "train.train": train,
}
#: What the contract's objects have: whoever reads that of another object reads nothing beyond it.
CONTRACT = ["W", "b", "dW", "db", "forward", "backward", "layers", "parameters", "gradients", "predict", "lr", "step"]
#: What else a module that cannot be imported has to have, so that others find it.
GIVEN = {"data.load_mnist": load_mnist}
