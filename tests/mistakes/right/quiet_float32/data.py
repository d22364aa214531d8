import numpy as np


def minibatches(x, y, batch_size, rng):
    order = np.arange(x.shape[0])
    rng.shuffle(order)
    x, y = x[order], y[order]
    first = 0
    while first < len(x):
        yield x[first : first + batch_size], y[first : first + batch_size]
        first += batch_size
