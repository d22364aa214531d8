import numpy as np
from attention import Attention
from layers import FeedForward, LayerNorm


class MultiHead:
    def __init__(self, features, heads, rng):
        self.heads = heads
        for name in ("Wq", "Wk", "Wv", "Wo"):
            setattr(self, name, rng.normal(0.0, features**-0.5, size=(features, features)))
            setattr(self, "d" + name, np.zeros((features, features)))

    def forward(self, x, mask=None):
        self.x = x
        width = x.shape[2] // self.heads
        self.parts, self.each = [], []
        for h in range(self.heads):
            at = slice(h * width, (h + 1) * width)
            one = Attention()
            self.each.append((at, one))
            self.parts.append(one.forward(x @ self.Wq[:, at], x @ self.Wk[:, at], x @ self.Wv[:, at], mask))
        self.side_by_side = np.concatenate(self.parts, axis=2)
        return self.side_by_side @ self.Wo

    def backward(self, dout):
        D = self.x.shape[2]
        self.dWq, self.dWk, self.dWv, self.dWo = (np.zeros((D, D)) for _ in range(4))
        dx = np.zeros(self.x.shape)
        inside = dout @ self.Wo.T
        for at, one in self.each:
            for W, dW, d in zip((self.Wq, self.Wk, self.Wv), (self.dWq, self.dWk, self.dWv), one.backward(inside[:, :, at])):
                for b in range(len(dout)):
                    dW[:, at] += self.x[b].T @ d[b]
                dx += d @ W[:, at].T
        for b in range(len(dout)):
            self.dWo += self.side_by_side[b].T @ dout[b]
        return dx


class Block:
    def __init__(self, features, heads, hidden, rng):
        self.norm1, self.norm2 = LayerNorm(features), LayerNorm(features)
        self.attention = MultiHead(features, heads, rng)
        self.network = FeedForward(features, hidden, rng)

    def forward(self, x, mask=None):
        h = x.copy()
        h += self.attention.forward(self.norm1.forward(x), mask)
        out = h.copy()
        out += self.network.forward(self.norm2.forward(h))
        return out

    def backward(self, dout):
        dh = dout.copy()
        dh += self.norm2.backward(self.network.backward(dout))
        dx = dh.copy()
        dx += self.norm1.backward(self.attention.backward(dh))
        return dx

    def parameters(self):
        found = [self.norm1.gamma, self.norm1.beta, self.norm2.gamma, self.norm2.beta]
        found += [getattr(self.attention, name) for name in ("Wq", "Wk", "Wv", "Wo")]
        return found + [self.network.first.W, self.network.first.b, self.network.second.W, self.network.second.b]

    def gradients(self):
        found = [self.norm1.dgamma, self.norm1.dbeta, self.norm2.dgamma, self.norm2.dbeta]
        found += [getattr(self.attention, "d" + name) for name in ("Wq", "Wk", "Wv", "Wo")]
        return found + [self.network.first.dW, self.network.first.db, self.network.second.dW, self.network.second.db]
