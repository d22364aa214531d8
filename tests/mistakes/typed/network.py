"""What a learner types who has the handouts alone: the right answer, before anything slips."""

from .layers import Linear, ReLU


class MLP:
    def __init__(self, sizes, rng):
        self.layers = []
        for i in range(len(sizes) - 1):
            self.layers.append(Linear(sizes[i], sizes[i + 1], rng))
            if i < len(sizes) - 2:
                self.layers.append(ReLU())

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dlogits):
        grad = dlogits
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def parameters(self):
        params = []
        for layer in self.layers:
            if isinstance(layer, Linear):
                params += [layer.W, layer.b]
        return params

    def gradients(self):
        grads = []
        for layer in self.layers:
            if isinstance(layer, Linear):
                grads += [layer.dW, layer.db]
        return grads

    def predict(self, x):
        return self.forward(x).argmax(axis=1)
