import numpy as np


def softmax(logits):
    return np.zeros(logits.shape, [("value", "f8")])
