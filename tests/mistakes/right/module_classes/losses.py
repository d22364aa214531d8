from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


def _stable(logits: Array) -> tuple[Array, Array]:
    shifted = logits - np.amax(logits, axis=1, keepdims=True)
    return shifted, np.exp(shifted)


def softmax(logits: Array) -> Array:
    _, exps = _stable(logits)
    return exps / np.sum(exps, axis=1, keepdims=True)


class SoftmaxCrossEntropy:
    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def forward(self, logits: Array, labels: npt.NDArray[np.integer]) -> float:
        assert len(logits) == len(labels)
        shifted, exps = _stable(logits)
        sums = exps.sum(axis=1)
        self._gradient = exps / sums[:, None]
        rows = range(len(labels))
        self._gradient[rows, labels] -= 1.0
        nll = np.log(sums) - shifted[rows, labels]
        if self.reduction == "mean":
            self._gradient /= len(labels)
            return nll.mean().item()
        return nll.sum().item()

    def backward(self) -> Array:
        return self._gradient.copy()
