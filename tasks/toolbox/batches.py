"""What a submission's mini-batches can be told from: which rows it hands out, how often, in which order, with which labels.

Asked after the verdicts, of a submission that failed. A slip is told if it describes every epoch that was seen.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from grader.checks.api import Case, Student, StudentError, listed

from .explanations import Fact

#: What is asked: so many rows, in batches of so many.
ASKED = ((20, 5), (20, 5), (23, 5), (21, 5), (10, 4), (60, 6), (60, 6))
_COUNTS = ("check_batches_hold_each_example_once", "check_batches_keep_the_short_last_batch")
_MOST = 200  #: batches of an epoch
_FIXED = "shuffles_fixed_batches"  #: the short one among them, too
_LABELS_ALONE = "shuffles_y_alone"
_LABELS = ("check_batches_keep_labels_with_images",)
_ORDER = ("check_batches_order_comes_from_rng", "check_batches_mix_anew_each_epoch")


@dataclass
class Epoch:
    """The batches of one epoch: the rows of each by their numbers, and their labels; y[row] is what a row's label is."""

    count: int
    size: int
    rows: list[list[int]]
    labels: list[list[int]]
    y: list[int]

    @property
    def all(self) -> list[int]:
        return [row for batch in self.rows for row in batch]

    @property
    def sizes(self) -> list[int]:
        return [len(batch) for batch in self.rows]

    @property
    def wanted(self) -> list[int]:
        """The sizes that the batches should have."""
        return [min(self.size, self.count - k) for k in range(0, self.count, self.size)]

    @property
    def rest(self) -> int:
        return self.count % self.size

    @property
    def fair(self) -> bool:
        """Whether each row comes once."""
        return sorted(self.all) == list(range(self.count))

    @property
    def distinct(self) -> bool:
        return len(set(self.all)) == len(self.all)

    @property
    def missing(self) -> set[int]:
        return set(range(self.count)) - set(self.all)


Holds = Callable[[Epoch], bool]


def of_checks(student: Student, case: Case, failed: Collection[str]) -> dict[str, Fact]:
    """For each failed check that a slip explains: which."""
    try:
        rng = student.rng.keep(case.seed)
        seen = [_epoch(student, case, count, size, rng) for count, size in ASKED]
        seen += [_epoch(student, case, 60, 6, student.rng(case.seed + k)) for k in (0, 0, 1)]
    except StudentError:
        return {}
    known = [e for e in seen if e is not None]
    told = _told(known[: len(ASKED)], known[len(ASKED) :]) if len(known) == len(seen) else {}
    return {check: fact for check, fact in told.items() if fact is not None and check in failed}


def _told(epochs: Sequence[Epoch], again: Sequence[Epoch]) -> dict[str, Fact | None]:
    """For each check, what explains it. `again` are epochs from two equal seeds, and from another."""
    fair = all(e.fair for e in epochs)
    order, labels = (_of_order(epochs, again), _of_labels(epochs)) if fair else (None, None)
    if labels and labels.name == _LABELS_ALONE:
        order = labels
    counts = _one(_COUNTED, epochs) or _of_draws(epochs) or (order if order and order.name == _FIXED else None)
    return {name: fact for names, fact in ((_ORDER, order), (_LABELS, labels), (_COUNTS, counts)) for name in names}


