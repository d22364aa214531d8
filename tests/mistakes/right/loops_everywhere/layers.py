import math

import numpy as np


class Linear:
    def __init__(self, in_features, out_features, rng):
        self.W = np.empty((in_features, out_features))
        for i in range(in_features):
            for j in range(out_features):
                self.W[i, j] = rng.normal(0.0, math.sqrt(2.0 / in_features))
        self.b = np.array([0.0] * out_features)
        self.dW = np.zeros((in_features, out_features))
        self.db = np.zeros(out_features)

    def forward(self, x):
        self.x = x
        out = np.empty((len(x), len(self.b)))
        for k in range(len(self.b)):
            out[:, k] = x @ self.W[:, k] + self.b[k]
        return out

    def backward(self, dout):
        self.dW, self.db = np.empty(self.W.shape), np.empty(self.b.shape)
        dx = np.zeros(self.x.shape)
        for k in range(len(self.b)):
            self.dW[:, k] = dout[:, k] @ self.x
            self.db[k] = sum(dout[:, k])
            dx += np.outer(dout[:, k], self.W[:, k])
        return dx


class ReLU:
    def forward(self, x):
        self.x = x
        out = np.empty(x.shape, x.dtype)
        for n in range(len(x)):
            out[n] = x[n] * (x[n] > 0)
        return out

    def backward(self, dout):
        dx = np.empty(dout.shape, dout.dtype)
        for n in range(len(dout)):
            dx[n] = dout[n] * (self.x[n] > 0)
        return dx
