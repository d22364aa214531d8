"""What a learner types who has the handouts alone: the right answer, before anything slips."""

import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + eps
        up = f(x)
        x[i] = before - eps
        down = f(x)
        x[i] = before
        grad[i] = (up - down) / (2 * eps)
    return grad


def relative_error(a, b):
    difference = np.abs(a - b)
    size = np.maximum(np.abs(a) + np.abs(b), 1e-12)
    return float(np.max(difference / size))
