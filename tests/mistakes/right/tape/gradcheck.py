import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    gradient, view = np.zeros_like(x), memoryview(x).cast("B").cast("d")
    for i in range(x.size):
        kept = view[i]
        view[i] = kept + eps
        rise = f(x)
        view[i] = kept - eps
        rise -= f(x)
        view[i] = kept
        gradient.flat[i] = rise / (2 * eps)
    return gradient


def relative_error(a, b):
    errors = [abs(p - q) / max(abs(p) + abs(q), 1e-12) for p, q in zip(a.flat, b.flat)]
    return float(sorted(errors)[-1])
