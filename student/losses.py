"""Softmax and cross-entropy: from logits to probabilities, and from probabilities to one number."""

import numpy as np


def softmax(logits):
    """Turn each row of logits into probabilities.

    logits  : (N, C) float   of any finite size
    returns : (N, C) float   rows that sum to 1; float32 stays float32, float64 stays float64
    """
    raise NotImplementedError("03_softmax: losses.softmax is still a TODO")


class SoftmaxCrossEntropy:
    """Softmax and cross-entropy in one, because together their gradient is simple."""

    def forward(self, logits, labels):
        """Mean cross-entropy between the softmax of the logits and the true labels.

        logits  : (N, C) float   of any finite size
        labels  : (N,) int       index of the true class, 0 <= label < C
        returns : float          nats, mean over the batch; finite for any finite logits
        """
        raise NotImplementedError("04_cross_entropy: losses.SoftmaxCrossEntropy.forward is still a TODO")

    def backward(self):
        """The gradient of the last forward's loss with respect to its logits.

        returns : (N, C) float   the same at every call, until the next forward
        """
        raise NotImplementedError("04_cross_entropy: losses.SoftmaxCrossEntropy.backward is still a TODO")
