import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    columns = []
    for k in range(x.size):
        at = np.unravel_index(k, x.shape)
        x[at] += eps
        high = f(x)
        x[at] -= eps + eps
        low = f(x)
        x[at] += eps
        columns.append([(high - low) / (eps + eps)])
    return np.array(columns).reshape(x.shape)


def relative_error(a, b):
    a, b = np.ravel(a), np.ravel(b)
    return np.linalg.norm(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12), ord=np.inf)
