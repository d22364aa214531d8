"""For checks of a fast training: what one step of it does, as `counting` notes it in the worker.

The numbers come from the worker, where the learner's code is: whoever wants to can forge them, and no points depend on them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from grader.checks.api import Case, Remote, Step, Student, Unmet, listed, number

from . import counting

COUNTING = Path(__file__).with_name("counting.py").read_text("utf-8")
SIZES, BATCH = (784, 128, 64, 10), 64
ROWS = 8  #: that are drawn and sent, to train on again and again, and to validate with
#: (batches in an epoch, epochs, how often it counts): what is made once, and what is made once an epoch, cancels out.
#: Left is one step. Before them goes a training that does not count, but for what is made at the first training of a model.
RUNS = ((1, 1, 0), (2, 2, 1), (2, 1, -1), (1, 2, -1), (1, 1, 1))
STEPS = sum(batches * epochs * times for batches, epochs, times in RUNS)

MUCH = 1.05  #: times the needed multiplications: a bias as a row of W makes a few more
MOST = {"entries": 0.8, "allocated": 0.1, "calls": 0.7}  #: share of what train needs
WORDS = {"multiplications": "multiplications", "entries": "entries", "allocated": "bytes", "calls": "array calls"}
#: What the reference's `train` needs for as many steps, on these sizes in float64.
TRAIN = {"calls": 58, "multiplications": 20963328, "entries": 340116, "allocated": 3109088}


class Operation(NamedTuple):
    """One operation of one line, and what it comes to in all steps.

    name, line, shape : "matmul", "fast.py, line 7", of what it gives
    """

    name: str
    line: str
    shape: tuple[int, ...]
    calls: int
    multiplications: int
    entries: int
    allocated: int

    def told(self, quantity: str) -> str:
        if quantity == "calls":
            return f"{self.line}: {self.name}, {number(self.calls / STEPS, 3)} times"
        return f"{self.line}: {self.name} of shape {self.shape}, {amount_of(quantity, getattr(self, quantity))}"


class Counts(NamedTuple):
    """All operations of the steps."""

    operations: list[Operation]

    def total(self, quantity: str) -> int:
        return sum(getattr(operation, quantity) for operation in self.operations)

    def where(self, quantity: str, shapes: Sequence[tuple[int, ...]], name: str = "") -> list[Operation]:
        """Those of some shapes that come to something, and so often at least as once in two steps."""
        known = [operation for operation in self.operations if operation.shape in shapes and name in operation.name]
        return [operation for operation in known if getattr(operation, quantity) and operation.calls >= STEPS / 2]

    def most(self, quantity: str, among: Sequence[Operation] = ()) -> str:
        """The three operations that come to most, as far as they matter beside the first."""
        ordered = sorted(among or self.operations, key=lambda operation: -getattr(operation, quantity))
        least = getattr(ordered[0], quantity) / 20
        return "; ".join(operation.told(quantity) for operation in ordered[:3] if getattr(operation, quantity) >= least)

    def busiest(self) -> str:
        """The three lines with most array calls, and which these are."""
        lines: dict[str, list[Operation]] = {}
        for operation in self.operations:
            lines.setdefault(operation.line, []).append(operation)
        ordered = sorted(lines.items(), key=lambda line: -sum(operation.calls for operation in line[1]))
        return "; ".join(
            f"{line}: {number(sum(o.calls for o in made) / STEPS, 3)} ({listed(list(dict.fromkeys(o.name for o in made)))})"
            for line, made in ordered[:3]
        )


def amount_of(quantity: str, total: float) -> str:
    """In words, for one step."""
    return f"{total / STEPS:,.0f} {WORDS[quantity]}"


def needed() -> int:
    """Multiplications in matrix products: forward, dW, and dx of all layers but the first."""
    weights = [inputs * units for inputs, units in pairwise(SIZES)]
    return STEPS * BATCH * (3 * sum(weights) - weights[0])


def with_bias(shapes: Sequence[tuple[int, int]], axis: int) -> list[tuple[int, ...]]:
    """The shapes, each also with one more for the bias, and the other way round."""
    wider = [*shapes, *(tuple(size + (k == axis) for k, size in enumerate(shape)) for shape in shapes)]
    return [*wider, *(shape[::-1] for shape in wider)]


IMAGES = with_bias([(BATCH, SIZES[0])], 1)
WEIGHTS = with_bias([SIZES[:2]], 0)  #: of the first layer, nine tenths of them all
BIASES: list[tuple[int, ...]] = [(units,) for units in SIZES[1:]] + [(1, units) for units in SIZES[1:]]


def steps_of(student: Student, case: Case, train: Callable[..., object]) -> Counts:
    """What the steps of a training do, without what it does once, or once an epoch.

    raises : Unmet if it makes fewer multiplications than its steps need
    """
    data = [case.normal("x", ROWS, SIZES[0]), case.labels("y", ROWS, SIZES[-1])]
    data += [case.normal("x_val", ROWS, SIZES[0]), case.labels("y_val", ROWS, SIZES[-1])]
    case.given("counting", counting, "from tasks.toolbox import counting")
    (count,) = student.made("count", "counting.count", COUNTING, lambda: None)
    model = student.network.MLP(SIZES, student.rng(case.seed))
    runs = [(batches * BATCH, epochs, times) for batches, epochs, times in RUNS]
    return read(student, count(train, model, data, runs, batch_size=BATCH, lr=0.1, rng=student.rng(case.seed)))


def heard(steps: Iterable[Step]) -> list[object]:
    """The notes that a check took of the steps of a training; nothing if it has none."""
    lists = [step.outcome for step in steps if isinstance(step.outcome, list)]
    return lists[0] if lists else []


def read(student: Student, notes: object) -> Counts:
    """Notes of the steps of a training, as `counting` takes them; raises as `steps_of`."""
    counts = Counts(_operations(student, notes))
    if counts.total("multiplications") < needed():
        should = f"A step of {BATCH} rows should make at least {amount_of('multiplications', needed())} in matrix products."
        raise Unmet(should, f"It makes {counts.total('multiplications'):,}: what it computes is not all that a step needs.")
    return counts


def _operations(student: Student, notes: object) -> list[Operation]:
    """raises : Unmet if these are no notes: they come from the worker"""
    if isinstance(notes, Remote):
        notes = student.take(notes)
    found = []
    for note in notes if isinstance(notes, list) else [[]]:
        kinds = [type(part) for part in note] if isinstance(note, list) else []
        if kinds != [str, str, list, int, int, int, int] or any(type(size) is not int for size in note[2]):
            raise Unmet("What a training does should be counted.", "The counts are not numbers: something has changed them.")
        found.append(Operation(note[0], note[1], tuple(note[2]), *note[3:]))
    return found


def expect_at_most(case: Case, counts: Counts, quantity: str, what: str, looks_like: str = "") -> None:
    """A step needs no more of a quantity than a share of what train needs."""
    most, total = MOST[quantity] * TRAIN[quantity], counts.total(quantity)
    should = f"A step should {what} at most {amount_of(quantity, most)}, {MOST[quantity]} of what it is in train."
    most_of_it = counts.busiest() if quantity == "calls" else counts.most(quantity)
    gave = f"It is {amount_of(quantity, total)}. Most of it: {most_of_it}."
    case.require(total <= most, should, gave, looks_like)


def reasons(counts: Counts, failed: Collection[str]) -> dict[str, tuple[str, str]]:
    """Failed check -> the known reason that accounts for most of what is too much, and where it is seen."""
    found: dict[str, tuple[str, str]] = {}
    for check, name, quantity, shapes, operation in _REASONS:
        seen = counts.where(quantity, shapes, operation)
        enough = len(SIZES) - 1 if name == "adds_each_bias" else 1  # a sum for each layer
        if check in failed and check not in found and len(seen) >= enough:
            found[check] = (name, f"Here: {counts.most(quantity, seen)}.")
    many = [o for o in counts.operations if o.calls >= BATCH * STEPS / 2]
    if _CALLS in failed and many:
        found[_CALLS] = ("goes_through_the_rows", f"Here: {counts.most('calls', many)}.")
    return found


_PRODUCTS, _ALLOCATES, _CALLS = (
    f"check_train_fast_{does}" for does in ("makes_no_product_in_vain", "allocates_little", "makes_few_calls")
)
#: check, name of the known mistake, and the operations that tell of it; what counts most comes first.
_REASONS: list[tuple[str, str, str, list[tuple[int, ...]], str]] = [
    (_PRODUCTS, "goes_on_to_the_images", "multiplications", IMAGES, ""),
    (_PRODUCTS, "multiplies_every_gradient", "entries", WEIGHTS, "multiply"),
    (_PRODUCTS, "copies_the_batch_twice", "entries", IMAGES, "a[i] = b"),
    (_ALLOCATES, "makes_new_gradients", "allocated", WEIGHTS, ""),
    (_ALLOCATES, "copies_the_batch_twice", "allocated", IMAGES, "concatenate"),
    (_ALLOCATES, "makes_new_batches", "allocated", IMAGES, ""),
    (_CALLS, "measures_every_batch", "calls", [(BATCH,), (BATCH, 1)], "log"),
    (_CALLS, "adds_each_bias", "calls", BIASES, "sum"),
]
