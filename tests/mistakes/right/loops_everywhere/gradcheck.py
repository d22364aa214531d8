import itertools

import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    gradient = np.zeros(x.shape)
    for index in itertools.product(*(range(n) for n in x.shape)):
        above, below = x.copy(), x.copy()
        above[index] += eps
        below[index] -= eps
        gradient[index] = (f(above) - f(below)) / (2 * eps)
    return gradient


def relative_error(a, b):
    worst = 0
    for index in np.ndindex(a.shape):
        error = abs(a[index] - b[index]) / max(abs(a[index]) + abs(b[index]), 1e-12)
        if error > worst:
            worst = error
    return float(worst)
