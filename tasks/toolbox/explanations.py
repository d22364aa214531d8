"""What a submission's training can be told from: a few small trainings, and the slips that end where these ended.

Asked after the verdicts, of a submission that failed: nothing here decides a check. A name is given only if one slip
explains everything that was seen, with other rows and another lr, after one epoch and after several.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grader.checks.api import Case, Remote, Student, StudentError, Unmet, number

from . import closed_form, curves, networks, procedures, slips
from .closed_form import Array, Parameters
from .procedures import SAME, Procedure, Run, Way
from .trainings import MOVED, nearest

SIZES = (4, 6, 3)
_ONE_TRAINING = Path(__file__).with_name("one_training.py").read_text("utf-8")
_UNLIKELY = 1000.0
_ROUNDING = 1e-9  #: of float64, as a share of the way


class Fact(NamedTuple):
    """A known mistake, by name, and what was seen of it in a sentence; or which mistakes it is not."""

    name: str
    says: str = ""
    not_these: Collection[str] = ()


@dataclass
class Seen:
    """What a submission did with one run, asked for one epoch, then anew for two, ...

    ends   : all parameters afterwards, in a row
    left   : the gradients that the model held afterwards
    curves : the lists that train returned, by name
    errors : what it raised, or None
    changed : whether the caller's rows were changed
    """

    run: Run
    ends: list[Array] = field(default_factory=list)
    left: list[Parameters] = field(default_factory=list)
    curves: list[dict[str, list[float]]] = field(default_factory=list)
    errors: list[StudentError | None] = field(default_factory=list)
    changed: bool = False

    @property
    def whole(self) -> bool:
        """Whether it raised nothing, but for a mean of nothing: that is no batch, and the parameters tell of it."""
        return all(error is None or error.type_name == "ZeroDivisionError" for error in self.errors)


#: What train returned; the rows, and W, b, dW and db of each layer, afterwards; what it raised.
Told = tuple[object, Sequence[Any], StudentError | None]
Question = tuple[Run, Sequence[int], int]  #: (what is trained, for how many epochs each time, seed of the rng)


class Asker:
    """Asks one submission for trainings."""

    def __init__(self, student: Student, case: Case):
        self.student, self.case = student, case

    def run(self, rows: int, validation: int, batch_size: int, lr: float) -> Run:
        """New rows, and a network that holds the gradients of an earlier backward."""
        case, start = self.case, networks.draw(self.case, SIZES)
        x, y = case.normal("x", rows, SIZES[0]), case.labels("y", rows, SIZES[-1])
        x_val, y_val = case.normal("x_val", validation, SIZES[0]), case.labels("y_val", validation, SIZES[-1])
        first, _ = closed_form.backward(start, *_before(rows))
        return Run(x, y, x_val, y_val, start, first, batch_size, lr)

    def train(self, run: Run, epochs: Sequence[int], seed: int = 0) -> Seen:
        """A training for each of these numbers of epochs, always from the start."""
        return self.train_all([(run, epochs, seed)])[0]

    def train_all(self, questions: Sequence[Question]) -> list[Seen]:
        """All in one message; one by one where a training raises."""
        asked = [self._asked(run, count, seed) for run, epochs, seed in questions for count in epochs]
        code = self.student.network.MLP, self.student.train.train
        run_all, run_one, read = self.student.made("trained_all, trained, read", "trainings", _ONE_TRAINING, len, *code, asked)
        told: Iterator[Told]
        try:
            told = iter([(result, held, None) for result, held in self.student.take(run_all())])
        except (StudentError, TypeError, ValueError):
            told = (self._once(run_one, read, one) for one in asked)
        return [_seen(run, [next(told) for _ in epochs]) for run, epochs, _ in questions]

    def _asked(self, run: Run, epochs: int, seed: int) -> list[object]:
        rng, settings = self.student.rng, {"epochs": epochs, "batch_size": run.batch_size, "lr": run.lr}
        rngs, data = (rng(self.case.seed), rng(self.case.seed + seed)), [run.x, run.y, run.x_val, run.y_val]
        return [run.start, rngs[0], list(_before(run.rows)), data, settings, rngs[1]]

    def _once(self, run: Remote, read: Remote, asked: Sequence[object]) -> Told:
        result, error = None, None
        try:
            result = run(*asked)
        except StudentError as raised:
            error = raised
        return result, read(), error


def _seen(run: Run, told: Sequence[Told]) -> Seen:
    seen = Seen(run)
    for result, (x, *held), error in told:
        arrays = networks.as_vectors(held)
        seen.changed |= not np.array_equal(x, run.x)
        seen.errors.append(error)
        seen.curves.append(_curves(result))
        seen.ends.append(closed_form.flat([array for k, array in enumerate(arrays) if k % 4 < 2]))
        seen.left.append([array for k, array in enumerate(arrays) if k % 4 > 1])
    return seen


def _before(rows: int) -> tuple[Array, Array]:
    """Rows and gradients by the logits that a network has been through before it is trained."""
    rng = np.random.default_rng(rows)
    return rng.normal(size=(rows, SIZES[0])), rng.normal(size=(rows, SIZES[-1]))


def _curves(result: object) -> dict[str, list[float]]:
    """The lists of numbers in what train returned, if it is a plain dict."""
    found = result if isinstance(result, dict) else {}
    lists = {key: list(value) for key, value in found.items() if isinstance(value, list | tuple | np.ndarray)}
    return {key: value for key, value in lists.items() if all(isinstance(v, int | float | np.number) for v in value)}


# --- what is said to which check ----------------------------------------------------------------------------------------

_FULL, _AGAIN = "check_train_descends_on_the_full_batch", "check_train_keeps_descending"
_SEVERAL, _ORDER = "check_train_steps_once_a_batch", "check_train_follows_its_rng"
_VALIDATION = "check_train_never_learns_from_validation"
_PARAMETERS = {_FULL, _AGAIN, _SEVERAL, _ORDER, _VALIDATION}
_HISTORY = ("check_train_measures_what_it_says", "check_train_validates_after_each_epoch")
#: Slips by which the validation data decide about the parameters, or anything else does but the rng.
_BY_VALIDATION = {
    "validates_between_forward_and_backward",
    "learns_from_the_validation_set_alone",
    "learns_from_the_validation_set_too",
    "trains_a_step_on_the_validation_set",
    "keeps_the_best_epoch",
    "ignores_the_generator",
}


#: Slips by which parameters end elsewhere: of these the curves tell only along with the parameters.
_STEPS = {slip.name for slip in slips.PROCEDURES} | {"scales_the_callers_images", "adds_noise_to_the_images"}


class Found(NamedTuple):
    """A slip in training, how it trains if that is known, and the checks of parameters that it explains."""

    fact: Fact
    procedure: Procedure | None
    checks: set[str]


def of_checks(student: Student, case: Case, failed: Collection[str]) -> dict[str, Fact]:
    """For each failed check of train that a slip explains: which."""
    if not {*failed} & {*_PARAMETERS, *_HISTORY}:
        return {}
    ask = Asker(student, case)
    # Where all parameters are what they should be, there is nothing to tell of the training.
    found = _of_training(ask, {*failed}) if {*failed} & _PARAMETERS else None
    facts = {} if found is None else dict.fromkeys(found.checks, found.fact)
    if {*failed} & {*_HISTORY}:
        facts |= _of_history(ask, found)
    return {check: fact for check, fact in facts.items() if check in failed}


def _of_history(ask: Asker, found: Found | None) -> dict[str, Fact]:
    """What explains curves: a slip in measuring, or one in training of which they tell."""
    try:
        # Of (rows, rows of x_val, batch_size) two have two whole batches: a third parts them from a constant.
        seen = ask.train_all([(ask.run(*sizes, 0.0), [2], 0) for sizes in ((6, 7, 3), (5, 7, 2), (6, 5, 4))])
    except (Unmet, StudentError):
        return {}
    given, runs = [s.curves[0] for s in seen], [s.run for s in seen]
    slip, others = curves.found_in(given, runs)
    if found is not None and found.procedure is not None and curves.seen_by(found.procedure, given, runs):
        return dict.fromkeys(_HISTORY, found.fact)
    if slip is not None:
        return dict.fromkeys(_HISTORY, Fact(slip.name, slip.says))
    if found is not None:
        return dict.fromkeys(_HISTORY[1:], found.fact) if others is None else {}
    # Numbers that are drawn along with the batches look like those of many slips: a replay may take them for others'.
    if others is None or not all(told.get(name) for told in given for name in curves.PARTS):
        return {}
    return dict.fromkeys(_HISTORY, Fact("", not_these=others | _STEPS))


# --- which slip -------------------------------------------------------------------------------------------------------


def _of_training(ask: Asker, failed: Collection[str]) -> Found | None:
    """The slip in train, if there is one that ends wherever the submission ends."""
    try:
        runs = ask.run(3, 3, 3, 0.5), ask.run(4, 2, 4, 0.2), ask.run(5, 3, 2, 0.3)
        one, other, several = ask.train_all([(run, epochs, 0) for run, epochs in zip(runs, ((1, 2, 3), (1, 2), (1, 2)))])
    except (Unmet, StudentError):
        return None  # what cannot be asked or read is no fact; the failure has words of its own
    whole, parts = _right(one) and _right(other), _right(several) or (several.whole and _unseeded(several))
    if not (whole and parts):
        fact, procedure = _of_slips(ask, one, other, several)
    else:
        fact, procedure = _of_orders(ask, several) if {*failed} & {_ORDER, _VALIDATION} else None, slips.RIGHT
    if fact is None:
        return None
    told = {_FULL: not _right(one, 1), _AGAIN: not whole, _SEVERAL: not parts, _ORDER: True}
    told[_VALIDATION] = fact.name in _BY_VALIDATION
    return Found(fact, procedure, {check for check, tells in told.items() if tells})


def _of_slips(ask: Asker, one: Seen, other: Seen, several: Seen) -> tuple[Fact | None, Procedure | None]:
    """The slip by which the steps are others than they should be, and how it trains if that is known."""
    if not one.whole and (fact := _of_errors(ask, one)):
        return fact, None
    found = _matching([*slips.PROCEDURES, *_fitted(one, other)], [one, other, several])
    if _names(found) == 1 and _holds_for_more_rows(ask, found[0]):
        return Fact(found[0].name, found[0].says), found[0]
    return (None if found else _of_epochs(one, other) or _of_shrinking_steps(one, other, several)), None


def _holds_for_more_rows(ask: Asker, procedure: Procedure) -> bool:
    """Five rows in twos have two whole batches: who always stops after two drops the short one there, and only there."""
    if procedure.name != "drops_the_short_batch":
        return True
    try:
        seen = ask.train(ask.run(7, 3, 2, 0.3), [1])
    except (Unmet, StudentError):
        return False
    return seen.whole and procedures.explains(procedure, seen.run, seen.ends)


def _right(seen: Seen, trainings: int | None = None) -> bool:
    """Whether all trainings, or the first of them, ended where right code may, within what a check allows."""
    raised = any(seen.errors[:trainings])
    return not raised and procedures.explains(slips.RIGHT, seen.run, seen.ends[:trainings], MOVED)


def _unseeded(seen: Seen) -> bool:
    """Whether it ended where right code may, each time in another way of its own."""
    run = seen.run
    for count, end in enumerate(seen.ends, start=1):
        possible = closed_form.epochs_possible(run.start, run.x, run.y, run.batch_size, run.lr, count)
        if not nearest([end], possible, [closed_form.flat(run.start)])[1] <= MOVED:
            return False
    return True


def _matching(able: Sequence[Procedure], everything: Sequence[Seen]) -> list[Procedure]:
    """The procedures that may have led to all that was seen; what ended in an exception says nothing."""
    asked = [seen for seen in everything if seen.whole]
    found = [p for p in able if asked and all(procedures.explains(p, seen.run, seen.ends) for seen in asked)]
    found = [p for p in found if _fits(p, everything[0])]
    if _names(found) > 1:
        found = [p for p in found if all(_leaves(p, seen) for seen in everything[:2])]
    return _least_by_chance(found, asked) if _names(found) > 1 else found


def _names(found: Sequence[Procedure]) -> int:
    return len({p.name for p in found})


def _fits(procedure: Procedure, one: Seen) -> bool:
    """Whether what else was seen agrees with a slip: a backward that is said to have run left its gradients."""
    if procedure.name == "scales_the_images_again":
        return not one.changed
    return procedure.name != "forgets_the_update" or _leaves(procedure, one)


def _least_by_chance(found: Sequence[Procedure], asked: Sequence[Seen]) -> list[Procedure]:
    """Those for which the batches fell in one of few ways, where for others it is one of a thousand times as many."""
    chances = {p: math.prod(_chance(p, seen) for seen in asked) for p in found}
    best = max(chances.values())
    return [p for p in found if chances[p] > best / _UNLIKELY]


def _chance(procedure: Procedure, seen: Seen) -> float:
    run = procedure.data(seen.run)
    return 1.0 if run is None else float(len(procedure.ways(run.rows, run.batch_size))) ** -len(seen.ends)


def _leaves(procedure: Procedure, seen: Seen) -> bool:
    """Whether a procedure leaves the gradients that the model held at the end."""
    walks = procedures.followed(procedure, seen.run, seen.ends) if seen.whole else []
    if not walks:
        return True
    left = np.concatenate([g.reshape(len(g), -1) for g in walks[-1].left], axis=1)
    return any(_alike(seen.left[-1], row) for row in left)


def _alike(held: Parameters, left: Array) -> bool:
    """Whether these are the gradients, or a multiple of them: a step may overwrite what it is given."""
    flat = closed_form.flat(held)
    ratio = float(flat @ left) / max(float(left @ left), 1e-300)
    return ratio != 0 and bool(np.linalg.norm(flat - ratio * left) <= SAME * np.linalg.norm(flat))


# --- slips with a number of their own -----------------------------------------------------------------------------------


class _Step(NamedTuple):
    """The first step of a submission with all rows in one batch, and the right one: both divided by lr."""

    run: Run
    went: Parameters
    right: Parameters

    @property
    def times(self) -> float:
        """How many times as long it was, if it went in the right direction; else 0."""
        went, right = closed_form.flat(self.went), closed_form.flat(self.right)
        ratio = float(went @ right / (right @ right))
        return ratio if np.linalg.norm(went - ratio * right) <= SAME * np.linalg.norm(went) else 0.0


def _first_step(seen: Seen) -> _Step:
    run = seen.run
    return _Step(run, _shaped((closed_form.flat(run.start) - seen.ends[0]) / run.lr, run), _gradient(run, run.start))


def _shaped(row: Array, run: Run) -> Parameters:
    places = np.cumsum([p.size for p in run.start])[:-1]
    return [part.reshape(p.shape) for part, p in zip(np.split(row, places), run.start)]


def _gradient(run: Run, parameters: Parameters) -> Parameters:
    _, dlogits = closed_form.cross_entropy(closed_form.forward(parameters, run.x), run.y)
    return closed_form.backward(parameters, run.x, dlogits)[0]


def _fitted(one: Seen, other: Seen) -> list[Procedure]:
    """Slips with a number that the learner has chosen, with the number that the first steps show."""
    if not (one.whole and other.whole):
        return []
    steps = _first_step(one), _first_step(other)
    if not all(np.isfinite(closed_form.flat(s.went)).all() and closed_form.flat(s.went).any() for s in steps):
        return []
    first, second = (step.times for step in steps)
    if first and second:
        return _of_length(steps, first, second) + _with_momentum(one)
    return [*_without_some(steps), *_clipped(steps), *_decayed(steps)]


def _equal(a: float, b: float) -> bool:
    return abs(a - b) <= SAME * max(abs(a), abs(b))


def _of_length(steps: tuple[_Step, _Step], first: float, second: float) -> list[Procedure]:
    """The length of a step is the same, or depends on lr or on the batch; or no gradient may be longer than that."""
    (a, b), found = (step.run for step in steps), []
    if _equal(first, second) and not any(_equal(first, known) for known in (1.0, 2.0, -1.0)):
        found.append(slips.scaled(first, f"Each step is {number(first, 4)} times as long as it should be."))
    if _equal(first * a.lr, second * b.lr):
        step = first * a.lr
        found.append(slips.of_fixed_length(step, f"Each step is that of lr = {number(step, 4)}, whatever lr is."))
    each, whole = first / a.rows, first * a.rows
    if _equal(each, second / b.rows) and not _equal(each, 1.0):
        found.append(slips.by_the_batch(lambda size: each * size, "The step grows with batch_size."))
    if _equal(whole, second * b.rows) and not _equal(whole, 1.0):
        found.append(slips.by_the_batch(lambda size: whole / size, "The step shrinks with batch_size."))
    lengths = [float(np.linalg.norm(closed_form.flat(step.went))) for step in steps]
    if _equal(*lengths) and first < 1 and second < 1:
        found.append(slips.clipped_norm(lengths[0], f"No gradient was longer than {number(lengths[0], 4)}."))
    return found


def _with_momentum(seen: Seen) -> list[Procedure]:
    """The first step is right, and a part of it is in the second."""
    run, first = seen.run, _first_step(seen)
    if not _equal(first.times, 1.0):
        return []
    went = (seen.ends[0] - seen.ends[1]) / run.lr
    more = went - closed_form.flat(_gradient(run, _shaped(seen.ends[0], run)))
    before = closed_form.flat(first.went)
    share = float(more @ before / (before @ before))
    if not 0.01 < share < 1.5 or np.linalg.norm(more - share * before) > SAME * np.linalg.norm(went):
        return []
    share = 1.0 if _equal(share, 1.0) else share
    says = "Each step used the sum of all gradients so far."
    return [slips.with_momentum(share, says if share == 1 else f"{number(share, 4)} of each step was in the next.")]


def _without_some(steps: tuple[_Step, _Step]) -> list[Procedure]:
    """Some arrays stay where they are."""
    moved = [[bool(np.any(g)) for g in step.went] for step in steps]
    if moved[0] != moved[1] or all(moved[0]):
        return []
    still = [name for name, moves in zip(networks.names(len(moved[0])), moved[0]) if not moves]
    masks = [np.full(p.shape, float(moves)) for p, moves in zip(steps[0].run.start, moved[0])]
    return [slips.left_out(masks, f"{_and(still)} did not move.")]


def _clipped(steps: tuple[_Step, _Step]) -> list[Procedure]:
    """No entry of a gradient is larger than that."""
    limits = [float(np.max(np.abs(closed_form.flat(step.went)))) for step in steps]
    said = f"No entry of a gradient was larger than {number(limits[0], 4)}."
    return [slips.clipped(limits[0], said)] if _equal(*limits) else []


def _decayed(steps: tuple[_Step, _Step]) -> list[Procedure]:
    """The parameters, or the weights alone, shrink by a part of themselves."""
    found = []
    for biases in (True, False):
        for after in (True, False):
            rates = [_rate(step, biases, after) for step in steps]
            if _equal(*rates) and rates[0] > 0:
                said = f"Each step took {number(rates[0], 4)} of the {'parameters' if biases else 'weights'} away, times lr."
                found.append(slips.decayed(rates[0], said, biases, after))
    return found


def _rate(step: _Step, biases: bool, after: bool) -> float:
    """Which part of themselves the parameters lost, times lr, by least squares."""
    lr, start = step.run.lr, step.run.start
    base = [p - lr * g for p, g in zip(start, step.right)] if after else start
    chosen = slice(None) if biases else slice(None, None, 2)
    from_ = closed_form.flat(base[chosen])
    more = closed_form.flat(step.went[chosen]) - closed_form.flat(step.right[chosen])
    return float(more @ from_ / (from_ @ from_))


def _of_shrinking_steps(one: Seen, other: Seen, several: Seen) -> Fact | None:
    """The first step is right, and those of later epochs are ever shorter; or those of later batches, too."""
    if not (one.whole and other.whole):
        return None
    ratios = [_later_steps(seen) for seen in (one, other)]
    if not _equal(ratios[0][0], 1.0) or not _equal(ratios[1][0], 1.0) or not _equal(ratios[0][1], ratios[1][1]):
        return None
    if not 1 - MOVED > ratios[0][1] > ratios[0][2] > 0:
        return None
    ratio = ratios[0][1]
    said = f"The step of the second epoch is {number(ratio, 4)} times as long as it should be."
    by_batch = Procedure("", "", lambda w, x, y: w.descend(x, y, ratio**w.count))
    if several.whole and not _right(several, 1) and procedures.explains(by_batch, several.run, several.ends[:1]):
        said = f"Here lr is multiplied by {number(ratio, 4)} after each batch."
    return Fact("makes_a_new_optimizer_that_decays", said)


def _later_steps(seen: Seen) -> list[float]:
    """How many times as long as it should be each step was; 0 where it went elsewhere."""
    run, found = seen.run, []
    places = [closed_form.flat(run.start), *seen.ends]
    for was, now in pairwise(places):
        step = _Step(run, _shaped((was - now) / run.lr, run), _gradient(run, _shaped(was, run)))
        found.append(step.times if np.any(was != now) else 0.0)
    return found


# --- how many epochs --------------------------------------------------------------------------------------------------


def _of_epochs(one: Seen, other: Seen) -> Fact | None:
    """The steps are right, but not as many as were asked for, or not on these parameters."""
    counts = [_steps_taken(seen) for seen in (one, other)]
    if counts == [[0, 1, 2], [0, 1]]:
        return Fact("trains_one_epoch_too_few")
    if counts == [[2, 3, 4], [2, 3]] and one.whole:
        return Fact("trains_one_epoch_too_many")
    if counts == [[1] * 3, [1] * 2] and one.whole and all(len(told.get("val_loss", ())) == 1 for told in one.curves):
        return Fact("trains_one_epoch_only")
    if -1 in counts[0] + counts[1] or one.errors[0]:
        return None
    if counts == [[0] * 3, [0] * 2]:
        elsewhere = _learned_elsewhere(one, other) or (_tells_of_training(one) and _tells_of_training(other))
        return Fact("trains_a_copy") if elsewhere else None
    return _of_steps_undone(one, other, counts)


def _of_steps_undone(one: Seen, other: Seen, counts: list[list[int]]) -> Fact | None:
    """Fewer steps show than epochs were gone through: where did the last backward run?"""
    ended = [error.type_name for error in one.errors[1:] if error]
    if ended != ["ZeroDivisionError"] * 2 and [len(told.get("val_loss", ())) for told in one.curves] != [1, 2, 3]:
        return None
    last = _last_backward(one), _last_backward(other)
    if counts == [[1] * 3, [1] * 2] and last == (0, 0):
        return Fact("uses_up_the_batches", "In the second epoch no step was taken.")
    if last == (2, 1) and counts != [[1, 2, 3], [1, 2]]:
        return Fact("keeps_the_best_epoch", f"Of three epochs, the parameters are those after epoch {counts[0][2]}.")
    return None


def _path(run: Run) -> list[Parameters]:
    """Where right code is with all rows in one batch, before the first epoch, after it, ..."""
    path = [run.start]
    for _ in range(4):
        path.append(closed_form.descend(path[-1], run.x, run.y, run.lr))
    return path


def _last_backward(seen: Seen) -> int:
    """After how many right steps the last backward ran, as the gradients tell that the model held; -1 for elsewhere."""
    gradients = (closed_form.flat(_gradient(seen.run, place)) for place in _path(seen.run))
    return next((k for k, gradient in enumerate(gradients) if _alike(seen.left[-1], gradient)), -1)


def _tells_of_training(seen: Seen) -> bool:
    """Whether val_loss is that of a network that is trained as it should be."""
    told, run = seen.curves[-1].get("val_loss", []), seen.run
    right = [closed_form.evaluate(place, run.x_val, run.y_val)[0] for place in _path(run)[1 : 1 + len(seen.ends)]]
    return len(told) == len(right) and bool(np.allclose(told, right, rtol=1e-4))


def _learned_elsewhere(*asked: Seen) -> bool:
    """Whether no backward of this model ran, and train_loss falls from epoch to epoch all the same, for other rows otherwise."""
    starts = set()
    for seen in asked:
        told, held, first = (
            seen.curves[-1].get("train_loss", []),
            closed_form.flat(seen.left[-1]),
            closed_form.flat(seen.run.first),
        )
        if len(told) != len(seen.ends) or any(a <= b for a, b in pairwise(told)):
            return False
        if np.linalg.norm(held - first) > SAME * np.linalg.norm(first):
            return False
        starts.add(told[0])
    return len(starts) == len(asked)


def _steps_taken(seen: Seen) -> list[int]:
    """After how many right steps, all rows in one batch, the submission's ends are; -1 for elsewhere."""
    flat = [closed_form.flat(place) for place in _path(seen.run)]
    way, found = np.linalg.norm(flat[1] - flat[0]), []
    for end in seen.ends:
        off = [float(np.linalg.norm(place - end)) for place in flat]
        found.append(int(np.argmin(off)) if min(off) <= SAME * way else -1)
    return found


