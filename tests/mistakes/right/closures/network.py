import numpy as np
from student.layers import Linear, ReLU


class MLP:
    def __init__(self, sizes, rng):
        self.layers = []
        for k in range(1, len(sizes)):
            self.layers.append(Linear(sizes[k - 1], sizes[k], rng))
            if k < len(sizes) - 1:
                self.layers.append(ReLU())

    def forward(self, x):
        self.outputs = []
        for layer in self.layers:
            self.outputs.append(layer.forward(self.outputs[-1] if self.outputs else x))
        return self.outputs[-1]

    def backward(self, dlogits):
        for k in range(len(self.layers) - 1, -1, -1):
            dlogits = self.layers[k].backward(dlogits)
        return dlogits

    def parameters(self):
        params = []
        for k in range(0, len(self.layers), 2):
            params.append(self.layers[k].W)
            params.append(self.layers[k].b)
        return params

    def gradients(self):
        grads = []
        for k in range(0, len(self.layers), 2):
            grads.append(self.layers[k].dW)
            grads.append(self.layers[k].db)
        return grads

    def predict(self, x):
        best = []
        for scores in self.forward(x):
            winner = 0
            for c in range(len(scores)):
                if scores[c] > scores[winner]:
                    winner = c
            best.append(winner)
        return np.array(best)
