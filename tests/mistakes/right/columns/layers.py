"""Inside, one example is a column, as in many textbooks; the rows of the contract are turned on the way in and out."""

import numpy as np


class Linear:
    def __init__(self, in_features, out_features, rng):
        self._weights = rng.standard_normal((out_features, in_features)) * np.sqrt(2 / in_features)
        self._bias = np.zeros((out_features, 1))
        self._dweights = np.zeros((out_features, in_features))
        self._dbias = np.zeros((out_features, 1))

    W = property(lambda self: self._weights.T)
    b = property(lambda self: self._bias[:, 0])
    dW = property(lambda self: self._dweights.T)
    db = property(lambda self: self._dbias[:, 0])

    def forward(self, x):
        self._columns = x.T
        return (self._weights @ self._columns + self._bias).T

    def backward(self, dout):
        slopes = dout.T
        self._dweights = slopes @ self._columns.T
        self._dbias = slopes.sum(axis=1, keepdims=True)
        return (self._weights.T @ slopes).T


class ReLU:
    def forward(self, x):
        self._off = np.logical_not(x > 0)
        z = np.array(x)
        z[self._off] = 0
        return z

    def backward(self, dout):
        dz = np.array(dout)
        dz[self._off] = 0
        return dz
