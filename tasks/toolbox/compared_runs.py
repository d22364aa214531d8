"""What compare_batch_sizes and find_learning_rate can be told from: the learner's own trainings, made as each slip makes them.

Asked after the verdicts, of a submission that failed, on a few made-up rows. A slip is told if it leads to all that was
returned, and no other slip does.
"""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from grader.checks.api import Case, Student

from . import trainings
from .closed_form import Array
from .explanations import Fact
from .memory import close

_PLANNED = Path(__file__).with_name("planned_runs.py").read_text("utf-8")
SIZES, ROWS, VALIDATION = (5, 6, 10), 20, 7
_BATCHES = (8, 20, 5)  #: one of them leaves a rest
_ASKED = ({"epochs": 2}, {"updates": 9}, {"updates": 8})
_RATES = ((0.3, 0.01, 30.0, 0.1), (0.3, 1e200, 0.01, 0.1))  #: the second list has one that ends in nan
_SETTINGS = {"epochs": 3, "batch_size": 8}  #: of learning rates
_SEEDS = 0, 1, 42, 123  #: that learners write instead of the argument
_close = functools.partial(close, rtol=1e-3, atol=0.0)  #: of losses: what float32 inside train may leave

Curves: TypeAlias = Mapping[str, Sequence[float]]
Pairs: TypeAlias = list[tuple[float, float]]

# --- how networks and generators are made -------------------------------------------------------------------------------


class Lab:
    """The learner's own MLP and train, on the same rows for all runs."""

    def __init__(self, student: Student, case: Case):
        self.student, self.case = student, case
        self.data = [case.normal("x", ROWS, SIZES[0]), case.labels("y", ROWS, SIZES[-1])]
        self.data += [case.normal("x_val", VALIDATION, SIZES[0]), case.labels("y_val", VALIDATION, SIZES[-1])]

    def curves(self, way: "Way", seed: int, runs: "Settings") -> list[Curves]:
        """The curves of runs that are made in a way, all in one message."""
        (histories,) = self.student.made("histories", "planned_runs.histories", _PLANNED, lambda: None)
        code = self.student.train.train, self.student.network.MLP
        told = histories(*code, SIZES, self.data, [(*way(k, seed), settings) for k, settings in enumerate(runs)])
        return [trainings.history(self.student, self.case, history) for history in self.student.take(told)]

    def items(self, value: object) -> list[object]:
        return list(value) if isinstance(value, np.ndarray) and value.ndim else self.student.take(value, limit=20)

    def numbers(self, value: object) -> Array:
        """The numbers of a list of pairs, or of a pair, in a row; nothing where it has anything else."""
        items = self.items(value)
        flat = [part for item in items for part in ([item] if _is_number(item) else self.items(item))]
        return np.array(flat, float) if all(map(_is_number, flat)) else np.empty(0)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number)


Settings: TypeAlias = Sequence[Mapping[str, float]]
Generated: TypeAlias = tuple[int, int]  #: name of a generator, and its seed
#: (number of a run, seed) -> as in a plan of `planned_runs`
Way: TypeAlias = Callable[[int, int], tuple[int, Generated, Generated]]


def _each_anew(k: int, seed: int) -> tuple[int, Generated, Generated]:
    return k, (k, seed), (k, seed)


def _seeded(constant: int) -> Way:
    return lambda k, seed: _each_anew(k, constant)


#: (what is named of compare_batch_sizes, and of find_learning_rate, how the runs are made then)
_WAYS: Sequence[tuple[str, str, Way]] = (
    ("shares_one_generator", "shares_one_generator_between_rates", lambda k, seed: (k, (0, seed), (0, seed))),
    ("trains_one_network_on", "trains_one_network_at_all_rates", lambda k, seed: (0, (0, seed), (0, seed))),
    ("trains_one_network_on", "trains_one_network_at_all_rates", lambda k, seed: (0, (0, seed), (-1 - k, seed))),
    ("seeds_the_batches_anew", "seeds_the_batches_anew", lambda k, seed: (k, (k, seed), (-1 - k, seed))),
    *(("draws_from_a_constant_seed", "draws_from_a_constant_seed_at_all_rates", _seeded(seed)) for seed in _SEEDS),
)

# --- batch sizes --------------------------------------------------------------------------------------------------------


