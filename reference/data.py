"""Data: images in, mini-batches out."""

import numpy as np


def minibatches(x, y, batch_size, rng):
    """Shuffle the examples and hand them out in batches.

    x          : (N, D) float   one row per example
    y          : (N,) int       its label
    batch_size : int            rows per batch; the last one may be shorter
    rng        : Generator      decides the order
    yields     : (xb, yb)       each example once, image and label together
    """
    # 1. One random order for both, so that labels stay with their images.
    order = rng.permutation(len(x))
    # 2. Cut it into pieces of batch_size; the last piece keeps what is left.
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]
