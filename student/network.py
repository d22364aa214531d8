"""The network: layers in a row; forward runs them first to last, backward last to first."""

import numpy as np

from .layers import Linear, ReLU


class MLP:
    """A multi-layer perceptron: Linear layers with a ReLU between each two."""

    def __init__(self, sizes, rng, dtype=np.float64):
        """Build the layers.

        sizes : sequence of int   width of the input, of each hidden layer and of the output
        rng   : Generator         shared by all layers, drawn from in order
        dtype : dtype             type of all parameters and gradients
        """
            # 1. A ReLU of its own before every Linear but the first: none after the last.
            # 2. A Linear from this width to the next.
        raise NotImplementedError("06_network: network.MLP.__init__ is still a TODO")

    def forward(self, x):
        """Scores of each class, before softmax.

        x       : (N, sizes[0]) float
        returns : (N, sizes[-1]) float   logits
        """
        raise NotImplementedError("06_network: network.MLP.forward is still a TODO")

    def backward(self, dlogits):
        """Carry the gradient from the logits back to the input, setting every layer's own on the way.

        dlogits : (N, sizes[-1]) float   dL / dlogits
        returns : (N, sizes[0]) float    dL / dx
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
