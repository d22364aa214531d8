"""Gradient checking: nudge one number at a time, see how the loss moves, and compare."""

import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    """Slope of f along each entry of x, by central differences.

    f       : (...) float -> float   takes an array of the shape of x
    x       : (...) float            where to measure; the same afterwards as before
    eps     : float                  how far to go to either side
    returns : (...) float            one slope for each entry
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        # 1. For each entry: step a little to either side of it, and of no other.
        original = x[index]
        x[index] = original + eps
        above = f(x)
        x[index] = original - eps
        below = f(x)
        # 2. Put the entry back as it was.
        x[index] = original
        # 3. Its slope is how much f grew, over the distance: (f(x + eps) - f(x - eps)) / (2 eps).
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def relative_error(a, b):
    """The relative difference of the two entries that differ most (CS231n's measure).

    a, b    : (...) float   two arrays of one shape
    returns : float         from 0, all equal, to 1; 0 against 0 counts as 0
    """
    # 1. For each entry |a - b| / max(|a| + |b|, 1e-12): the tiny number keeps 0 against 0 from being 0 / 0.
    # 2. The largest of them is the result.
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))
