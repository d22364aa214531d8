"""Layers: what goes forward is remembered, so that the gradient can come back the same way."""

import numpy as np


class Linear:
    """A fully connected layer: every output is a weighted sum of every input, plus a bias."""

    def __init__(self, in_features, out_features, rng, dtype=np.float64):
        """Draw the weights; start the biases and the gradients at zero.

        in_features  : int         inputs of an example (D)
        out_features : int         outputs of an example (K)
        rng          : Generator   where the weights are drawn from
        dtype        : dtype       type of W, b, dW and db
        sets         : W (D, K)    by He initialisation
                       b (K,)      zeros
                       dW, db      zeros of the same shapes, until backward sets them
        """
        # 1. W is (D, K), normal around 0, with standard deviation sqrt(2 / D).
        scale = np.sqrt(2.0 / in_features)
        self.W = rng.normal(0.0, scale, size=(in_features, out_features)).astype(dtype, copy=False)
        # 2. b is (K,) and starts at zero.
        self.b = np.zeros(out_features, dtype=dtype)
        # 3. The gradients have the same shapes, and are zero until backward sets them.
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        """The outputs of the layer.

        x       : (N, D) float   one row per example
        returns : (N, K) float
        """
        # 1. Keep x for backward.
        self.x = x
        # 2. x @ W + b: for each output the weighted sum of the inputs, and its bias added in every row.
        return x @ self.W + self.b

    def backward(self, dout):
        """The gradients of the loss with respect to W, b and the input of the last forward.

        dout    : (N, K) float   dL / d(output of that forward)
        returns : (N, D) float   dL / dx
        sets    : dW, db         summed over the batch; replaced, not added to
        """
        # 1. Each weight met every example: dW is the sum over the batch of input times gradient, x.T @ dout.
        self.dW = self.x.T @ dout
        # 2. Each bias was added in every row: db is the sum of dout over the rows.
        self.db = dout.sum(axis=0)
        # 3. Each input reached the outputs through its row of W: dx is dout times W transposed.
        return dout @ self.W.T


class ReLU:
    """The nonlinearity: negative values become zero, the others pass."""

    def forward(self, x):
        """Let positive entries pass, and make the others zero.

        x       : (...) float
        returns : (...) float   the same shape, a new array
        """
        # 1. Remember which entries are above zero: only they will pass a gradient.
        self.positive = x > 0
        # 2. Replace the others by zero.
        return np.maximum(x, 0)

    def backward(self, dout):
        """The gradient of the loss with respect to the input of the last forward.

        dout    : (...) float   dL / d(output of that forward)
        returns : (...) float   dL / dx; the derivative of ReLU at 0 is 0
        """
        # 1. The slope is 1 where the input was above zero, and 0 elsewhere: multiply each entry of dout by its slope.
        return dout * self.positive