def _epoch(student: Student, case: Case, count: int, size: int, rng: object) -> Epoch | None:
    """One epoch of minibatches; None for what are no batches of these rows."""
    x, y = np.arange(3.0 * count).reshape(count, 3), np.random.default_rng(case.seed).permutation(count)
    rows: list[list[int]] = []
    labels: list[list[int]] = []
    for batch in student.take(student.data.minibatches(x, y, size, rng), limit=_MOST):
        pair = isinstance(batch, list | tuple) and [np.ndim(part) for part in batch] == [2, 1]
        if not pair or np.shape(batch[0]) != (len(batch[1]), 3):
            return None
        xb = np.asarray(batch[0])
        found = np.clip(xb[:, 0] // 3, 0, count - 1).astype(int)
        if not np.array_equal(xb, x[found]):
            return None
        rows.append(found.tolist())
        labels.append([int(label) for label in batch[1]])
    return Epoch(count, size, rows, labels, y.tolist())


def _one(able: Sequence[tuple[str, Holds]], epochs: Sequence[Epoch]) -> Fact | None:
    """The slip that describes all epochs, if it is one."""
    names = {name for name, holds in able if all(map(holds, epochs))}
    return Fact(names.pop()) if len(names) == 1 else None


# --- which rows, and how often ------------------------------------------------------------------------------------------


def _as_wanted(e: Epoch) -> bool:
    return e.fair and e.sizes == e.wanted


def _either(shows: Holds, otherwise: Holds = _as_wanted) -> Holds:
    """The slip shows where there is a rest, or where there is none; elsewhere all is as it should be."""
    return lambda e: shows(e) if e.rest else otherwise(e)


def _windows(e: Epoch) -> bool:
    overlapping = [a[1:] == b[: len(a) - 1] for a, b in pairwise(e.rows) if len(a) > 1]
    return bool(overlapping) and all(overlapping)


def _cut_short(by: int) -> Holds:
    """Each batch has so many rows too many or too few, but for the last."""
    return lambda e: (
        len(e.sizes) > 1 and all(n == e.size + by for n in e.sizes[:-1]) and e.sizes[-1] in (e.wanted[-1] + by, e.wanted[-1])
    )


def _without_one(e: Epoch) -> list[int]:
    """The sizes if one row is never handed out, and the last batch is the shorter for it."""
    sizes = [*e.wanted[:-1], e.wanted[-1] - 1]
    return [n for n in sizes if n]


_COUNTED: list[tuple[str, Holds]] = [
    ("moves_one_row_a_batch", _windows),
    ("never_ends", lambda e: len(e.rows) == _MOST and not e.missing),
    ("repeats_the_first_batch", lambda e: len(e.rows) > 1 and all(batch == e.rows[0] for batch in e.rows)),
    ("hands_out_one_batch_only", lambda e: e.sizes == [e.size] and e.distinct),
    ("hands_out_everything_twice", lambda e: set(Counter(e.all).values()) == {2} and not e.missing),
    ("takes_the_size_for_the_count", lambda e: len(e.rows) == e.size and e.fair and e.sizes != e.wanted),
    ("ends_with_an_empty_batch", lambda e: e.fair and [n for n in e.sizes if n] == e.wanted and (0 in e.sizes or e.rest > 0)),
    ("drops_the_short_batch", _either(lambda e: e.distinct and e.sizes == e.wanted[:-1])),
    ("skips_the_last_batch", lambda e: e.distinct and e.sizes == [e.size] * (e.count // e.size - (not e.rest))),
    ("skips_the_last_batch", lambda e: e.distinct and e.sizes == [e.size] * (e.count // e.size - 1)),
    ("skips_the_first_batch", lambda e: e.distinct and e.sizes == e.wanted[1:]),
    ("loses_the_first_example", lambda e: e.distinct and e.missing == {0}),
    ("loses_the_last_example", lambda e: e.distinct and e.missing != {0} and [n for n in e.sizes if n] == _without_one(e)),
    ("loses_the_last_example", lambda e: _as_wanted(e) if e.rest != 1 else e.distinct and e.sizes == e.wanted[:-1]),
    ("fills_the_last_batch_up", _either(lambda e: not e.missing and e.sizes == [e.size] * len(e.wanted))),
    ("hands_the_rest_out_twice", _either(lambda e: e.rows[-1] == e.rows[-2] and e.sizes == [*e.wanted, e.rest])),
    ("joins_the_rest_to_the_last_batch", _either(lambda e: e.fair and e.sizes == [*e.wanted[:-2], e.size + e.rest])),
    (
        "makes_batches_of_equal_size",
        _either(lambda e: e.fair and max(e.sizes) - min(e.sizes) <= 1 and len(e.sizes) == len(e.wanted)),
    ),
    (
        "makes_batches_of_equal_size",
        _either(lambda e: e.fair and max(e.sizes) - min(e.sizes) <= 1 and len(e.sizes) == e.count // e.size),
    ),
    ("starts_with_the_short_batch", _either(lambda e: e.fair and e.sizes == e.wanted[::-1])),
    ("ends_each_slice_too_early", _cut_short(-1)),
    ("ends_each_slice_too_late", _cut_short(1)),
]


def _of_draws(epochs: Sequence[Epoch]) -> Fact | None:
    """Some rows come more than once, and others never, as chance has it."""
    as_many = all({*e.sizes[:-1]} == {e.size} and len(e.sizes) == len(e.wanted) for e in epochs)
    if not as_many or any(e.distinct or _windows(e) or len(set(map(tuple, e.rows))) == 1 for e in epochs):
        return None
    twice = any(len(set(batch)) < len(batch) for e in epochs for batch in e.rows)
    return Fact("draws_with_replacement" if twice else "draws_each_batch_afresh")


# --- with which labels ------------------------------------------------------------------------------------------------


def _of_labels(epochs: Sequence[Epoch]) -> Fact | None:
    """Each row is handed out once: are the labels those of other rows?"""
    given = [[label for batch in e.labels for label in batch] for e in epochs]
    if all(labels == [e.y[row] for row in e.all] for e, labels in zip(epochs, given)):
        return None
    rows_in_order = {e.all == list(range(e.count)) for e in epochs}
    labels_in_order = {labels == e.y for e, labels in zip(epochs, given)}
    if labels_in_order == {True}:
        return Fact("shuffles_x_alone", "The labels come in the order of y.")
    if rows_in_order == {True}:
        return Fact(_LABELS_ALONE, "The rows come in the order of x.")
    mixed = all(sorted(labels) == sorted(e.y) for e, labels in zip(epochs, given))
    return Fact("draws_two_orders") if mixed and rows_in_order == labels_in_order == {False} else None


# --- in which order ---------------------------------------------------------------------------------------------------


def _blocks(e: Epoch) -> list[list[int]]:
    """The batches of the rows as they stand in x."""
    return [list(range(k, min(k + e.size, e.count))) for k in range(0, e.count, e.size)]


def _turned(e: Epoch) -> bool:
    return all(b == (a + 1) % e.count for a, b in pairwise(e.all))


_ORDERED: list[tuple[str, Holds]] = [
    ("forgets_to_shuffle", lambda e: e.all == list(range(e.count))),
    ("turns_the_order_round", lambda e: e.all == list(range(e.count))[::-1]),
    ("sorts_by_label", lambda e: [e.y[row] for row in e.all] == sorted(e.y)),
]


def _of_order(epochs: Sequence[Epoch], again: Sequence[Epoch]) -> Fact | None:
    """Each row comes once: who decides when? `again` are epochs from two equal seeds, and from another."""
    if fact := _one(_ORDERED, epochs):
        return fact
    if all(sorted(e.rows) == _blocks(e) for e in epochs):
        return Fact("shuffles_fixed_batches", f"The batches are rows {listed(epochs[-1].rows[0])}, and so on, in another order.")
    if all([sorted(batch) for batch in e.rows] == _blocks(e) for e in epochs):
        return Fact("shuffles_within_batches")
    if all(map(_turned, epochs)):
        return Fact("starts_at_a_random_place")
    first, second, other = (e.all for e in again)
    if first != second:
        return Fact("ignores_the_generator")
    if first == other and epochs[0].all == epochs[1].all:
        return Fact("seeds_a_generator_of_its_own")
    return None
