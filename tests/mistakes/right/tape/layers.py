"""Every forward puts what undoes it on a tape; backward takes it off again."""

import numpy as np


class Taped:
    def __init__(self):
        self.tape = []

    def record(self, operation):
        self.tape = [*self.tape[-1:], operation]

    def backward(self, dout):
        return self.tape[-1](dout)


class Linear(Taped):
    def __init__(self, in_features, out_features, rng):
        super().__init__()
        self.W = np.sqrt(2 / in_features) * rng.normal(size=(in_features, out_features))
        self.b = np.zeros(out_features)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        def undo(dout):
            self.dW, self.db = np.tensordot(x, dout, axes=(0, 0)), dout.sum(axis=0)
            return np.inner(dout, self.W)

        self.record(undo)
        return np.tensordot(x, self.W, axes=1) + self.b


class ReLU(Taped):
    def forward(self, x):
        out = np.maximum(x, np.zeros(1, dtype=x.dtype))
        self.record(lambda dout: np.where(out > 0, dout, 0))
        return out.copy()