# --- in which order -----------------------------------------------------------------------------------------------------


def _of_orders(ask: Asker, seen: Seen) -> Fact | None:
    """All steps are right: who decides which rows meet in a batch?"""
    again, *others = ask.train_all([(seen.run, (1, 2), seed) for seed in (0, 1, 2, 3, 4)])
    if any(np.linalg.norm(a - b) > SAME * np.linalg.norm(a) for a, b in zip(seen.ends, again.ends)):
        return Fact("ignores_the_generator")
    ways = [_ways(found) for found in (seen, *others)]
    if not all(ways):
        return None
    if all(first == second for first, second in ways):
        if any(way != ways[0] for way in ways):
            return Fact("shuffles_once")
        in_order = ways[0][0] == [[0, 1], [2, 3], [4]] and _in_order(ask)
        if in_order is None:
            return None
        if in_order:
            return Fact("never_shuffles", "The batches are the rows in the order of x_train.")
        return Fact("seeds_every_epoch_anew", "With five seeds, all ten epochs had the same batches.")
    if all(way == ways[0] for way in ways):
        return Fact("makes_a_generator_of_its_own")
    return None


def _ways(seen: Seen) -> list[Way]:
    """The batches of both epochs, or nothing where several ways end there."""
    for within in (_ROUNDING, SAME) if seen.whole else ():
        walks = procedures.followed(slips.RIGHT, seen.run, seen.ends, within)
        ways = [walk.ways[0] for walk in walks if len(walk.ways) == 1]
        if len(ways) == 2:
            return ways
    return []


def _in_order(ask: Asker) -> bool | None:
    """Whether other rows come as they stand, too; None if that cannot be told."""
    ways = _ways(ask.train(ask.run(6, 3, 2, 0.3), (1, 2)))
    return ways == [[[0, 1], [2, 3], [4, 5]]] * 2 if ways else None


# --- exceptions -----------------------------------------------------------------------------------------------------


def _of_errors(ask: Asker, seen: Seen) -> Fact | None:
    """What train raises, if it is what a part of it raises when it is called in another way than it should be."""
    error, run = seen.errors[0], seen.run
    if error is None or any(np.any(end != seen.ends[0]) for end in seen.ends):
        return None
    loss, logits = ask.student.losses.SoftmaxCrossEntropy, closed_form.forward(run.start, run.x)
    if _raises(error, lambda: loss().backward()):
        return Fact("forgets_the_loss_forward")
    if _raises(error, lambda: loss().forward(run.y, logits)):
        return Fact("hands_labels_for_scores")
    return None


def _raises(error: StudentError, call: Callable[[], object]) -> bool:
    """Whether a call raises the same, at the same place."""
    try:
        call()
    except StudentError as raised:
        return (raised.type_name, raised.message, raised.where) == (error.type_name, error.message, error.where)
    return False


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
