"""Stochastic gradient descent: walk a small step downhill."""

import numpy as np


class SGD:
    """Plain gradient descent with a fixed learning rate."""

    def __init__(self, lr):
        """An optimiser with its learning rate.

        lr : float   learning rate
        """
        raise NotImplementedError("08_sgd: optim.SGD.__init__ is still a TODO")

    def step(self, params, grads):
        """Move every parameter against its gradient, in place.

        params : list of arrays   changed in place
        grads  : list of arrays   one for each parameter, of its shape
        """
        raise NotImplementedError("08_sgd: optim.SGD.step is still a TODO")
