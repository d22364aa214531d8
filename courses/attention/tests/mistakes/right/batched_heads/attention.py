import numpy as np


def softmax(scores, allowed):
    """Over the last axis, among what is allowed."""
    low = np.where(allowed, scores, np.finfo(scores.dtype).min)
    exps = np.exp(low - low.max(axis=-1, keepdims=True)) * allowed
    return exps / np.where(allowed.any(axis=-1, keepdims=True), exps.sum(axis=-1, keepdims=True), 1.0)


def attention_weights(q, k, mask=None):
    """For any axes in front of (T, D)."""
    scores = np.matmul(q, np.moveaxis(k, -1, -2)) / np.sqrt(q.shape[-1])
    return softmax(scores, np.ones(scores.shape[-2:], bool) if mask is None else np.asarray(mask, bool))


class Attention:
    __slots__ = ("saved",)

    def forward(self, q, k, v, mask=None):
        weights = attention_weights(q, k, mask)
        self.saved = (q, k, v, weights)
        return np.matmul(weights, v)

    def backward(self, dout):
        q, k, v, weights = self.saved
        dweights = np.matmul(dout, np.moveaxis(v, -1, -2))
        # The mean of dweights under the weights is dout times what came out, row by row.
        out = np.matmul(weights, v)
        dscores = weights * (dweights - np.sum(dout * out, axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
        dk, dv = np.matmul(np.moveaxis(dscores, -1, -2), q), np.matmul(np.moveaxis(weights, -1, -2), dout)
        return np.matmul(dscores, k), dk, dv
