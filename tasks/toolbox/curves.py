"""What the four curves of a training are, where nothing moves: the slips in measuring, each with the numbers it gives.

The rows of a batch are drawn by the submission, so that a number may have several values: every one that some batch gives.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np

from . import closed_form
from .closed_form import Array
from .procedures import Procedure, Run

CLOSE = 1e-5  #: of a number, as a share of itself: float32 is enough
PARTS = ("train_loss", "train_acc", "val_loss", "val_acc")
Curves = dict[str, list[float]]


class Measures:
    """Loss and accuracy of a network that does not move, on all that they may be measured on; each is worked out once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._sums: dict[int, list[float]] = {}

    def of(self, x: Array, y: Array) -> tuple[float, float]:
        return closed_form.evaluate(self.run.start, x, y)

    @cached_property
    def train(self) -> tuple[float, float]:
        return self.of(self.run.x, self.run.y)

    @cached_property
    def validation(self) -> tuple[float, float]:
        return self.of(self.run.x_val, self.run.y_val)

    @cached_property
    def first_of_validation(self) -> tuple[float, float]:
        """On as many rows as a batch has."""
        return self.of(self.run.x_val[: self.run.batch_size], self.run.y_val[: self.run.batch_size])

    @cached_property
    def first(self) -> tuple[float, float]:
        return self.of(self.run.x[: self.run.batch_size], self.run.y[: self.run.batch_size])

    @property
    def sizes(self) -> list[int]:
        """Rows of each batch."""
        rows, size = self.run.rows, self.run.batch_size
        return [min(size, rows - k) for k in range(0, rows, size)]

    @cached_property
    def each(self) -> Array:
        """Of every row: (N, 2)."""
        return np.array([self.of(self.run.x[[row]], self.run.y[[row]]) for row in range(self.run.rows)])

    def batches(self, size: int) -> list[tuple[float, float]]:
        """Of every batch of so many rows."""
        each = self.each
        return [tuple(each[list(rows)].mean(axis=0)) for rows in combinations(range(self.run.rows), size)]

    def sums(self, column: int) -> list[float]:
        """Of the batches' means, added up, in each way of batching."""
        if column not in self._sums:
            each, ways = self.each[:, column], closed_form.cuts(range(self.run.rows), self.run.batch_size)
            self._sums[column] = [sum(float(each[batch].mean()) for batch in way) for way in ways]
        return self._sums[column]

    def means_so_far(self, epochs: int) -> list[float]:
        """Of the batches' mean losses over so many epochs, each with a way of batching of its own."""
        sums = np.unique(np.round(self.sums(0), 12))
        totals = np.zeros(1)
        for _ in range(epochs):
            totals = np.unique(np.add.outer(totals, sums))
        return list(totals / (epochs * len(self.sizes)))

    def over(self, procedure: Procedure) -> list[tuple[float, float]]:
        """Over the batches that a procedure sees: by rows, and by batches."""
        each, found = self.each, []
        for way in procedure.ways(self.run.rows, self.run.batch_size):
            if batches := [batch for batch in way if batch]:
                means = np.array([each[batch].mean(axis=0) for batch in batches])
                found += [tuple(each[[row for batch in batches for row in batch]].mean(axis=0)), tuple(means.mean(axis=0))]
        return found


class Slip(NamedTuple):
    """One way of measuring: what each curve may be in every epoch, for those that it changes.

    values : curve -> values, of the measures and the epoch from 1 on
    """

    name: str
    says: str
    values: Callable[[Measures, int], dict[str, list[float]]]


def _loss_and_accuracy(part: str, values: Iterable[Sequence[float]]) -> dict[str, list[float]]:
    pairs = list(values)
    return {f"{part}_loss": [pair[0] for pair in pairs], f"{part}_acc": [pair[1] for pair in pairs]}


def _swapped(m: Measures) -> dict[str, list[float]]:
    return {**_loss_and_accuracy("train", [m.train[::-1]]), **_loss_and_accuracy("val", [m.validation[::-1]])}


