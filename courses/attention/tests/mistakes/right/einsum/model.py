import numpy as np

from .block import Block
from .layers import LayerNorm, Linear


class Copier:
    """Letters by a product with one-hot rows."""

    def __init__(self, tokens, positions, features, heads, hidden, rng):
        self.letters, self.places = rng.normal(0.0, 0.1, (tokens, features)), rng.normal(0.0, 0.1, (positions, features))
        self.dletters, self.dplaces = np.zeros_like(self.letters), np.zeros_like(self.places)
        self.block, self.norm = Block(features, heads, hidden, rng), LayerNorm(features)
        self.out = Linear(features, tokens, rng)

    def forward(self, x):
        self.onehot = np.eye(len(self.letters))[x]
        T = x.shape[1]
        h = np.einsum("btv,vd->btd", self.onehot, self.letters) + self.places[np.arange(T)]
        return self.out.forward(self.norm.forward(self.block.forward(h, np.arange(T) <= np.arange(T)[:, None])))

    def backward(self, dlogits):
        dh = self.block.backward(self.norm.backward(self.out.backward(dlogits)))
        self.dletters = np.einsum("btv,btd->vd", self.onehot, dh)
        self.dplaces = np.pad(np.einsum("btd->td", dh), [(0, len(self.places) - dh.shape[1]), (0, 0)])

    def parameters(self):
        return [self.letters, self.places, self.norm.gamma, self.norm.beta, self.out.W, self.out.b, *self.block.parameters()]

    def gradients(self):
        return [self.dletters, self.dplaces, self.norm.dgamma, self.norm.dbeta, self.out.dW, self.out.db, *self.block.gradients()]
