import numpy as np

from .layers import Linear, ReLU


class MLP:
    def __init__(self, sizes, rng):
        self.linear = [Linear(a, b, rng) for a, b in zip(sizes[:-1], sizes[1:])]
        counts = [layer.values.size for layer in self.linear]
        self.values, self.slopes = np.zeros(sum(counts)), np.zeros(sum(counts))
        ends = np.cumsum(counts)[:-1]
        for layer, values, slopes in zip(self.linear, np.split(self.values, ends), np.split(self.slopes, ends)):
            layer.attach(values, slopes)
        self.layers = [self.linear[0]]
        for layer in self.linear[1:]:
            self.layers.extend([ReLU(), layer])
        self._parameters = [array for layer in self.linear for array in (layer.W, layer.b)]
        self._gradients = [array for layer in self.linear for array in (layer.dW, layer.db)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
        return dlogits

    def parameters(self):
        return self._parameters

    def gradients(self):
        return self._gradients

    def predict(self, x):
        return self.forward(x).argmax(axis=1)
