import numpy as np

from .layers import Linear, ReLU


class MLP:
    def __init__(self, sizes, rng):
        self.layers = []
        last = len(sizes) - 2
        for k in range(last + 1):
            self.layers.append(Linear(sizes[k], sizes[k + 1], rng))
            if k != last:
                self.layers.append(ReLU())

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        out = x
        for layer in self.layers:
            out = layer(out)
        return out

    def backward(self, dlogits):
        k = len(self.layers)
        while k:
            k -= 1
            dlogits = self.layers[k].backward(dlogits)
        return dlogits

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def gradients(self):
        return [g for layer in self.layers for g in layer.gradients()]

    def predict(self, x):
        return np.argmax(self(x), axis=1).astype(np.int32)
