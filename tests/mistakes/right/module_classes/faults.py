from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .gradcheck import numerical_gradient

TOLERANCE = 1e-5


def error(given: np.ndarray, measured: np.ndarray) -> float:
    difference = np.linalg.norm(np.ravel(given) - np.ravel(measured))
    return float(difference / max(np.linalg.norm(given) + np.linalg.norm(measured), 1e-12))


class LayerUnderTest:
    """One layer by itself, with a dout of its own: whatever the others do, it makes no difference."""

    def __init__(self, name: str, layer, x: np.ndarray, rng: np.random.Generator):
        self.name, self.layer, self.x = name, layer, np.array(x)
        self.dout = rng.normal(size=layer.forward(self.x).shape)
        self.dx = np.array(layer.backward(self.dout))
        self.has_parameters = hasattr(layer, "W")
        if self.has_parameters:
            self.dW, self.db = np.array(layer.dW), np.array(layer.db)

    def score(self) -> float:
        return float(np.vdot(self.dout, self.layer.forward(self.x)))

    def measured(self, owner: object, name: str) -> np.ndarray:
        return numerical_gradient(lambda _: self.score(), getattr(owner, name))

    def errors(self) -> Iterator[tuple[tuple[str, str], float]]:
        if self.has_parameters:
            yield (self.name, "dW"), error(self.dW, self.measured(self.layer, "W"))
            yield (self.name, "db"), error(self.db, self.measured(self.layer, "b"))
        yield (self.name, "dx"), error(self.dx, self.measured(self, "x"))


def loss_error(loss, logits: np.ndarray, y: np.ndarray) -> float:
    loss.forward(logits, y)
    given = loss.backward()
    score: Callable[[np.ndarray], float] = lambda z: loss.forward(z, y)  # noqa: E731
    return error(given, numerical_gradient(score, np.array(logits)))


def model_error(model, x: np.ndarray, dlogits: np.ndarray) -> float:
    at = x
    for layer in model.layers:
        at = layer.forward(at)
    by_hand, dout = [], dlogits
    for layer in model.layers[::-1]:
        dout = layer.backward(dout)
        by_hand += [layer.db, layer.dW] if hasattr(layer, "W") else []
    model.forward(x)
    at_once = [model.backward(dlogits), *model.gradients()]
    return max(error(a, b) for a, b in zip(at_once, [dout, *by_hand[::-1]]))


def find_fault(model, loss, x, y):
    rng, table, at = np.random.default_rng(14), {}, np.array(x)
    for k, layer in enumerate(model.layers):
        table.update(LayerUnderTest(f"layers[{k}]", layer, at, rng).errors())
        at = layer.forward(at)
    table["loss", "backward"] = loss_error(loss, at, y)
    if max(table.values()) < TOLERANCE:
        table["model", "backward"] = model_error(model, x, rng.normal(size=at.shape))
    worst = max(table, key=table.get)
    return worst if table[worst] > TOLERANCE else None
