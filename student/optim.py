"""Stochastic gradient descent: walk a small step downhill."""


class SGD:
    """Plain gradient descent with a fixed learning rate."""

    def __init__(self, lr):
        """Remember the learning rate.

        lr : float   length of a step, as a multiple of the gradient
        """
        raise NotImplementedError("08_sgd: optim.SGD.__init__ is still a TODO")

    def step(self, params, grads):
        """Move every parameter against its gradient, in place.

        params : list of arrays   changed in place: p -= lr * g
        grads  : list of arrays   one for each parameter, of its shape
        """
        raise NotImplementedError("08_sgd: optim.SGD.step is still a TODO")
