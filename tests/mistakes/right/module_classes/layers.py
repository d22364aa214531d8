"""Layers with named parameters, as in the big frameworks."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np


class Parameter:
    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        self.grad = np.zeros_like(data)


class Linear:
    def __init__(self, in_features: int, out_features: int, rng: np.random.Generator) -> None:
        assert in_features > 0, "no inputs"
        assert out_features > 0, "no outputs"
        weights = rng.normal(loc=0.0, scale=np.sqrt(2.0 / in_features), size=(in_features, out_features))
        self.params = OrderedDict(W=Parameter(weights), b=Parameter(np.zeros(out_features)))

    @property
    def W(self) -> np.ndarray:
        return self.params["W"].data

    @property
    def b(self) -> np.ndarray:
        return self.params["b"].data

    @property
    def dW(self) -> np.ndarray:
        return self.params["W"].grad

    @property
    def db(self) -> np.ndarray:
        return self.params["b"].grad

    def forward(self, x: np.ndarray) -> np.ndarray:
        if x.ndim != 2 or x.shape[1] != self.W.shape[0]:
            raise ValueError(f"expected (N, {self.W.shape[0]}), got {x.shape}")
        self._x = x
        return x @ self.W + self.b

    def backward(self, dout: np.ndarray) -> np.ndarray:
        assert dout.shape == (len(self._x), len(self.b))
        self.params["W"].grad = self._x.T @ dout
        self.params["b"].grad = dout.sum(axis=0)
        return dout @ self.W.T


class ReLU:
    _x: np.ndarray | None = None

    def forward(self, x: np.ndarray) -> np.ndarray:
        self._x = x
        return np.maximum(x, 0.0)

    def backward(self, dout: np.ndarray) -> np.ndarray:
        if self._x is None:
            raise RuntimeError("backward before forward")
        return np.where(self._x > 0.0, dout, 0.0)
