"""Ways in which learners train, and where each of them ends: worked out here, without running anybody's code.

A procedure is what happens to one batch, at the end of an epoch, or to the list of batches. The rows of a batch are
drawn by the submission, in an order that nobody knows: so many networks walk side by side, one for every way in which the
batches may fall. After each epoch those are kept that are where the submission was seen.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any, NamedTuple, TypeVar

import numpy as np

from . import closed_form
from .closed_form import Array, Parameters

SAME = 1e-4  #: largest distance of equal ends, as a share of the way that the parameters went

Value = TypeVar("Value")
Way = list[list[int]]  #: the batches of one epoch, each the numbers of its rows


@dataclass(frozen=True)
class Run:
    """One question to a submission: train this network on these rows.

    start : parameters before training
    first : what the gradients were before training
    known : what was worked out: most slips begin as others do
    """

    x: Array
    y: Array
    x_val: Array
    y_val: Array
    start: Parameters
    first: Parameters
    batch_size: int
    lr: float
    known: dict[bytes, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def rows(self) -> int:
        return len(self.x)


@dataclass
class Walk:
    """Networks side by side, each with arrays of shapes (S, in, out) and (S, 1, out), and what they remember.

    left   : the gradients of the last backward
    memory : whatever else a procedure keeps
    ways   : by which way of batching each has come through the last epoch
    count  : batches so far in this epoch
    size   : rows of the present batch
    """

    run: Run
    parameters: Parameters
    left: Parameters
    memory: Parameters = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    count: int = 0
    size: int = 0

    @classmethod
    def begin(cls, run: Run) -> "Walk":
        first = closed_form.side_by_side(run.first, 1)
        return cls(run, closed_form.side_by_side(run.start, 1), first, [np.zeros_like(g) for g in first])

    def picked(self, index: Array) -> "Walk":
        """Only these of the networks, or each several times."""
        parameters, left, memory = ([a[index] for a in each] for each in (self.parameters, self.left, self.memory))
        return Walk(self.run, parameters, left, memory, [self.ways[k] for k in index] if self.ways else [])

    def ends(self) -> Array:
        """All parameters of each network in a row: (S, P)."""
        return closed_form.in_rows(self.parameters)

    def loss(self, x: Array, y: Array) -> tuple[list[Array], Array, Array, Array]:
        """Of a forward on these rows: what the layers remember, the logits, the loss, and its gradient with respect to the logits."""
        return self._once(b"", x, y, self._loss)

    def gradient(self, x: Array, y: Array) -> Parameters:
        return self._once(b"gradient", x, y, self._gradient)

    def _once(self, what: bytes, x: Array, y: Array, work_out: Callable[[Array, Array], Value]) -> Value:
        key = what + b"".join(array.tobytes() for array in (*self.parameters, x, y))
        if key not in self.run.known:
            self.run.known[key] = work_out(x, y)
        value: Value = self.run.known[key]
        return value

    def _loss(self, x: Array, y: Array) -> tuple[list[Array], Array, Array, Array]:
        *inputs, logits = closed_form.activations(self.parameters, x)
        inputs = [np.broadcast_to(a, (len(self.parameters[0]), *a.shape[-2:])) for a in inputs]
        value, dlogits = closed_form.cross_entropy(logits, y)
        return inputs, logits, np.asarray(value), dlogits

    def _gradient(self, x: Array, y: Array) -> Parameters:
        inputs, _, _, dlogits = self.loss(x, y)
        return self.through(inputs, dlogits)

    def through(self, inputs: Sequence[Array], dlogits: Array) -> Parameters:
        return closed_form.through(self.parameters, inputs, dlogits)[0]

    def move(self, gradients: Parameters, times: float | Array = 1.0) -> None:
        self.parameters = [p - self.run.lr * times * g for p, g in zip(self.parameters, gradients)]

    def descend(self, x: Array, y: Array, times: float | Array = 1.0) -> None:
        """What is right: a step with the gradient on these rows."""
        self.left = self.gradient(x, y)
        self.move(self.left, times)


Batch = Callable[[Walk, Array, Array], None]


def _nothing(_walk: Walk) -> None:
    pass


def _as_it_is(way: Way, _size: int) -> list[Way]:
    return [way]


@functools.lru_cache(maxsize=32)
def dealt(rows: int, size: int) -> list[Way]:
    """Every way to deal out the rows in batches."""
    return list(closed_form.cuts(range(rows), size))


@functools.lru_cache(maxsize=32)
def in_order(rows: int, size: int) -> list[Way]:
    """The same, where the order within a batch matters, too."""
    return [[list(o[i : i + size]) for i in range(0, rows, size)] for o in permutations(range(rows))]


def whole(rows: int, _size: int) -> list[Way]:
    return [[list(range(rows))]]


class Procedure(NamedTuple):
    """One way of training.

    name  : of the known mistake
    says  : what is seen of it in this form, as a sentence; or nothing
    batch : what happens for a batch of rows (x, y)
    end   : what happens after the last batch of an epoch
    ways  : how the rows may fall into batches, given their number and the size of a batch
    data  : the run on other data, or None for nothing that can be worked out
    """

    name: str
    says: str = ""
    batch: Batch = Walk.descend
    end: Callable[[Walk], None] = _nothing
    ways: Callable[[int, int], list[Way]] = dealt
    data: Callable[[Run], Run | None] = lambda run: run


def epoch(walk: Walk, procedure: Procedure) -> Walk:
    """All networks that may come of one epoch, for each of those before it."""
    run = procedure.data(walk.run)
    assert run is not None
    ways = procedure.ways(run.rows, run.batch_size)
    walk = replace(walk.picked(np.repeat(np.arange(len(walk.parameters[0])), len(ways))), run=run)
    before = len(walk.parameters[0]) // max(1, len(ways))
    for batch in zip(*ways):
        rows = np.tile(np.array(batch), (before, 1))
        walk.size = rows.shape[1]
        procedure.batch(walk, run.x[rows], run.y[rows])
        walk.count += 1
    procedure.end(walk)
    walk.ways = ways * before
    return walk


def near(walk: Walk, end: Array, within: float) -> Array:
    """Which of the networks are where the submission was seen, but for so much of the way that they went."""
    since = closed_form.flat(walk.run.start)
    with np.errstate(all="ignore"):
        ends = walk.ends()
        way = np.maximum(np.linalg.norm(ends - since, axis=1), 0.01 * np.linalg.norm(since))
        return np.asarray(np.linalg.norm(ends - end, axis=1) <= within * way)


def followed(procedure: Procedure, run: Run, ends: Iterable[Array], within: float = SAME) -> list[Walk]:
    """The networks that were where a submission was seen after one epoch, after two, ...: fewer if none was in the end.

    What cannot be worked out has no networks either.
    """
    if procedure.data(run) is None:
        return []
    walk, found = Walk.begin(run), []
    for end in ends:
        walk = epoch(walk, procedure)
        kept = np.flatnonzero(near(walk, end, within))[:8]
        if not len(kept):
            break
        found.append(walk := replace(walk.picked(kept), run=run))
    return found


def explains(procedure: Procedure, run: Run, ends: Sequence[Array], within: float = SAME) -> bool:
    """Whether a procedure may have led to all these ends; yes where it cannot be worked out."""
    return procedure.data(run) is None or len(followed(procedure, run, ends, within)) == len(ends)
