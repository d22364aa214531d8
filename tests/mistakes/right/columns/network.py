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
            out = layer.forward(out)
        return out

    def backward(self, dlogits):
        k = len(self.layers)
        while k:
            k -= 1
            dlogits = self.layers[k].backward(dlogits)
        return dlogits

    def parameters(self):
        return [p for layer in self.layers if isinstance(layer, Linear) for p in (layer.W, layer.b)]

    def gradients(self):
        return [g for layer in self.layers if isinstance(layer, Linear) for g in (layer.dW, layer.db)]

    def predict(self, x):
        return np.argmax(self(x), axis=1).astype(np.int32)
