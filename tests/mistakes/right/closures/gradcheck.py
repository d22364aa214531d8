from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager

import numpy as np


@contextmanager
def nudged(x: np.ndarray, place: tuple[int, ...], by: float):
    kept = x[place]
    x[place] = kept + by
    try:
        yield x
    finally:
        x[place] = kept


def numerical_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    gradient = np.full(x.shape, np.nan)
    for place, _ in np.ndenumerate(x):
        with nudged(x, place, eps):
            above = f(x)
        with nudged(x, place, -eps):
            below = f(x)
        gradient[place] = (above - below) / 2 / eps
    return gradient


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    top, bottom = np.abs(a - b), np.abs(a) + np.abs(b)
    bottom[bottom < 1e-12] = 1e-12
    return (top / bottom).max().item()
