import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    flat, slopes = x.ravel(), []
    for i in range(flat.size):
        before = flat[i]
        values = []
        for step in (+eps, -eps):
            flat[i] = before + step
            values.append(f(x))
        flat[i] = before
        slopes.append((values[0] - values[1]) / (2 * eps))
    return np.reshape(slopes, x.shape)


def relative_error(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    floor = np.full(a.shape, 1e-12)
    return float((np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), floor)).max())
