from dataclasses import dataclass, field

import numpy as np


@dataclass(slots=True)
class Linear:
    in_features: int
    out_features: int
    rng: np.random.Generator = field(repr=False)
    W: np.ndarray = field(init=False)
    b: np.ndarray = field(init=False)
    dW: np.ndarray = field(init=False)
    db: np.ndarray = field(init=False)
    x: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        self.W = self.rng.normal(0, np.sqrt(2 / self.in_features), (self.in_features, self.out_features))
        self.b = np.zeros(self.out_features)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = np.ones(len(dout)) @ dout
        return dout @ self.W.T


@dataclass(slots=True)
class ReLU:
    mask: np.ndarray = field(default=None, init=False)

    def forward(self, x):
        self.mask = np.greater(x, 0)
        return np.multiply(x, self.mask)

    def backward(self, dout):
        dout = np.array(dout)
        dout[~self.mask] = 0
        return dout
