import numpy as np
from .layers import Linear, ReLU


class MLP:
    def __init__(self, sizes, rng):
        self.layers = []
        for k in range(len(sizes) - 1):
            self.layers.append(Linear(sizes[k], sizes[k + 1], rng))
            if k < len(sizes) - 2:
                self.layers.append(ReLU())

    def forward(self, x):
        self.x = x
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        for layer in self.layers:
            if hasattr(layer, "W"):
                layer.dW[...] = 1e300
                layer.db[...] = 1e300
        return np.full(self.x.shape, 1e300)

    def parameters(self):
        return [a for l in self.layers if hasattr(l, "W") for a in (l.W, l.b)]

    def gradients(self):
        return [a for l in self.layers if hasattr(l, "W") for a in (l.dW, l.db)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)
