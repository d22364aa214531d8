"""What a learner types who has the handouts alone: the right answer, before anything slips."""

import numpy as np


def softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    return e / e.sum(axis=1, keepdims=True)


class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        self.labels = labels
        self.p = softmax(logits)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        picked = log_p[np.arange(len(labels)), labels]
        return -picked.mean()

    def backward(self):
        n = len(self.labels)
        grad = self.p.copy()
        grad[np.arange(n), self.labels] -= 1
        return grad / n