class Count(NamedTuple):
    """How updates and epochs are counted.

    steps  : rows, size -> batches in an epoch, for the number of epochs
    passes : updates asked for, steps -> epochs
    told   : epochs, steps, size, updates asked for or None -> updates returned
    """

    name: str
    steps: Callable[[int, int], int]
    passes: Callable[[int, int], int]
    told: Callable[[int, int, int, int | None], int]

    def answer(self, asked: Mapping[str, int]) -> list[tuple[int, int]]:
        """For each batch size the epochs that are run and the updates returned."""
        found, wanted = [], asked.get("updates")
        for size in _BATCHES:
            steps = self.steps(ROWS, size)
            epochs = asked["epochs"] if wanted is None else self.passes(wanted, steps)
            found.append((epochs, self.told(epochs, steps, size, wanted)))
        return found


def _up(a: int, b: int) -> int:
    return -(-a // b)


def _product(epochs: int, steps: int, size: int, wanted: int | None) -> int:
    return epochs * steps


def _whole(epochs: int, steps: int, size: int, wanted: int | None) -> int:
    return epochs * (ROWS // size)


_RIGHT = Count("", _up, _up, _product)
_COUNTS = (
    Count("leaves_the_short_batch_uncounted", lambda n, size: n // size, _up, _product),
    Count("leaves_the_short_batch_uncounted", _up, _up, _whole),
    Count("counts_examples", _up, _up, lambda epochs, steps, size, wanted: epochs * ROWS),
    Count("counts_epochs", _up, _up, lambda epochs, steps, size, wanted: epochs),
    Count("rounds_the_epochs_down", _up, lambda wanted, steps: max(1, wanted // steps), _product),
    Count("takes_updates_for_epochs", _up, lambda wanted, steps: wanted, _product),
    Count("takes_updates_for_epochs", _up, lambda wanted, steps: wanted, lambda e, steps, size, wanted: wanted or e * steps),
    Count("returns_the_updates_asked_for", _up, _up, lambda epochs, steps, size, wanted: wanted or epochs * steps),
    Count("counts_a_batch_too_many", lambda n, size: n // size + 1, _up, _product),
    Count("trains_an_epoch_too_many", _up, lambda wanted, steps: wanted // steps + 1, _product),
    Count("counts_validation_batches", lambda n, size: _up(VALIDATION, size), _up, _product),
)
_EPOCHS, _UPDATES = "check_compare_at_equal_epochs", "check_compare_at_equal_updates"


def of_batch_sizes(student: Student, case: Case, failed: Collection[str]) -> dict[str, Fact]:
    """For each failed check of compare_batch_sizes that one slip explains: which."""
    if not {*failed} & {_EPOCHS, _UPDATES}:
        return {}
    lab = Lab(student, case)
    returned = [_compared(lab, asked) for asked in _ASKED]
    answers, right = [[(epochs, updates) for epochs, updates, _ in rows] for rows in returned], _answers(_RIGHT)
    if _made_so(_each_anew, lab, returned[0]):
        names = {slip.name for slip in _COUNTS if _answers(slip) == answers}
        told = [_EPOCHS] * (answers[0] != right[0]) + [_UPDATES] * (answers[1:] != right[1:])
    else:
        names = {name for name, _, way in _WAYS if answers == right and _made_so(way, lab, returned[0])}
        told = [_EPOCHS, _UPDATES]
    return dict.fromkeys({*told} & {*failed}, Fact(*names)) if len(names) == 1 else {}


def _answers(count: Count) -> list[list[tuple[int, int]]]:
    return [count.answer(asked) for asked in _ASKED]


def _compared(lab: Lab, asked: Mapping[str, int]) -> list[tuple[int, object, Curves]]:
    """For each batch size the epochs that were run, the updates returned, and the history; nothing for another answer."""
    compare, sizes = lab.student.experiments.compare_batch_sizes, list(_BATCHES)
    given = compare(SIZES, *lab.data, batch_sizes=sizes, lr=0.1, seed=lab.case.seed, **asked)
    rows = [lab.items(row) for row in lab.items(given)]
    if any(len(row) != 3 for row in rows) or [row[0] for row in rows] != sizes:
        return []
    histories = [trainings.history(lab.student, lab.case, row[2]) for row in rows]
    return [(len(curves["train_loss"]), row[1], curves) for curves, row in zip(histories, rows)]


def _made_so(way: Way, lab: Lab, returned: Sequence[tuple[int, object, Curves]]) -> bool:
    """Whether the histories are those of networks and generators that are made in this way."""
    settings = [{"epochs": epochs, "batch_size": size, "lr": 0.1} for size, (epochs, *_) in zip(_BATCHES, returned)]
    return all(_alike(own, given) for own, (*_, given) in zip(lab.curves(way, lab.case.seed, settings), returned))


def _alike(a: Curves, b: Curves) -> bool:
    return all(_close(a[name], b[name]) for name in a)


# --- learning rates -----------------------------------------------------------------------------------------------------

_RANKED, _NAN = "check_learning_rate_is_ranked_by_validation_loss", "check_learning_rate_puts_nan_last"


def _last(curves: Curves) -> float:
    return curves["val_loss"][-1]


def _ascending(pairs: Pairs) -> Pairs:
    return sorted(pairs, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


def _descending(pairs: Pairs) -> Pairs:
    return sorted(pairs, key=lambda pair: (not np.isfinite(pair[1]), -pair[1]))


def _as_python_sorts(pairs: Pairs) -> Pairs:
    return sorted(pairs, key=lambda pair: pair[1])


_Number: TypeAlias = Callable[[Curves], float]
_Order: TypeAlias = Callable[[Pairs], Pairs]
_NUMBERS: Sequence[tuple[str, _Number]] = (
    ("ranks_by_training_loss", lambda curves: curves["train_loss"][-1]),
    ("ranks_by_validation_accuracy", lambda curves: curves["val_acc"][-1]),
    ("takes_the_first_epoch", lambda curves: curves["val_loss"][0]),
    ("takes_the_best_epoch", lambda curves: min(curves["val_loss"])),
    ("takes_the_best_epoch", lambda curves: float(np.min(curves["val_loss"]))),
    ("takes_the_mean_of_all_epochs", lambda curves: float(np.mean(curves["val_loss"]))),
)
_ORDERS: Sequence[tuple[str, _Order]] = (
    ("puts_the_largest_loss_first", _descending),
    ("puts_the_largest_loss_first", lambda pairs: _ascending(pairs)[::-1]),
    ("leaves_the_rates_in_order", lambda pairs: pairs),
    ("leaves_the_rates_in_order", sorted),
    ("sorts_nan_like_a_number", _as_python_sorts),
    ("leaves_out_what_diverged", lambda pairs: _ascending([pair for pair in pairs if np.isfinite(pair[1])])),
    ("puts_nan_first", lambda pairs: sorted(pairs, key=lambda pair: (np.isfinite(pair[1]), pair[1]))),
    ("puts_the_loss_before_the_rate", lambda pairs: [(loss, lr) for lr, loss in _ascending(pairs)]),
    ("returns_the_best_rate_alone", lambda pairs: _ascending(pairs)[:1]),
)
#: All that can be returned by one slip, but for those in how the runs are made: (its name, number, order).
_RETURNED: Sequence[tuple[str, _Number, _Order]] = (
    *((name, _last, order) for name, order in _ORDERS),
    *((name, value, order) for name, value in _NUMBERS for order in (_ascending, _descending, _as_python_sorts)),
)


def of_learning_rates(student: Student, case: Case, failed: Collection[str]) -> dict[str, Fact]:
    """For each failed check of find_learning_rate that one slip explains: which."""
    if not {*failed} & {_RANKED, _NAN}:
        return {}
    lab, find = Lab(student, case), student.experiments.find_learning_rate
    given = [lab.numbers(find(SIZES, *lab.data, rates=list(rates), seed=case.seed, **_SETTINGS)) for rates in _RATES]
    own = _returned(lab, _each_anew)
    same = [_close(a, b) for a, b in zip(given, own(_last, _ascending))]
    names = {name for name, value, order in _RETURNED if all(map(_close, given, own(value, order)))}
    if not names and not any(same):
        names = {name for _, name, way in _WAYS if all(map(_close, given, _returned(lab, way)(_last, _ascending)))}
    told = [check for check, right in zip((_RANKED, _NAN), same) if not right and check in failed]
    return dict.fromkeys(told, Fact(*names)) if len(names) == 1 else {}


def _returned(lab: Lab, way: Way) -> Callable[[_Number, _Order], list[Array]]:
    """The numbers that find_learning_rate would return, in a row for each list of rates."""
    runs = [lab.curves(way, lab.case.seed, [{**_SETTINGS, "lr": lr} for lr in rates]) for rates in _RATES]
    return lambda value, order: [
        np.array(order([(lr, value(curves)) for lr, curves in zip(rates, run)])).ravel() for rates, run in zip(_RATES, runs)
    ]
