"""What attention, layer norm and a block give, written out: the expected values of checks, independent of `reference/`.

Softmax and layer norm go back through their whole matrix of slopes, row by row, where an implementation would use the short
formula. Nothing here changes its arguments. Parameters are lists in the order of `parameters()`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = list[Array]

EPS = 1e-5  #: of a layer norm that is made without another


def causal(length: int) -> Array:
    """The mask by which position t sees 0..t: (T, T) bool."""
    return np.arange(length)[:, None] >= np.arange(length)


def weights(q: Array, k: Array, mask: Array | None = None) -> Array:
    """The shares (B, T, S) of the keys; zeros for a query that may look nowhere."""
    scores = np.einsum("btd,bsd->bts", q, k) / q.shape[-1] ** 0.5
    allowed = np.broadcast_to(True if mask is None else mask, scores.shape)
    top = np.max(scores, axis=-1, keepdims=True, where=allowed, initial=-np.inf)
    exps = np.exp(np.subtract(scores, top, where=allowed, out=np.zeros(scores.shape))) * allowed
    total = exps.sum(axis=-1, keepdims=True)
    shares: Array = np.divide(exps, total, where=total > 0, out=np.zeros(scores.shape))
    return shares


def attend(q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
    """What each query gets: (B, T, E)."""
    mixed: Array = np.einsum("bts,bse->bte", weights(q, k, mask), v)
    return mixed


def attend_back(q: Array, k: Array, v: Array, mask: Array | None, dout: Array) -> tuple[Array, Array, Array]:
    """(dq, dk, dv)."""
    p = weights(q, k, mask)
    slopes = np.einsum("bts,su->btsu", p, np.eye(p.shape[-1])) - np.einsum("bts,btu->btsu", p, p)
    dscores = np.einsum("btsu,bte,bue->bts", slopes, dout, v) / q.shape[-1] ** 0.5
    return (
        np.einsum("bts,bsd->btd", dscores, k), np.einsum("bts,btd->bsd", dscores, q), np.einsum("bts,bte->bse", p, dout),
    )  # fmt: skip


def normalised(x: Array, eps: float = EPS) -> Array:
    """x with mean 0 and variance 1 (but for eps) along its last axis."""
    y: Array = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return y


def norm(gamma: Array, beta: Array, x: Array, eps: float = EPS) -> Array:
    """What a layer norm gives."""
    return normalised(x, eps) * gamma + beta


def norm_back(gamma: Array, x: Array, dout: Array, eps: float = EPS) -> tuple[Array, Array, Array]:
    """(dgamma, dbeta, dx)."""
    y, size = normalised(x, eps), x.shape[-1]
    slopes = np.eye(size) - 1.0 / size - np.einsum("...i,...j->...ij", y, y) / size
    dx = np.einsum("...ij,...j->...i", slopes, dout * gamma) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return (dout * y).reshape(-1, size).sum(0), dout.reshape(-1, size).sum(0), dx


def heads(matrices: Sequence[Array], count: int, x: Array, mask: Array | None = None) -> Array:
    """What several heads give: each looks with its own columns of Wq, Wk and Wv, and has its own rows of Wo."""
    Wq, Wk, Wv, Wo = matrices
    parts = [attend(x @ Wq[:, at], x @ Wk[:, at], x @ Wv[:, at], mask) @ Wo[at] for at in _slices(Wq, count)]
    total: Array = np.sum(parts, axis=0)
    return total


def head_weights(matrices: Sequence[Array], count: int, x: Array, mask: Array | None = None) -> list[Array]:
    """How much each head looks where: one (B, T, T) for each."""
    Wq, Wk, _, _ = matrices
    return [weights(x @ Wq[:, at], x @ Wk[:, at], mask) for at in _slices(Wq, count)]


def heads_back(matrices: Sequence[Array], count: int, x: Array, mask: Array | None, dout: Array) -> tuple[Parameters, Array]:
    """[dWq, dWk, dWv, dWo] and dx."""
    Wq, Wk, Wv, Wo = matrices
    gradients, dx = [np.zeros(Wq.shape) for _ in range(4)], np.zeros(x.shape)
    for at in _slices(Wq, count):
        q, k, v = x @ Wq[:, at], x @ Wk[:, at], x @ Wv[:, at]
        gradients[3][at] = _weight_slope(attend(q, k, v, mask), dout)
        for gradient, W, d in zip(gradients, (Wq, Wk, Wv), attend_back(q, k, v, mask, dout @ Wo[at].T)):
            gradient[:, at] = _weight_slope(x, d)
            dx = dx + d @ W[:, at].T
    return gradients, dx


def _slices(W: Array, count: int) -> list[slice]:
    width = len(W) // count
    return [slice(h * width, (h + 1) * width) for h in range(count)]


def _weight_slope(x: Array, dout: Array) -> Array:
    slope: Array = np.einsum("btd,bte->de", x, dout)
    return slope


def block(parameters: Sequence[Array], count: int, x: Array, mask: Array | None = None) -> tuple[Array, Array, Array]:
    """What comes out (B, T, D), and the inputs of the second norm and of the ReLU."""
    g1, b1, g2, b2, Wq, Wk, Wv, Wo, W1, c1, W2, c2 = parameters
    h = x + heads((Wq, Wk, Wv, Wo), count, norm(g1, b1, x), mask)
    z = norm(g2, b2, h) @ W1 + c1
    return h + np.maximum(z, 0) @ W2 + c2, h, z


def block_back(parameters: Sequence[Array], count: int, x: Array, mask: Array | None, dout: Array) -> tuple[Parameters, Array]:
    """The gradients in the order of the parameters, and dx."""
    g1, b1, g2, b2, Wq, Wk, Wv, Wo, W1, _, W2, _ = parameters
    _, h, z = block(parameters, count, x, mask)
    dz = dout @ W2.T * (z > 0)
    network = [_weight_slope(norm(g2, b2, h), dz), dz.sum((0, 1)), _weight_slope(np.maximum(z, 0), dout), dout.sum((0, 1))]
    dg2, db2, through = norm_back(g2, h, dz @ W1.T)
    dh = dout + through
    matrices, dn = heads_back((Wq, Wk, Wv, Wo), count, norm(g1, b1, x), mask, dh)
    dg1, db1, dx = norm_back(g1, x, dn)
    return [dg1, db1, dg2, db2, *matrices, *network], dh + dx


def copier(parameters: Sequence[Array], count: int, x: Array) -> tuple[Array, Array]:
    """The scores (B, T, V) of the next token, and what its block was given."""
    letters, places, gamma, beta, W, b, *inside = parameters
    h = letters[x] + places[: x.shape[1]]
    return norm(gamma, beta, block(inside, count, h, causal(x.shape[1]))[0]) @ W + b, h


def copier_back(parameters: Sequence[Array], count: int, x: Array, dlogits: Array) -> Parameters:
    """The gradients in the order of the parameters."""
    letters, places, gamma, beta, W, _, *inside = parameters
    h, mask = copier(parameters, count, x)[1], causal(x.shape[1])
    out = block(inside, count, h, mask)[0]
    dgamma, dbeta, dout = norm_back(gamma, out, dlogits @ W.T)
    gradients, dh = block_back(inside, count, h, mask, dout)
    dletters = np.einsum("btv,btd->vd", x[:, :, None] == np.arange(len(letters)), dh)
    dplaces = np.concatenate([dh.sum(0), np.zeros((len(places) - x.shape[1], places.shape[1]))])
    return [dletters, dplaces, dgamma, dbeta, _weight_slope(norm(gamma, beta, out), dlogits), dlogits.sum((0, 1)), *gradients]


def copy_loss(logits: Array, tokens: Array) -> tuple[float, Array]:
    """Mean cross-entropy of the second half, and its gradient with respect to the logits."""
    half = logits.shape[1] // 2
    wanted = tokens[:, half + 1 :]
    logs = logits - logits.max(-1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(-1, keepdims=True))
    hits = wanted[:, :, None] == np.arange(logits.shape[-1])
    dlogits = np.exp(logs) / wanted.size
    dlogits[:, half:] -= hits / wanted.size
    dlogits[:, :half] = 0.0
    return float(-(logs[:, half:] * hits).sum() / wanted.size), dlogits


def adam(parameters: Sequence[Array], gradients: Iterable[Sequence[Array]], lr: float) -> Parameters:
    """Where Adam's steps lead from some parameters, with the gradients of each step in turn."""
    now = [p.copy() for p in parameters]
    means, squares = [0.0 * p for p in now], [0.0 * p for p in now]
    for t, found in enumerate(gradients, start=1):
        means = [0.9 * m + 0.1 * g for m, g in zip(means, found)]
        squares = [0.999 * s + 0.001 * g**2 for s, g in zip(squares, found)]
        for p, m, s in zip(now, means, squares):
            p -= lr * m / (1 - 0.9**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    return now


def written(parameters: Sequence[Array], count: int, texts: Array) -> Array:
    """The copies (B, n) that a network writes behind its texts (B, n + 1), letter by letter."""
    read = texts
    for _ in range(texts.shape[1] - 1):
        best = copier(parameters, count, read)[0][:, -1].argmax(-1)
        read = np.concatenate([read, best[:, None]], axis=1)
    return read[:, texts.shape[1] :]
