"""Scaled dot product attention: each query looks at all keys it may see, and takes a mix of their values."""

import numpy as np


def attention_weights(q, k, mask=None):
    """How much each query looks at each key.

    q       : (B, T, D) float   one row per query
    k       : (B, S, D) float   one row per key
    mask    : (T, S) bool       True where a query may look at a key; None: everywhere
    returns : (B, T, S) float   for each query shares that sum to 1, exactly 0 where it may not look; all 0 for a query
                                that may look nowhere; finite for any finite q and k
    """
    # 1. Scores: the dot product of each query with each key, divided by the square root of D.
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2])
    # 2. Where a query may not look, the score is minus infinity: its exp is exactly 0.
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    # 3. Softmax over the keys. The largest score is subtracted first; where there is none, 0 is.
    largest = scores.max(axis=2, keepdims=True)
    exps = np.exp(scores - np.where(np.isfinite(largest), largest, 0.0))
    # 4. Divide by the sum, which is at least 1, or exactly 0 for a query that may look nowhere.
    return exps / np.maximum(exps.sum(axis=2, keepdims=True), 1.0)


class Attention:
    """Attention as a layer without parameters: forward mixes the values, backward sends the gradient to q, k and v."""

    def forward(self, q, k, v, mask=None):
        """For each query the mix of the values that its weights say.

        q       : (B, T, D) float
        k       : (B, S, D) float
        v       : (B, S, E) float   one row per key
        mask    : (T, S) bool       True where a query may look at a key; None: everywhere
        returns : (B, T, E) float   one row per query; zeros for a query that may look nowhere
        """
        # 1. Keep what backward needs.
        self.q, self.k, self.v = q, k, v
        # 2. The weights, then for each query the sum of the values times their weights.
        self.weights = attention_weights(q, k, mask)
        return self.weights @ v

    def backward(self, dout):
        """The gradients of the loss with respect to q, k and v of the last forward.

        dout    : (B, T, E) float               dL / d(output of that forward)
        returns : (dq, dk, dv), of the shapes of q, k and v
        """
        # 1. out = weights @ v: each value gets the rows of dout by the weights with which it was used.
        dv = self.weights.swapaxes(1, 2) @ dout
        # 2. Each weight gets the dot product of its value with the row of dout it went into.
        dweights = dout @ self.v.swapaxes(1, 2)
        # 3. Through softmax: weights * (dweights - the mean of dweights under the weights, row by row). A weight of 0
        #    has a slope of 0, so masked scores get nothing.
        mean = (self.weights * dweights).sum(axis=2, keepdims=True)
        dscores = self.weights * (dweights - mean)
        # 4. scores = q @ k.T / sqrt(D): the factor comes back, too.
        dscores = dscores / np.sqrt(self.q.shape[2])
        return dscores @ self.k, dscores.swapaxes(1, 2) @ self.q, dv
