"""Layers: layer normalisation, which you write, and the fully connected ones, which you have written before."""

import numpy as np


class LayerNorm:
    """Layer normalisation: each position gets mean 0 and variance 1, then a scale and a shift of each feature."""

    def __init__(self, features, eps=1e-5):
        """Start as the plain normalisation.

        features : int     length of the last axis (D)
        eps      : float   added to the variance
        sets     : gamma (D,)      ones
                   beta (D,)       zeros
                   dgamma, dbeta   zeros of the same shape, until backward sets them
                   eps
        """
        self.eps = eps
        self.gamma, self.beta = np.ones(features), np.zeros(features)
        self.dgamma, self.dbeta = np.zeros(features), np.zeros(features)

    def forward(self, x):
        """gamma * (x - mean) / sqrt(variance + eps) + beta, with mean and variance over the last axis.

        x       : (..., D) float
        returns : (..., D) float   a new array
        """
        # 1. Mean and variance of each position: over its features, and divided by D, not D - 1.
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        # 2. Keep for backward the normalised x, and what it was divided by.
        self.deviation = np.sqrt(variance + self.eps)
        self.normalised = centred / self.deviation
        # 3. Each feature has a scale and a shift of its own.
        return self.gamma * self.normalised + self.beta

    def backward(self, dout):
        """The gradients of the loss with respect to gamma, beta and the input of the last forward.

        dout    : (..., D) float   dL / d(output of that forward)
        returns : (..., D) float   dL / dx
        sets    : dgamma, dbeta    summed over all positions; replaced, not added to
        """
        # 1. gamma and beta met every position: sum over all axes but the last.
        others = tuple(range(dout.ndim - 1))
        self.dgamma = (dout * self.normalised).sum(axis=others)
        self.dbeta = dout.sum(axis=others)
        # 2. The gradient of the normalised x.
        dnormalised = dout * self.gamma
        # 3. Every x of a position moves its mean and its variance, too: take from the gradient its own mean, and its
        #    mean product with the normalised x times the normalised x. Then divide as in forward.
        mean = dnormalised.mean(axis=-1, keepdims=True)
        product = (dnormalised * self.normalised).mean(axis=-1, keepdims=True)
        return (dnormalised - mean - self.normalised * product) / self.deviation


class Linear:
    """A fully connected layer, at every position alike."""

    def __init__(self, in_features, out_features, rng):
        """W (in, out): normal with standard deviation 1 / sqrt(in); b (out,): zeros; dW, db: zeros until backward."""
        self.W = rng.normal(0.0, 1.0 / np.sqrt(in_features), size=(in_features, out_features))
        self.b = np.zeros(out_features)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        """x @ W + b: (..., in) -> (..., out)."""
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        """(..., out) -> dL / dx (..., in); sets dW and db, summed over all positions."""
        rows, douts = self.x.reshape(-1, self.x.shape[-1]), dout.reshape(-1, dout.shape[-1])
        self.dW, self.db = rows.T @ douts, douts.sum(axis=0)
        return dout @ self.W.T


class FeedForward:
    """Two fully connected layers with a ReLU in between, at every position alike."""

    def __init__(self, features, hidden, rng):
        """first: Linear(features, hidden); second: Linear(hidden, features)."""
        self.first, self.second = Linear(features, hidden, rng), Linear(hidden, features, rng)

    def forward(self, x):
        """(..., D) -> (..., D)."""
        z = self.first.forward(x)
        self.positive = z > 0
        return self.second.forward(z * self.positive)

    def backward(self, dout):
        """(..., D) -> dL / dx (..., D); sets the gradients of both layers."""
        return self.first.backward(self.second.backward(dout) * self.positive)
