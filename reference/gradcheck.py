"""Gradient checking: nudge one number at a time, see how the loss moves, and compare."""

import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    """Slope of f in the direction of each entry of x, by central differences.

    f       : (...) float -> float   the function; called with x itself, one entry changed
    x       : (...) float            where to measure; changed in between, restored at the end
    eps     : float                  how far to go to either side
    returns : (...) float            (f(x + eps) - f(x - eps)) / (2 eps), one entry at a time
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        # 1. Step a little to either side of this entry, and only of this one.
        original = x[index]
        x[index] = original + eps
        above = f(x)
        x[index] = original - eps
        below = f(x)
        # 2. Put the entry back as it was.
        x[index] = original
        # 3. Rise over run.
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def relative_error(a, b):
    """The largest relative difference between two arrays (CS231n's measure).

    a, b    : (...) float   two arrays of one shape
    returns : float         the largest |a - b| / max(|a| + |b|, 1e-12) over all entries
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))
