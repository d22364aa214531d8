"""Layers: what goes forward is remembered, so that the gradient can come back the same way."""

import numpy as np


class Linear:
    """A fully connected layer: every output is a weighted sum of every input, plus a bias."""

    def __init__(self, in_features, out_features, rng):
        """Draw the weights; start the biases and the gradients at zero.

        in_features  : int         inputs of an example (D)
        out_features : int         outputs of an example (K)
        rng          : Generator   where the weights are drawn from
        sets         : W (D, K)    by He initialisation
                       b (K,)      zeros
                       dW, db      zeros of the same shapes, until backward sets them
        """
        raise NotImplementedError("01_linear: layers.Linear.__init__ is still a TODO")

    def forward(self, x):
        """The outputs of the layer.

        x       : (N, D) float   one row per example
        returns : (N, K) float
        """
        raise NotImplementedError("01_linear: layers.Linear.forward is still a TODO")

    def backward(self, dout):
        """The gradients of the loss with respect to W, b and the input of the last forward.

        dout    : (N, K) float   dL / d(output of that forward)
        returns : (N, D) float   dL / dx
        sets    : dW, db         summed over the batch; replaced, not added to
        """
        raise NotImplementedError("01_linear: layers.Linear.backward is still a TODO")


class ReLU:
    """The nonlinearity: negative values become zero, the others pass."""

    def forward(self, x):
        """Let positive entries pass, and make the others zero.

        x       : (...) float
        returns : (...) float   the same shape, a new array
        """
        raise NotImplementedError("02_relu: layers.ReLU.forward is still a TODO")

    def backward(self, dout):
        """The gradient of the loss with respect to the input of the last forward.

        dout    : (...) float   dL / d(output of that forward)
        returns : (...) float   dL / dx; the derivative of ReLU at 0 is 0
        """
        raise NotImplementedError("02_relu: layers.ReLU.backward is still a TODO")
