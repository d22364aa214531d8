from layers import Linear, ReLU


class MLP:
    def __init__(self, sizes, rng):
        self.layers = [Linear(sizes[0], sizes[1], rng)]
        for a, b in zip(sizes[1:-1], sizes[2:]):
            self.layers += [ReLU(), Linear(a, b, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        for layer in self.layers[::-1]:
            dlogits = layer.backward(dlogits)
        return dlogits

    def parameters(self):
        return sum(([layer.W, layer.b] for layer in self.layers[::2]), [])

    def gradients(self):
        return sum(([layer.dW, layer.db] for layer in self.layers[::2]), [])

    def predict(self, x):
        return self.forward(x).argmax(-1)
