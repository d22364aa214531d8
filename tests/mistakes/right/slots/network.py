from dataclasses import dataclass, field
from itertools import chain, pairwise

from .layers import Linear, ReLU


@dataclass(slots=True, eq=True)
class MLP:
    sizes: tuple
    rng: object
    layers: list = field(init=False)

    def __post_init__(self):
        pairs = ((Linear(a, b, self.rng), ReLU()) for a, b in pairwise(self.sizes))
        self.layers = list(chain.from_iterable(pairs))[:-1]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
        return dlogits

    def parameters(self):
        return [*chain.from_iterable((m.W, m.b) for m in self.layers if type(m) is Linear)]

    def gradients(self):
        return [*chain.from_iterable((m.dW, m.db) for m in self.layers if type(m) is Linear)]

    def predict(self, x):
        return self.forward(x).argmax(axis=1)
