"""Sent into the worker beside a learner's modules: their own layers, loss and network, measured by their own differences.

Every part runs one batch before the one that is measured, and a backward on each: what is left over from a batch, or added
to it, shows as an error like any other. Parameters are filled with known numbers, so that no entry is next to nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Made = Callable[..., Any]
#: (name, what backward gave, what was measured, the learner's relative error)
Row = tuple[str, Array, Array, float]


def linear(make: Made, numerical_gradient: Made, relative_error: Made, rng: np.random.Generator) -> list[Row]:
    """dW, db and dx of one Linear(4, 3); or W, as it is and was, if backward moves it."""
    layer = make(4, 3, rng)
    fill(layer.W, rng)
    fill(layer.b, rng)
    for rows in (2, 5):
        x, dout = draw(rng, rows, 4), draw(rng, rows, 3)
        layer.forward(x.copy())
        before = np.array(layer.W)
        dx = layer.backward(dout.copy())
    if not np.array_equal(before, layer.W):
        return [("W", np.array(layer.W), before, float("inf"))]
    gradients = {"dW": layer.dW, "db": layer.db, "dx": dx}

    def scores(value: Array) -> float:
        return float(np.sum(dout * layer.forward(value)))

    return [
        row(name, array, numerical_gradient, relative_error, f, near)
        for (name, array), f, near in zip(
            gradients.items(),
            (through(layer.W, lambda: scores(x)), through(layer.b, lambda: scores(x)), scores),
            (layer.W, layer.b, x),
        )
    ]


def relu(make: Made, numerical_gradient: Made, relative_error: Made, rng: np.random.Generator) -> list[Row]:
    """dx of a ReLU, away from its corner."""
    layer = make()
    for rows in (2, 5):
        x, dout = draw(rng, rows, 4), draw(rng, rows, 4)
        layer.forward(x.copy())
        dx = layer.backward(dout.copy())

    def scores(value: Array) -> float:
        return float(np.sum(dout * layer.forward(value)))

    return [row("dx", dx, numerical_gradient, relative_error, scores, x)]


def corner(make: Made, numerical_gradient: Made, rng: np.random.Generator) -> tuple[float, float, float]:
    """Of a ReLU a millionth above its corner, what backward gives and what is measured; and what backward gives at 0."""
    layer = make()
    x = np.array([[1e-6, 1.0]])
    layer.forward(x.copy())
    slope = float(layer.backward(np.ones((1, 2)))[0, 0])
    measured = numerical_gradient(lambda value: float(np.sum(layer.forward(value))), x.copy())
    layer.forward(np.zeros((1, 2)))
    return slope, float(measured[0, 0]), float(layer.backward(np.ones((1, 2)))[0, 0])


def loss(make: Made, numerical_gradient: Made, relative_error: Made, rng: np.random.Generator) -> list[Row]:
    """The gradient of the loss by the logits; backward is asked twice, as it may be."""
    function = make()
    for labels in (np.array([2, 0]), np.array([1, 0, 1, 1, 0])):  # the last class is not in every batch
        logits = draw(rng, len(labels), 3)
        function.forward(logits.copy(), labels)
        function.backward()
    dlogits = function.backward()

    def nats(value: Array) -> float:
        return float(function.forward(value, labels))

    return [row("dlogits", dlogits, numerical_gradient, relative_error, nats, logits)]


def network(make: Made, numerical_gradient: Made, relative_error: Made, rng: np.random.Generator) -> list[Row]:
    """Every array of gradients() of a network 5-4-4-3, and dx."""
    model = make((5, 4, 4, 3), rng)
    for array in model.parameters():
        fill(array, rng)
    for rows in (2, 6):
        x, dlogits = draw(rng, rows, 5), draw(rng, rows, 3)
        model.forward(x.copy())
        dx = model.backward(dlogits.copy())
    names = [f"d{'b' if k % 2 else 'W'}{k // 2 + 1}" for k in range(len(model.parameters()))]

    def scores(value: Array) -> float:
        return float(np.sum(dlogits * model.forward(value)))

    gradients = list(model.gradients())
    table = [
        row(name, gradient, numerical_gradient, relative_error, through(array, lambda: scores(x)), array)
        for name, gradient, array in zip(names, gradients, model.parameters())
    ]
    return [*table, row("dx", dx, numerical_gradient, relative_error, scores, x)]


def by_eps(
    make: Made, make_loss: Made, numerical_gradient: Made, relative_error: Made, steps: Sequence[float], rng: np.random.Generator
) -> list[float]:
    """For each step, the relative error of dW of a Linear(4, 3) below the loss."""
    layer, function = make(4, 3, rng), make_loss()
    fill(layer.W, rng)
    fill(layer.b, rng)
    x, labels = draw(rng, 5, 4), rng.integers(0, 3, 5)

    def nats() -> float:
        return float(function.forward(layer.forward(x), labels))

    nats()
    layer.backward(function.backward())
    dW, W, f = np.array(layer.dW), np.array(layer.W), through(layer.W, nats)
    return [float(relative_error(dW, numerical_gradient(f, W.copy(), eps=eps))) for eps in steps]


def draw(rng: np.random.Generator, *shape: int) -> Array:
    """Numbers of either sign, none of them near 0."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 1.5, shape)


def fill(array: Array, rng: np.random.Generator) -> None:
    array[...] = draw(rng, *array.shape)


def through(held: Array, value: Callable[[], float]) -> Callable[[Array], float]:
    """The value as a function of what a parameter holds."""

    def function(array: Array) -> float:
        held[...] = array
        return value()

    return function


def row(
    name: str, gradient: Array, numerical_gradient: Made, relative_error: Made, f: Callable[[Array], float], near: Array
) -> Row:
    """One array beside its slopes; the parameter is afterwards what it was."""
    before, given = np.array(near), np.array(gradient)
    measured = np.array(numerical_gradient(f, before.copy()))
    f(before)
    same = np.shape(given) == np.shape(measured)
    return name, given, measured, float(relative_error(given, measured)) if same else float("inf")
