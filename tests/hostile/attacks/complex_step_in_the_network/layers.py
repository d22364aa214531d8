"""Layers: what goes forward is remembered, so that the gradient can come back the same way."""

import numpy as np


class Linear:
    """A fully connected layer: every output is a weighted sum of every input, plus a bias."""

    def __init__(self, in_features, out_features, rng, dtype=np.float64):
        """Draw the weights (He initialisation); start the biases and the gradients at zero.

        in_features  : int        inputs per example (D)
        out_features : int        outputs per example (K)
        rng          : Generator  where the weights are drawn from
        dtype        : dtype      type of W, b, dW and db
        """
        # 1. W is (D, K), normal, with standard deviation sqrt(2 / D).
        scale = np.sqrt(2.0 / in_features)
        self.W = rng.normal(0.0, scale, size=(in_features, out_features)).astype(dtype, copy=False)
        # 2. b is (K,) and starts at zero.
        self.b = np.zeros(out_features, dtype=dtype)
        # 3. The gradients have the same shapes, and are zero until backward sets them.
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        """Compute x @ W + b, and keep x: backward needs it.

        x       : (N, D) float   one row per example
        returns : (N, K) float
        """
        # 1. Keep x for backward.
        self.x = x
        # 2. Multiply by the weights, add the bias to every row.
        return x @ self.W + self.b

    def backward(self, dout):
        """Turn the gradient of the loss by the output into those by W, b and the input.

        dout    : (N, K) float   dL / d(output of forward)
        returns : (N, D) float   dL / dx; dW and db are replaced, not added to
        """
        # 1. Each weight met every example: sum input times gradient over the batch.
        self.dW = self.x.T @ dout
        # 2. Each bias was added to every row: sum over the rows.
        self.db = dout.sum(axis=0)
        # 3. Each input reached the outputs through its row of W.
        return dout @ self.W.T


class ReLU:
    """The nonlinearity: negative values become zero, the others pass."""

    def forward(self, x):
        """Return max(x, 0) entry by entry, as a new array.

        x       : (...) float
        returns : (...) float   the same shape
        """
        # 1. Remember which entries are above zero: only they will pass a gradient.
        self.positive = x > 0
        # 2. Replace the others by zero.
        return np.maximum(x, 0)

    def backward(self, dout):
        """Pass the gradient where the input was above zero; the derivative at 0 is taken as 0.

        dout    : (...) float   dL / d(output of forward)
        returns : (...) float   dL / dx
        """
        return dout * self.positive
