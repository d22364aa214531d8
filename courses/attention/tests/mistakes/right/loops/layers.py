import math

import numpy as np


class LayerNorm:
    def __init__(self, features, eps=1e-5):
        self.eps = eps
        self.gamma = np.array([1.0] * features)
        self.beta = np.array([0.0] * features)
        self.dgamma, self.dbeta = np.zeros(features), np.zeros(features)

    def forward(self, x):
        self.shape = x.shape
        rows = x.reshape(-1, x.shape[-1])
        self.y, self.roots = np.zeros(rows.shape), []
        out = np.zeros(rows.shape)
        for n, row in enumerate(rows):
            mean = sum(row) / len(row)
            variance = sum((value - mean) ** 2 for value in row) / len(row)
            self.roots.append(math.sqrt(variance + self.eps))
            self.y[n] = (row - mean) / self.roots[n]
            out[n] = self.gamma * self.y[n] + self.beta
        return out.reshape(x.shape)

    def backward(self, dout):
        rows = dout.reshape(self.y.shape)
        dx = np.zeros(rows.shape)
        self.dgamma, self.dbeta = np.zeros(len(self.gamma)), np.zeros(len(self.gamma))
        D = len(self.gamma)
        for n, row in enumerate(rows):
            y = self.y[n]
            self.dgamma += row * y
            self.dbeta += row
            for i in range(D):
                slopes = -1 / D - y[i] * y / D
                slopes[i] += 1
                dx[n, i] = slopes @ (row * self.gamma) / self.roots[n]
        return dx.reshape(self.shape)


class Linear:
    def __init__(self, in_features, out_features, rng):
        self.W = rng.normal(0.0, 1.0 / math.sqrt(in_features), size=(in_features, out_features))
        self.b = np.zeros(out_features)
        self.dW, self.db = np.zeros(self.W.shape), np.zeros(self.b.shape)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = np.zeros(self.W.shape), np.zeros(self.b.shape)
        for index in np.ndindex(dout.shape[:-1]):
            self.dW += np.outer(self.x[index], dout[index])
            self.db += dout[index]
        return dout @ self.W.T


class FeedForward:
    def __init__(self, features, hidden, rng):
        self.first, self.second = Linear(features, hidden, rng), Linear(hidden, features, rng)

    def forward(self, x):
        self.z = self.first.forward(x)
        return self.second.forward(np.maximum(self.z, 0))

    def backward(self, dout):
        return self.first.backward(np.where(self.z > 0, self.second.backward(dout), 0.0))
