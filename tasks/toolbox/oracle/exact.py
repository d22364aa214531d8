"""mpmath as a witness for softmax and its loss: the definition, at 50 digits."""

from typing import Any

import mpmath
import numpy as np

DIGITS = 50

name = "mpmath"
version = f"{mpmath.__version__}, {DIGITS} digits"


def softmax(logits: np.ndarray) -> np.ndarray:
    """exp(z) / sum exp(z) by row, rounded to the logits' type at the very end."""
    with mpmath.workdps(DIGITS):
        rows = [[mpmath.exp(mpmath.mpf(float(z))) for z in row] for row in logits]
        return _rounded([[e / mpmath.fsum(row) for e in row] for row in rows], logits.dtype)


def loss_and_gradient(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean of -log softmax at the labels, and (softmax - onehot) / N."""
    with mpmath.workdps(DIGITS):
        count = len(logits)
        total = mpmath.mpf(0)
        gradient = []
        for row, label in zip(logits, labels):
            exps = [mpmath.exp(mpmath.mpf(float(z))) for z in row]
            whole = mpmath.fsum(exps)
            total += mpmath.log(whole) - mpmath.mpf(float(row[label]))
            gradient.append([(e / whole - (i == label)) / count for i, e in enumerate(exps)])
        return float(total / count), _rounded(gradient, logits.dtype)


def _rounded(rows: list[list[Any]], dtype: np.dtype) -> np.ndarray:
    return np.array([[float(value) for value in row] for row in rows]).astype(dtype)
