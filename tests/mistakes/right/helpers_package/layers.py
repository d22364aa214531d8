import numpy as np

from .helpers.base import Layer


class Linear(Layer):
    def __init__(self, in_features, out_features, rng):
        self.W = rng.standard_normal((in_features, out_features))
        self.W *= (2.0 / in_features) ** 0.5
        self.b = np.zeros(out_features)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.cache = x
        return np.add(np.matmul(x, self.W), self.b)

    def backward(self, dout):
        self.dW[:] = np.matmul(np.transpose(self.cache), dout)
        self.db[:] = np.sum(dout, axis=0)
        return np.matmul(dout, np.transpose(self.W))

    def parameters(self):
        return [self.W, self.b]

    def gradients(self):
        return [self.dW, self.db]


class ReLU(Layer):
    def forward(self, x):
        self.cache = x
        return np.fmax(x, 0)

    def backward(self, dout):
        dx = np.zeros_like(dout)
        dx[self.cache > 0] = dout[self.cache > 0]
        return dx
