"""Softmax, the loss and its gradient at logits where a careless version overflows, against TensorFlow and mpmath."""

from collections.abc import Callable

import numpy as np

from grader.checks.api import Remote, Student, StudentError

from .agreement import Comparison
from .cases import EXTREMES, ExactWitness


def compare_extremes(student: Student, dtype: str, witness: ExactWitness) -> list[Comparison]:
    """One row for softmax, loss and gradient at each set of extreme logits."""
    rows = []
    for name, values in EXTREMES.items():
        logits = np.array(values, dtype=dtype)
        labels = np.arange(len(logits)) % logits.shape[1]
        loss, gradient = witness.loss_and_gradient(logits, labels)
        wanted = {"softmax": witness.softmax(logits), "loss": np.array(loss), "dlogits": gradient}
        for what, given in _answers(student, logits, labels).items():
            if isinstance(given, StudentError):
                rows.append(Comparison(f"extreme logits: {name}", what, np.inf, 0.0, str(given)))
            else:
                rows.append(Comparison(f"extreme logits: {name}", what, *_difference(given, wanted[what], logits)))
    return rows


def _answers(student: Student, logits: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    made: list[Remote] = []

    def loss() -> object:
        made.append(student.losses.SoftmaxCrossEntropy())
        return made[0].forward(logits, labels)

    parts: dict[str, Callable[[], object]] = {
        "softmax": lambda: student.losses.softmax(logits),
        "loss": loss,
        "dlogits": lambda: made[0].backward() if made else loss(),
    }
    answers: dict[str, object] = {}
    for what, part in parts.items():
        try:
            answers[what] = part()
        except StudentError as error:
            answers[what] = error
    return answers


def _difference(given: object, wanted: np.ndarray, logits: np.ndarray) -> tuple[float, float, str]:
    """Largest difference of one entry, against the tolerance that the logits' own rounding leaves.

    A difference of two logits of size m is off by m roundings at most, and exp hands that on as a relative error. Below
    the smallest normal number nothing can be asked for.
    """
    kind = np.finfo(logits.dtype)
    tolerance = 8 * float(kind.eps) * max(1.0, float(np.abs(logits).max()))
    a, b = np.asarray(given, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    if a.shape != b.shape:
        return np.inf, tolerance, f"shape {a.shape} instead of {b.shape}"
    if not np.isfinite(a).all():
        return np.inf, tolerance, "NaN or infinity"
    gap = np.abs(a - b)
    # A gradient (p - 1) / N is known to the rounding of 1, not of its own size.
    scale = np.maximum(np.abs(b), float(kind.tiny) / tolerance)
    relative = np.where(gap <= 2 * float(kind.eps), 0.0, gap / scale) if b.min() < 0 else gap / scale
    return float(relative.max()), tolerance, ""
