import numpy as np


def minibatches(x, y, batch_size, rng):
    pool = list(range(len(x)))
    for i in range(len(pool) - 1, 0, -1):
        j = int(rng.integers(0, i + 1))
        pool[i], pool[j] = pool[j], pool[i]
    batch = []
    for row in pool:
        batch.append(row)
        if len(batch) == batch_size:
            yield np.array([x[r] for r in batch]), np.array([y[r] for r in batch], dtype=y.dtype)
            batch = []
    if batch:
        yield np.array([x[r] for r in batch]), np.array([y[r] for r in batch], dtype=y.dtype)
