import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    units = eps * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([f(x + u) - f(x - u) for u in units]).reshape(x.shape) / (2 * eps)


def relative_error(a, b):
    return np.max(np.abs(a - b) / np.maximum(1e-12, np.abs(a) + np.abs(b)))
