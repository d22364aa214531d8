import numpy as np


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def softmax(logits):
    return np.exp(log_softmax(logits))


class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        self.log_p = log_softmax(logits)
        self.onehot = np.arange(logits.shape[1])[None, :] == np.asarray(labels)[:, None]
        return -np.einsum("bc,bc->", self.log_p, self.onehot.astype(float)) / len(labels)

    def backward(self):
        return (np.exp(self.log_p) - self.onehot) / len(self.onehot)
