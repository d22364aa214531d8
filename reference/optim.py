"""Stochastic gradient descent: walk a small step downhill."""

import numpy as np


class SGD:
    """Plain gradient descent with a fixed learning rate."""

    def __init__(self, lr):
        """An optimiser with its learning rate.

        lr : float   learning rate
        """
        # 1. Keep lr.
        self.lr = lr

    def step(self, params, grads):
        """Move every parameter against its gradient, in place.

        params : list of arrays   changed in place
        grads  : list of arrays   one for each parameter, of its shape
        """
        # 1. For each parameter p and its gradient g: p -= lr * g, which writes into the array that p names.
        for p, g in zip(params, grads):
            p -= self.lr * g