def _losses(values: Iterable[float]) -> dict[str, list[float]]:
    return {"train_loss": list(values)}


def _whole_batches(m: Measures) -> int:
    return max(1, m.run.rows // m.run.batch_size)


def _counts(m: Measures) -> set[int]:
    return {len(m.sizes), _whole_batches(m)}


def _hits(m: Measures, *parts: str) -> dict[str, list[float]]:
    hits = {"train_acc": m.train[1] * m.run.rows, "val_acc": m.validation[1] * len(m.run.x_val)}
    return {part: [hits[part]] for part in parts}


SLIPS = [
    Slip("adds_up_the_losses", "train_loss is the sum of the batches' losses.", lambda m, k: _losses(m.sums(0))),
    Slip("adds_up_the_losses", "train_loss is the sum over all rows.", lambda m, k: _losses([m.train[0] * m.run.rows])),
    Slip("divides_the_losses_by_the_rows", "", lambda m, k: _losses(s / m.run.rows for s in m.sums(0))),
    Slip("divides_the_rows_by_the_batches", "", lambda m, k: _losses(m.train[0] * m.run.rows / n for n in _counts(m))),
    Slip("divides_by_the_whole_batches", "", lambda m, k: _losses(s / _whole_batches(m) for s in m.sums(0))),
    Slip("reports_the_last_batch", "", lambda m, k: _losses(v for v, _ in m.batches(m.sizes[-1]))),
    Slip("reports_the_last_batch", "", lambda m, k: {"train_acc": [v for _, v in m.batches(m.sizes[-1])]}),
    Slip("reports_the_last_batch", "", lambda m, k: _loss_and_accuracy("train", m.batches(m.sizes[-1]))),
    Slip(
        "reports_the_first_batch",
        "They are measured on the first rows of x_train.",
        lambda m, k: _loss_and_accuracy("train", [m.first]),
    ),
    Slip("reports_the_first_batch", "", lambda m, k: _losses(v for v, _ in m.batches(m.sizes[0]))),
    Slip(
        "adds_up_the_losses",
        "val_loss is the sum over all rows.",
        lambda m, k: {"val_loss": [v * len(m.run.x_val) for v in m.validation[:1]]},
    ),
    Slip("never_resets_the_sum", "", lambda m, k: _losses(m.means_so_far(k))),
    Slip("never_resets_the_sum", "", lambda m, k: _losses([k * m.train[0], *(k * s / len(m.sizes) for s in m.sums(0))])),
    Slip("never_resets_the_sum", "", lambda m, k: {"train_acc": [k * m.train[1]]}),
    Slip("never_resets_the_sum", "", lambda m, k: {"train_loss": [k * m.train[0]], "train_acc": [k * m.train[1]]}),
    Slip("reports_validation_as_training", "", lambda m, k: _loss_and_accuracy("train", [m.validation])),
    Slip("reports_validation_as_training", "", lambda m, k: {"train_acc": [m.validation[1]]}),
    Slip("reports_validation_as_training", "", lambda m, k: {"train_loss": [m.validation[0]]}),
    Slip("reports_training_as_validation", "", lambda m, k: _loss_and_accuracy("val", [m.train])),
    Slip("reports_training_as_validation", "", lambda m, k: {"val_acc": [m.train[1]]}),
    Slip("reports_training_as_validation", "", lambda m, k: {"val_loss": [m.train[0]]}),
    Slip(
        "reports_training_as_validation",
        "And what was measured on x_val is in train_loss.",
        lambda m, k: {"train_loss": [m.validation[0]], "val_loss": [m.train[0]]},
    ),
    Slip(
        "reports_training_as_validation",
        "And what was measured on x_val is in train_loss and train_acc.",
        lambda m, k: {**_loss_and_accuracy("train", [m.validation]), **_loss_and_accuracy("val", [m.train])},
    ),
    Slip("validates_on_the_first_batch", "", lambda m, k: _loss_and_accuracy("val", [m.first_of_validation])),
    Slip("validates_on_the_first_batch", "Only val_loss is measured so.", lambda m, k: {"val_loss": [m.first_of_validation[0]]}),
    Slip("validates_on_the_first_batch", "Only val_acc is measured so.", lambda m, k: {"val_acc": [m.first_of_validation[1]]}),
    Slip("reports_percent", "", lambda m, k: {"train_acc": [100 * m.train[1]], "val_acc": [100 * m.validation[1]]}),
    Slip("counts_the_hits", "", lambda m, k: _hits(m, "train_acc", "val_acc")),
    Slip("counts_the_hits", "", lambda m, k: _hits(m, "train_acc")),
    Slip("counts_the_hits", "", lambda m, k: _hits(m, "val_acc")),
    Slip("reports_error_rates", "", lambda m, k: {"train_acc": [1 - m.train[1]], "val_acc": [1 - m.validation[1]]}),
    Slip("reports_error_rates", "", lambda m, k: {"train_acc": [1 - m.train[1]]}),
    Slip("reports_error_rates", "", lambda m, k: {"val_acc": [1 - m.validation[1]]}),
    Slip("swaps_loss_and_accuracy", "", lambda m, k: _swapped(m)),
]


NAMES = frozenset(slip.name for slip in SLIPS)


def found_in(curves: Sequence[Curves], runs: Sequence[Run]) -> tuple[Slip | None, frozenset[str] | None]:
    """The slip that gives all these curves, if it is one; and the names of those that do not, or None if the curves are right.

    curves : of trainings with lr = 0, one for each run
    """
    measured = [Measures(run) for run in runs]
    if all(_agrees(c, _right(m)) for c, m in zip(curves, measured)):
        return None, None
    able = [slip for slip in SLIPS if all(_gives(slip, c, m) for c, m in zip(curves, measured))]
    able = [slip for slip in able if all(_shows(name, curves, measured) for name in slip.values(measured[0], 1))]
    names = {slip.name for slip in able}
    return (able[0] if len(names) == 1 else None), NAMES - names


def _shows(name: str, curves: Sequence[Curves], measured: Sequence[Measures]) -> bool:
    """Whether a curve is not what it should be: a slip that changes it may give the right number by chance."""
    return not all(_agrees(c, _right(m), [name]) for c, m in zip(curves, measured))


def seen_by(procedure: Procedure, curves: Sequence[Curves], runs: Sequence[Run]) -> bool:
    """Whether the curves on the training set are those of the rows that a way of training sees."""
    for given, run in zip(curves, runs):
        seen = procedure.data(run)
        if seen is None or not _agrees(
            given, {**_right(Measures(run)), **_loss_and_accuracy("train", Measures(seen).over(procedure))}
        ):
            return False
    return True


def _right(m: Measures) -> dict[str, list[float]]:
    """What right code may report: over the rows, or over the batches."""
    over = [m.train, *zip(*([s / len(m.sizes) for s in m.sums(column)] for column in (0, 1)))]
    return {**_loss_and_accuracy("train", over), **_loss_and_accuracy("val", [m.validation])}


def _gives(slip: Slip, given: Curves, m: Measures) -> bool:
    return all(
        _agrees({name: values[k - 1 : k] for name, values in given.items()}, {**_right(m), **slip.values(m, k)})
        for k in range(1, 1 + max(map(len, given.values()), default=0))
    )


def _agrees(given: Curves, allowed: dict[str, list[float]], parts: Sequence[str] = PARTS) -> bool:
    """Whether each entry of these curves is one of the values that are allowed."""
    return all(
        len(given.get(name, ())) > 0
        and all(min(abs(np.array(allowed[name]) - value)) <= CLOSE * max(1.0, abs(value)) for value in given[name])
        for name in parts
    )
