"""Softmax and cross-entropy: from logits to probabilities, and from probabilities to one number."""

import numpy as np


def softmax(logits):
    """Turn each row of logits into probabilities.

    logits  : (N, C) float   of any finite size
    returns : (N, C) float   rows that sum to 1; float32 stays float32, float64 stays float64
    """
    # 1. Subtract from each row its maximum: the result stays the same, and exp cannot overflow.
    shifted = logits - logits.max(axis=1, keepdims=True)
    # 2. Exponentiate, then divide each row by its sum.
    exps = np.exp(shifted)
    return exps / exps.sum(axis=1, keepdims=True)


class SoftmaxCrossEntropy:
    """Softmax and cross-entropy in one, because together their gradient is simple."""

    def forward(self, logits, labels):
        """Mean cross-entropy between the softmax of the logits and the true labels.

        logits  : (N, C) float   of any finite size
        labels  : (N,) int       index of the true class, 0 <= label < C
        returns : float          nats, mean over the batch; finite for any finite logits
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
        """The gradient of the last forward's loss with respect to its logits.

        returns : (N, C) float   the same at every call, until the next forward
        """
        # 1. It is (softmax(logits) - onehot(labels)) / N: start from a copy of the probabilities, so that backward can
        #    be called again.
        dlogits = self.probabilities.copy()
        # 2. Subtract 1 at the true class of each row.
        dlogits[np.arange(len(self.labels)), self.labels] -= 1.0
        # 3. The loss is a mean over the batch: divide by its size.
        return dlogits / len(self.labels)
