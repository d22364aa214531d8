"""What takes the place of a learner's function that is wrong or not written, while a later stage is looked at.

Glue over the closed forms, no more: no expected value and no seed is in here. A worker's loader reads this text and derives a
class from each of these and the learner's own. Names with an annotation are plain attributes of an object. Nothing comes
after the last stage, so that nothing of it is here.
"""

from typing import Any, TypeAlias

import numpy as np

from ..toolbox import closed_form
from ..toolbox.closed_form import Array

Own: TypeAlias = Any  #: of the learner's: whatever has the contract's names


def attention_weights(q: Array, k: Array, mask: Array | None = None) -> Array:
    return closed_form.weights(q, k, mask)


class Attention:
    def forward(self, q: Array, k: Array, v: Array, mask: Array | None = None) -> Array:
        self._put_in = q, k, v, mask
        return closed_form.attend(q, k, v, mask)

    def backward(self, dout: Array) -> tuple[Array, Array, Array]:
        return closed_form.attend_back(*self._put_in, dout)


class LayerNorm:
    eps: float
    gamma: Array
    beta: Array
    dgamma: Array
    dbeta: Array

    def __init__(self, features: int, eps: float = closed_form.EPS) -> None:
        self.eps, self.gamma, self.beta = eps, np.ones(features), np.zeros(features)
        self.dgamma, self.dbeta = np.zeros(features), np.zeros(features)

    def forward(self, x: Array) -> Array:
        self._put_in = x
        return closed_form.norm(self.gamma, self.beta, x, self.eps)

    def backward(self, dout: Array) -> Array:
        self.dgamma, self.dbeta, dx = closed_form.norm_back(self.gamma, self._put_in, dout, self.eps)
        return dx


class MultiHead:
    heads: int
    Wq: Array
    Wk: Array
    Wv: Array
    Wo: Array
    dWq: Array
    dWk: Array
    dWv: Array
    dWo: Array

    def __init__(self, features: int, heads: int, rng: np.random.Generator) -> None:
        self.heads = heads
        self.Wq, self.Wk, self.Wv, self.Wo = rng.normal(0.0, 1.0 / np.sqrt(features), size=(4, features, features))
        self.dWq, self.dWk, self.dWv, self.dWo = np.zeros((4, features, features))

    def forward(self, x: Array, mask: Array | None = None) -> Array:
        self._put_in = x, mask
        return closed_form.heads((self.Wq, self.Wk, self.Wv, self.Wo), self.heads, x, mask)

    def backward(self, dout: Array) -> Array:
        matrices = self.Wq, self.Wk, self.Wv, self.Wo
        (self.dWq, self.dWk, self.dWv, self.dWo), dx = closed_form.heads_back(matrices, self.heads, *self._put_in, dout)
        return dx


class Block:
    norm1: Own
    norm2: Own
    attention: Own
    network: Own

    def forward(self, x: Array, mask: Array | None = None) -> Array:
        h: Array = x + self.attention.forward(self.norm1.forward(x), mask)
        out: Array = h + self.network.forward(self.norm2.forward(h))
        return out

    def backward(self, dout: Array) -> Array:
        dh: Array = dout + self.norm2.backward(self.network.backward(dout))
        dx: Array = dh + self.norm1.backward(self.attention.backward(dh))
        return dx


#: What can be put in: whole classes where the methods share what is their own, every other claim alone.
SUBSTITUTES = {
    "attention.attention_weights": attention_weights,
    "attention.Attention": Attention,
    "layers.LayerNorm": LayerNorm,
    "block.MultiHead": MultiHead,
    "block.Block.forward": Block,
    "block.Block.backward": Block,
}
#: What the contract's objects have: whoever reads that of another object reads nothing beyond it.
CONTRACT = [
    "forward", "backward", "parameters", "gradients", "eps", "gamma", "beta", "dgamma", "dbeta", "heads", "Wq", "Wk", "Wv", "Wo",
    "dWq", "dWk", "dWv", "dWo", "norm1", "norm2", "attention", "network", "first", "second", "W", "b", "dW", "db",
]  # fmt: skip
