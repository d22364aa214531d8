from __future__ import annotations

import numpy as np

from layers import Linear, ReLU


class Sequential:
    def __init__(self, *layers) -> None:
        self.layers = list(layers)

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits: np.ndarray) -> np.ndarray:
        for layer in reversed(self.layers):
            dlogits = layer.backward(dlogits)
        return dlogits

    def named(self):
        for layer in self.layers:
            yield from getattr(layer, "params", {}).values()


class MLP(Sequential):
    def __init__(self, sizes, rng: np.random.Generator) -> None:
        layers: list[Linear | ReLU] = []
        for n_in, n_out in zip(sizes, sizes[1:]):
            layers += [Linear(n_in, n_out, rng), ReLU()]
        super().__init__(*layers[:-1])

    def parameters(self) -> list[np.ndarray]:
        return [p.data for p in self.named()]

    def gradients(self) -> list[np.ndarray]:
        return [p.grad for p in self.named()]

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.argmax(self.forward(x), axis=1)
