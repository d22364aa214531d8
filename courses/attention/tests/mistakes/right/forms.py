"""Right answers in other styles than the reference's, each put in the place of one function or class of it.

Read as text, as the misconceptions are; all must earn full marks. The docstring says what a careless check would mind.
"""

import numpy as np

from grader.course.misconceptions import right_answer
from reference.attention import attention_weights
from reference.optim import Adam
from reference.train import copy_loss


@right_answer("attention.attention_weights")
def weights_with_a_large_number(q, k, mask=None):
    """-1e30 in place of minus infinity, and rows without any key put right afterwards."""
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    if mask is None:
        mask = np.ones(scores.shape[1:], dtype=bool)
    scores = np.where(mask, scores, -1e30)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True) * mask.any(axis=-1)[:, None]


@right_answer("attention.attention_weights")
def weights_by_scaled_queries(q, k, mask=None):
    """The queries are scaled before the product, and nan is replaced at the end."""
    scores = np.matmul(q / q.shape[2] ** 0.5, np.swapaxes(k, -1, -2))
    if mask is not None:
        scores = scores + np.where(mask, 0.0, -np.inf)
    with np.errstate(invalid="ignore"):
        exps = np.exp(scores - scores.max(-1, keepdims=True))
        return np.nan_to_num(exps / exps.sum(-1, keepdims=True), nan=0.0)


@right_answer("attention.Attention.forward")
def forward_that_keeps_a_function(self, q, k, v, mask=None):
    """What backward needs is kept in a function, and so is backward itself."""
    weights = attention_weights(q, k, mask)

    def back(dout):
        dweights = dout @ v.swapaxes(1, 2)
        dscores = weights * (dweights - (weights * dweights).sum(axis=2, keepdims=True)) / np.sqrt(q.shape[2])
        return dscores @ k, dscores.swapaxes(1, 2) @ q, weights.swapaxes(1, 2) @ dout

    self.backward = back
    return weights @ v


@right_answer("attention.Attention.backward")
def backward_by_the_whole_matrix(self, dout):
    """All slopes of the softmax, (B, T, S, S), as a list of three."""
    p = self.weights
    slopes = p[..., None] * (np.eye(p.shape[2]) - p[:, :, None, :])
    dscores = np.einsum("btsu,bte,bue->bts", slopes, dout, self.v) / np.sqrt(self.q.shape[2])
    return [np.einsum("bts,bsd->btd", dscores, self.k), np.einsum("bts,btd->bsd", dscores, self.q), p.swapaxes(1, 2) @ dout]


@right_answer("layers.LayerNorm.backward")
def backward_step_by_step(self, dout):
    """Through the mean and the variance one after another, with gradients written in place."""
    y, D = self.normalised, dout.shape[-1]
    self.dgamma[:] = np.sum(np.reshape(dout * y, (-1, D)), axis=0)
    self.dbeta[:] = np.sum(np.reshape(dout, (-1, D)), axis=0)
    dy = dout * self.gamma
    centred = y * self.deviation
    dcentred = dy / self.deviation
    dvariance = np.sum(dy * centred, axis=-1, keepdims=True) * -0.5 * self.deviation**-3
    dcentred = dcentred + dvariance * 2 * centred / D
    return dcentred - dcentred.sum(axis=-1, keepdims=True) / D


@right_answer("train.fit")
def trains_as_a_generator(model, batches, lr):
    """The losses are an iterator over a list."""
    optimizer, losses = Adam(lr), []
    for tokens in batches:
        scores = model.forward(np.ascontiguousarray(tokens[:, :-1]))
        loss, dlogits = copy_loss(scores, tokens)
        model.backward(dlogits)
        optimizer.step(model.parameters(), model.gradients())
        losses.append(np.float64(loss))
    return iter(losses)
