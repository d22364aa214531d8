"""Stochastic gradient descent: walk a small step downhill."""


class SGD:
    """Plain gradient descent with a fixed learning rate."""

    def __init__(self, lr):
        """Remember the learning rate.

        lr : float   length of a step, as a multiple of the gradient
        """
        self.lr = lr

    def step(self, params, grads):
        """Move every parameter against its gradient, in place.

        params : list of arrays   changed in place: p -= lr * g
        grads  : list of arrays   one for each parameter, of its shape
        """
        for p, g in zip(params, grads):
            p -= self.lr * g
