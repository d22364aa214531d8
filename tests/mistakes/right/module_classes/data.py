from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def minibatches(x, y, batch_size: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    assert len(x) == len(y)
    order = rng.permutation(len(x))
    batches = -(-len(x) // batch_size)
    for k in range(batches):
        rows = order[k * batch_size : (k + 1) * batch_size]
        yield x[rows], y[rows]
