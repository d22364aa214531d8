"""The network: layers in a row, from examples to logits."""

import numpy as np

from .layers import Linear, ReLU


class MLP:
    """A multi-layer perceptron: Linear layers with a ReLU between one and the next."""

    def __init__(self, sizes, rng):
        """Build the layers.

        sizes : sequence of int   width of the input, of each hidden layer and of the output
        rng   : Generator         where all layers draw their weights from
        sets  : layers            the list [Linear, ReLU, Linear, ..., Linear]
        """
        raise NotImplementedError("06_network: network.MLP.__init__ is still a TODO")

    def forward(self, x):
        """The logits of each example.

        x       : (N, sizes[0]) float
        returns : (N, sizes[-1]) float   logits, before any softmax
        """
        raise NotImplementedError("06_network: network.MLP.forward is still a TODO")

    def backward(self, dlogits):
        """The gradients of the loss with respect to all parameters and the input of the last forward.

        dlogits : (N, sizes[-1]) float   dL / dlogits
        returns : (N, sizes[0]) float    dL / dx
        sets    : dW, db                 of every Linear
        """
        raise NotImplementedError("07_backprop: network.MLP.backward is still a TODO")

    def parameters(self):
        """The live arrays [W1, b1, W2, b2, ...]: changing one changes the network."""
        raise NotImplementedError("06_network: network.MLP.parameters is still a TODO")

    def gradients(self):
        """The gradients [dW1, db1, dW2, db2, ...] of the last backward, in the order of parameters()."""
        raise NotImplementedError("07_backprop: network.MLP.gradients is still a TODO")

    def predict(self, x):
        """The most likely class of each example.

        x       : (N, sizes[0]) float
        returns : (N,) int
        """
        raise NotImplementedError("06_network: network.MLP.predict is still a TODO")
