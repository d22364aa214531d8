"""Gradient checking: nudge one number at a time, see how the loss moves, and compare."""

import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    """Slope of f along each entry of x, by central differences.

    f       : (...) float -> float   takes an array of the shape of x
    x       : (...) float            where to measure; the same afterwards as before
    eps     : float                  how far to go to either side
    returns : (...) float            one slope for each entry
    """
    raise NotImplementedError("05_gradient_check: gradcheck.numerical_gradient is still a TODO")


def relative_error(a, b):
    """The relative difference of the two entries that differ most (CS231n's measure).

    a, b    : (...) float   two arrays of one shape
    returns : float         from 0, all equal, to 1; 0 against 0 counts as 0
    """
    raise NotImplementedError("05_gradient_check: gradcheck.relative_error is still a TODO")
