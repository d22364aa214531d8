import numpy as np

from .attention import Attention
from .layers import FeedForward, LayerNorm


class MultiHead:
    """The matrices as (D, H, D / H): a view, so that what is written into them counts."""

    def __init__(self, features, heads, rng):
        self.heads, self.kinds = heads, [Attention() for _ in range(heads)]
        self.Wq, self.Wk, self.Wv, self.Wo = rng.normal(0.0, features**-0.5, (4, features, features))
        self.dWq, self.dWk, self.dWv, self.dWo = np.zeros((4, features, features))

    def _cut(self, W):
        return W.reshape(len(W), self.heads, -1)

    def forward(self, x, mask=None):
        self.x = x
        q, k, v = (np.einsum("btd,dhw->hbtw", x, self._cut(W)) for W in (self.Wq, self.Wk, self.Wv))
        self.mixed = np.stack([one.forward(q[h], k[h], v[h], mask) for h, one in enumerate(self.kinds)])
        return np.einsum("hbtw,hwe->bte", self.mixed, self.Wo.reshape(self.heads, -1, len(self.Wo)))

    def backward(self, dout):
        rows = self.Wo.reshape(self.heads, -1, len(self.Wo))
        self.dWo = np.einsum("hbtw,bte->hwe", self.mixed, dout).reshape(self.Wo.shape)
        inside = np.einsum("bte,hwe->hbtw", dout, rows)
        parts = [one.backward(inside[h]) for h, one in enumerate(self.kinds)]
        dq, dk, dv = (np.stack(part) for part in zip(*parts))
        self.dWq, self.dWk, self.dWv = (np.einsum("btd,hbtw->dhw", self.x, d).reshape(self.Wq.shape) for d in (dq, dk, dv))
        return sum(np.einsum("hbtw,dhw->btd", d, self._cut(W)) for d, W in ((dq, self.Wq), (dk, self.Wk), (dv, self.Wv)))


class Block:
    def __init__(self, features, heads, hidden, rng):
        self.norm1, self.norm2 = LayerNorm(features), LayerNorm(features)
        self.attention, self.network = MultiHead(features, heads, rng), FeedForward(features, hidden, rng)

    def forward(self, x, mask=None):
        for norm, part, more in ((self.norm1, self.attention, (mask,)), (self.norm2, self.network, ())):
            x = x + part.forward(norm.forward(x), *more)
        return x

    def backward(self, dout):
        for norm, part in ((self.norm2, self.network), (self.norm1, self.attention)):
            dout = dout + norm.backward(part.backward(dout))
        return dout

    def _owners(self):
        norms = [(norm, name) for norm in (self.norm1, self.norm2) for name in ("gamma", "beta")]
        matrices = [(self.attention, name) for name in ("Wq", "Wk", "Wv", "Wo")]
        return norms + matrices + [(layer, name) for layer in (self.network.first, self.network.second) for name in "Wb"]

    def parameters(self):
        return [getattr(owner, name) for owner, name in self._owners()]

    def gradients(self):
        return [getattr(owner, f"d{name}") for owner, name in self._owners()]
