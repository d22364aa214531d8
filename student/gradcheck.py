"""Gradient checking: nudge one number at a time, see how the loss moves, and compare."""

import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    """Slope of f in the direction of each entry of x, by central differences.

    f       : (...) float -> float   the function; called with x itself, one entry changed
    x       : (...) float            where to measure; changed in between, restored at the end
    eps     : float                  how far to go to either side
    returns : (...) float            (f(x + eps) - f(x - eps)) / (2 eps), one entry at a time
    """
        # 1. Step a little to either side of this entry, and only of this one.
        # 2. Put the entry back as it was.
        # 3. Rise over run.
    raise NotImplementedError("05_gradient_check: gradcheck.numerical_gradient is still a TODO")


def relative_error(a, b):
    """The largest relative difference between two arrays (CS231n's measure).

    a, b    : (...) float   two arrays of one shape
    returns : float         the largest |a - b| / max(|a| + |b|, 1e-12) over all entries
    """
    raise NotImplementedError("05_gradient_check: gradcheck.relative_error is still a TODO")
