import numpy as np

from .attention import attention_weights
from .layers import FeedForward, LayerNorm


class MultiHead:
    """All heads and all three matrices in one product each; no Attention object is asked."""

    def __init__(self, features, heads, rng):
        self.heads = heads
        self.Wq, self.Wk, self.Wv, self.Wo = (rng.normal(0.0, features**-0.5, (features, features)) for _ in range(4))
        self.dWq, self.dWk, self.dWv, self.dWo = (np.zeros((features, features)) for _ in range(4))

    def forward(self, x, mask=None):
        B, T, D = x.shape
        self.x = x
        three = x @ np.hstack([self.Wq, self.Wk, self.Wv])
        self.q, self.k, self.v = three.reshape(B, T, 3, self.heads, D // self.heads).transpose(2, 0, 3, 1, 4)
        # The weights of a head are those of its queries and keys, whatever stands in front of their axes.
        q, k = (z.reshape(B * self.heads, T, -1) for z in (self.q, self.k))
        self.p = attention_weights(q, k, mask).reshape(B, self.heads, T, T)
        self.wide = (self.p @ self.v).transpose(0, 2, 1, 3).reshape(B, T, D)
        return self.wide @ self.Wo

    def backward(self, dout):
        B, T, D = dout.shape
        root = np.sqrt(D // self.heads)
        self.dWo = np.tensordot(self.wide, dout, axes=((0, 1), (0, 1)))
        d = (dout @ self.Wo.T).reshape(B, T, self.heads, -1).transpose(0, 2, 1, 3)
        dp = d @ self.v.swapaxes(2, 3)
        ds = self.p * (dp - (self.p * dp).sum(axis=3, keepdims=True)) / root
        three = np.stack([ds @ self.k, ds.swapaxes(2, 3) @ self.q, self.p.swapaxes(2, 3) @ d])
        wide = three.transpose(1, 3, 0, 2, 4).reshape(B, T, 3 * D)
        gradient = np.tensordot(self.x, wide, axes=((0, 1), (0, 1)))
        self.dWq, self.dWk, self.dWv = np.split(gradient, 3, axis=1)
        return wide @ np.vstack([self.Wq.T, self.Wk.T, self.Wv.T])


class Block:
    def __init__(self, features, heads, hidden, rng):
        self.norm1, self.norm2 = LayerNorm(features), LayerNorm(features)
        self.attention, self.network = MultiHead(features, heads, rng), FeedForward(features, hidden, rng)

    def forward(self, x, mask=None):
        h = np.add(x, self.attention.forward(self.norm1.forward(x), mask=mask))
        return np.add(h, self.network.forward(self.norm2.forward(h)))

    def backward(self, dout):
        dh = np.add(dout, self.norm2.backward(self.network.backward(dout)))
        return np.add(dh, self.norm1.backward(self.attention.backward(dh)))

    def parameters(self):
        a, n = self.attention, self.network
        norms = (self.norm1.gamma, self.norm1.beta, self.norm2.gamma, self.norm2.beta)
        return (*norms, a.Wq, a.Wk, a.Wv, a.Wo, n.first.W, n.first.b, n.second.W, n.second.b)

    def gradients(self):
        a, n = self.attention, self.network
        norms = (self.norm1.dgamma, self.norm1.dbeta, self.norm2.dgamma, self.norm2.dbeta)
        return (*norms, a.dWq, a.dWk, a.dWv, a.dWo, n.first.dW, n.first.db, n.second.dW, n.second.db)
