import numpy as np


def softmax(logits):
    p = np.empty_like(logits)
    for n in range(logits.shape[0]):
        top = logits[n, 0]
        for c in range(1, logits.shape[1]):
            if logits[n, c] > top:
                top = logits[n, c]
        p[n] = np.exp(logits[n] - top)
        p[n] /= p[n].sum()
    return p


class SoftmaxCrossEntropy:
    def forward(self, logits, labels):
        self.p, self.labels, total = softmax(logits), labels, 0.0
        for n, label in enumerate(labels):
            row = logits[n] - logits[n].max()
            total -= row[label] - np.log(np.sum(np.exp(row)))
        return total / len(labels)

    def backward(self):
        gradient = np.zeros(self.p.shape)
        for n, label in enumerate(self.labels):
            for c in range(self.p.shape[1]):
                gradient[n, c] = (self.p[n, c] - (1.0 if c == label else 0.0)) / len(self.labels)
        return gradient
