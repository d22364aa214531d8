"""Softmax and cross-entropy: from raw scores to probabilities, and from probabilities to one number."""

import numpy as np


def softmax(logits):
    """Turn each row of scores into probabilities.

    logits  : (N, C) float   raw scores, any finite size
    returns : (N, C) float   rows that sum to 1, of the type of logits
    """
    # 1. Subtract each row's maximum: the result stays the same, and exp cannot overflow.
    shifted = logits - logits.max(axis=1, keepdims=True)
    # 2. Exponentiate, then divide each row by its sum.
    exps = np.exp(shifted)
    return exps / exps.sum(axis=1, keepdims=True)


class SoftmaxCrossEntropy:
    """Softmax and cross-entropy in one, because together their gradient is simple."""

    def forward(self, logits, labels):
        """Mean cross-entropy between softmax(logits) and the true labels.

        logits  : (N, C) float   raw scores, any finite size
        labels  : (N,) int       index of the true class, 0 <= label < C
        returns : float          nats per example, averaged over the batch
        """
        # 1. Keep what backward needs.
        self.probabilities = softmax(logits)
        self.labels = labels
        # 2. log softmax = shifted logits - log of the sum of their exponentials: no log of 0.
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        # 3. Average the negative log-probability of the true class over the batch.
        return float(np.mean(log_sum - shifted[np.arange(len(labels)), labels]))

    def backward(self):
        """Gradient of the loss by the logits: (softmax(logits) - onehot(labels)) / N.

        returns : (N, C) float   a new array at every call
        """
        # 1. Start from a copy of the probabilities, so that backward can be called again.
        dlogits = self.probabilities.copy()
        # 2. Subtract 1 at the true class of each row.
        dlogits[np.arange(len(self.labels)), self.labels] -= 1.0
        # 3. The loss is a mean over the batch: divide by its size.
        return dlogits / len(self.labels)
