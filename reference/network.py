"""The network: layers in a row, from examples to logits."""

import numpy as np

from .layers import Linear, ReLU


class MLP:
    """A multi-layer perceptron: Linear layers with a ReLU between one and the next."""

    def __init__(self, sizes, rng, dtype=np.float64):
        """Build the layers.

        sizes : sequence of int   width of the input, of each hidden layer and of the output
        rng   : Generator         where all layers draw their weights from
        dtype : dtype             type of all parameters and gradients
        sets  : layers            the list [Linear, ReLU, Linear, ..., Linear]
        """
        self.layers = []
        for i in range(len(sizes) - 1):
            # 1. A ReLU of its own before every Linear but the first: none after the last.
            if i > 0:
                self.layers.append(ReLU())
            # 2. A Linear from this width to the next, with the same rng.
            self.layers.append(Linear(sizes[i], sizes[i + 1], rng, dtype))

    def forward(self, x):
        """The logits of each example.

        x       : (N, sizes[0]) float
        returns : (N, sizes[-1]) float   logits, before any softmax
        """
        # 1. Through the layers, first to last: each takes what the one before it gave.
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        """The gradients of the loss with respect to all parameters and the input of the last forward.

        dlogits : (N, sizes[-1]) float   dL / dlogits
        returns : (N, sizes[0]) float    dL / dx
        sets    : dW, db                 of every Linear
        """
        # 1. Through the layers, last to first: each takes what the one behind it returned.
        dout = dlogits
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

    def parameters(self):
        """The live arrays [W1, b1, W2, b2, ...]: changing one changes the network."""
        # 1. From each Linear, in order, W and b themselves, not copies.
        return [p for layer in self.layers if isinstance(layer, Linear) for p in (layer.W, layer.b)]

    def gradients(self):
        """The gradients [dW1, db1, dW2, db2, ...] of the last backward, in the order of parameters()."""
        # 1. From each Linear, in order, dW and db as they are now.
        return [g for layer in self.layers if isinstance(layer, Linear) for g in (layer.dW, layer.db)]

    def predict(self, x):
        """The most likely class of each example.

        x       : (N, sizes[0]) float
        returns : (N,) int
        """
        # 1. In each row of the logits, the place of the largest.
        return self.forward(x).argmax(axis=1)
