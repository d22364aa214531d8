import numpy as np
from block import Block
from layers import LayerNorm, Linear


class Copier:
    def __init__(self, tokens, positions, features, heads, hidden, rng):
        self.letters = rng.normal(0.0, 0.1, size=(tokens, features))
        self.places = rng.normal(0.0, 0.1, size=(positions, features))
        self.dletters, self.dplaces = np.zeros(self.letters.shape), np.zeros(self.places.shape)
        self.block = Block(features, heads, hidden, rng)
        self.norm, self.out = LayerNorm(features), Linear(features, tokens, rng)

    def forward(self, x):
        self.x = x
        B, T = x.shape
        h = np.zeros((B, T, self.letters.shape[1]))
        mask = np.zeros((T, T), dtype=bool)
        for t in range(T):
            mask[t, : t + 1] = True
            for b in range(B):
                h[b, t] = self.letters[x[b, t]] + self.places[t]
        return self.out.forward(self.norm.forward(self.block.forward(h, mask)))

    def backward(self, dlogits):
        dh = self.block.backward(self.norm.backward(self.out.backward(dlogits)))
        self.dletters, self.dplaces = np.zeros(self.letters.shape), np.zeros(self.places.shape)
        for b in range(self.x.shape[0]):
            for t in range(self.x.shape[1]):
                self.dletters[self.x[b, t]] += dh[b, t]
                self.dplaces[t] += dh[b, t]
        return dh

    def parameters(self):
        return [self.letters, self.places, self.norm.gamma, self.norm.beta, self.out.W, self.out.b] + self.block.parameters()

    def gradients(self):
        return [self.dletters, self.dplaces, self.norm.dgamma, self.norm.dbeta, self.out.dW, self.out.db] + self.block.gradients()
