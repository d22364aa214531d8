from functools import partial

import numpy as np


def softmax(logits):
    e = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def _gradient(p, labels):
    g = p.copy()
    g[np.arange(len(g)), labels] -= 1
    g /= len(g)
    return g


class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        self.backward = partial(_gradient, softmax(logits), labels.copy())
        top = logits.max(axis=1)
        own = logits[np.arange(len(labels)), labels]
        return float(np.mean(np.log(np.exp(logits - top[:, None]).sum(axis=1)) + (top - own)))

    def backward(self):
        raise RuntimeError("forward first")
