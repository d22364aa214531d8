"""One block of a transformer: attention with several heads, then a small network, each behind a layer norm."""

import numpy as np

from .attention import Attention
from .layers import FeedForward, LayerNorm


class MultiHead:
    """Self-attention with several heads: each head looks with a slice of the features of its own."""

    def __init__(self, features, heads, rng):
        """Draw the four matrices.

        features : int   D, a multiple of heads
        heads    : int   H; head h has the features h * D/H to (h + 1) * D/H - 1
        sets     : Wq, Wk, Wv, Wo (D, D)   normal, standard deviation 1 / sqrt(D)
                   dWq, dWk, dWv, dWo      zeros of the same shape, until backward sets them
                   heads
        """
        self.heads = heads
        self.Wq, self.Wk, self.Wv, self.Wo = rng.normal(0.0, 1.0 / np.sqrt(features), size=(4, features, features))
        self.dWq, self.dWk, self.dWv, self.dWo = np.zeros((4, features, features))

    def forward(self, x, mask=None):
        """Queries x @ Wq, keys x @ Wk and values x @ Wv; attention in each head; the heads side by side, times Wo.

        x       : (B, T, D) float
        mask    : (T, T) bool       True where a position may look at another; None: everywhere
        returns : (B, T, D) float
        """
        self.x = x
        # 1. Queries, keys and values of all heads, cut into one slice of the features for each head.
        q, k, v = (self._split(x @ W) for W in (self.Wq, self.Wk, self.Wv))
        # 2. Attention of each head by itself: to Attention, heads are more examples of the batch.
        self.attention = Attention()
        # 3. The heads side by side again, in their order, then the last matrix.
        self.merged = self._merge(self.attention.forward(q, k, v, mask))
        return self.merged @ self.Wo

    def backward(self, dout):
        """The gradients with respect to the four matrices and the input of the last forward.

        dout    : (B, T, D) float   dL / d(output of that forward)
        returns : (B, T, D) float   dL / dx
        sets    : dWq, dWk, dWv, dWo   summed over the batch and all positions; replaced, not added to
        """
        # 1. The last matrix, as in any fully connected layer.
        self.dWo = _product(self.merged, dout)
        # 2. Cut the gradient into heads, and go back through the attention.
        dheads = self.attention.backward(self._split(dout @ self.Wo.T))
        dq, dk, dv = (self._merge(d) for d in dheads)
        # 3. The three matrices all met the same x: their contributions to dx add up.
        self.dWq, self.dWk, self.dWv = (_product(self.x, d) for d in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T

    def _split(self, x):
        """(B, T, D) -> (B * H, T, D / H)."""
        B, T, D = x.shape
        return x.reshape(B, T, self.heads, D // self.heads).swapaxes(1, 2).reshape(B * self.heads, T, -1)

    def _merge(self, x):
        """(B * H, T, D / H) -> (B, T, D)."""
        rows, T, width = x.shape
        return x.reshape(-1, self.heads, T, width).swapaxes(1, 2).reshape(rows // self.heads, T, -1)


class Block:
    """x plus what attention adds, plus what the feed-forward network adds, each behind its own layer norm."""

    def __init__(self, features, heads, hidden, rng):
        """norm1 and norm2: LayerNorm(features); attention: MultiHead; network: FeedForward with `hidden` units."""
        self.norm1, self.norm2 = LayerNorm(features), LayerNorm(features)
        self.attention = MultiHead(features, heads, rng)
        self.network = FeedForward(features, hidden, rng)

    def forward(self, x, mask=None):
        """h = x + attention(norm1(x)), then h + network(norm2(h)).

        x       : (B, T, D) float
        mask    : (T, T) bool       for the attention
        returns : (B, T, D) float   a new array
        """
        # 1. What attention adds to x.
        h = x + self.attention.forward(self.norm1.forward(x), mask)
        # 2. What the network adds to that.
        return h + self.network.forward(self.norm2.forward(h))

    def backward(self, dout):
        """The gradient with respect to the input of the last forward; sets those of all parameters.

        dout    : (B, T, D) float   dL / d(output of that forward)
        returns : (B, T, D) float   dL / dx
        """
        # 1. h went two ways: straight on, and through norm2 and the network. Both gradients add up.
        dh = dout + self.norm2.backward(self.network.backward(dout))
        # 2. So did x.
        return dh + self.norm1.backward(self.attention.backward(dh))

    def parameters(self):
        """The live arrays of both norms, the attention and the network."""
        first, second = self.network.first, self.network.second
        norms = [self.norm1.gamma, self.norm1.beta, self.norm2.gamma, self.norm2.beta]
        matrices = [self.attention.Wq, self.attention.Wk, self.attention.Wv, self.attention.Wo]
        return [*norms, *matrices, first.W, first.b, second.W, second.b]

    def gradients(self):
        """Those of the last backward, in the order of parameters()."""
        first, second = self.network.first, self.network.second
        norms = [self.norm1.dgamma, self.norm1.dbeta, self.norm2.dgamma, self.norm2.dbeta]
        matrices = [self.attention.dWq, self.attention.dWk, self.attention.dWv, self.attention.dWo]
        return [*norms, *matrices, first.dW, first.db, second.dW, second.db]


def _product(x, dout):
    """x.T @ dout over all positions: (B, T, D), (B, T, K) -> (D, K)."""
    return x.reshape(-1, x.shape[-1]).T @ dout.reshape(-1, dout.shape[-1])
