"""Trainings made anew for every grade, and what each of them is called by the rules of the handout.

A network 784-32-10 learns from 300 to 2,000 images; train_loss and train_acc are measured while it learns. A run counts only
if one rule alone holds of it, and by more than rounding.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from . import closed_form
from .closed_form import Array, Parameters

CLASSES = 10
SIZES = (784, 32, CLASSES)
GUESSING = float(np.log(CLASSES))  #: the loss of equal shares
ENOUGH = 300  #: updates
NEAR = 1e-6  #: a number so close to a threshold is on neither side
DIVERGED, FAILURE, OVER, UNDER, HEALTHY = "diverged", "optimization failure", "overfitting", "underfitting", "healthy"
_POOL, _VALIDATION, _TRIES = 2500, 500, 60


class Digits(Protocol):
    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array


class Run(NamedTuple):
    """A training, as `diagnose` is told of it."""

    history: Mapping[str, Sequence[float]]
    examples: int
    batch_size: int

    @property
    def updates(self) -> int:
        return len(self.history["train_loss"]) * -(-self.examples // self.batch_size)


# --- rules ------------------------------------------------------------------------------------------------------------


def met(run: Run, slack: float = 0.0) -> set[str]:
    """The words whose rule holds; with a slack, every comparison is so much easier to meet, or harder below 0."""
    loss, share, val_share = (run.history[name][-1] for name in ("train_loss", "train_acc", "val_acc"))
    gap, before = share - val_share, run.history["train_loss"][-2]
    finite = all(math.isfinite(value) for curve in run.history.values() for value in curve)
    stuck = share < 2 / CLASSES + slack and abs(loss - GUESSING) <= 0.05 * GUESSING + slack
    stuck = stuck and run.updates >= ENOUGH
    rules = {
        DIVERGED: not finite or loss > 2 * GUESSING - slack,
        FAILURE: stuck,
        OVER: share >= 0.95 - slack and gap >= 0.13 - slack,
        UNDER: share < 0.9 + slack and gap < 0.1 + slack and loss < before + slack and not stuck,
        HEALTHY: val_share >= 0.85 - slack and gap <= 0.1 + slack,
    }
    return {word for word, holds in rules.items() if holds}


def verdict(run: Run, near: float = NEAR) -> str:
    """The one word whose rule holds; empty where none, two, or not clearly one does."""
    words = [met(run, slack) for slack in (-near, near)]
    return next(iter(words[0])) if words[0] == words[1] and len(words[0]) == 1 else ""


# --- trainings --------------------------------------------------------------------------------------------------------


class Plan(NamedTuple):
    """One training to make; the first weights are He's times `scale`, the first biases of hidden units `bias`."""

    examples: int
    batch_size: int
    epochs: int
    lr: float
    scale: float = 1.0
    bias: float = 0.0


def pool(rng: np.random.Generator, digits: Digits) -> tuple[Array, Array]:
    """Images and labels to make runs of, in random order: of those to train on and of those to validate with."""
    parts = []
    for x, y, most in ((digits.x_train, digits.y_train, _POOL - _VALIDATION), (digits.x_val, digits.y_val, _VALIDATION)):
        rows = rng.choice(len(x), min(most, len(x)), replace=False)
        parts.append((x[rows].astype(np.float64), y[rows]))
    order = rng.permutation(sum(len(y) for _, y in parts))
    return np.concatenate([x for x, _ in parts])[order], np.concatenate([y for _, y in parts])[order]


def train(plan: Plan, rng: np.random.Generator, images: tuple[Array, Array]) -> Run:
    """Train as planned on the first images, and validate on those behind them."""
    x, y = images
    count = min(plan.examples, len(x) * 4 // 5)
    x_val, y_val = x[count : count + _VALIDATION], y[count : count + _VALIDATION]
    parameters = _drawn(plan, rng)
    curves: dict[str, list[float]] = {name: [] for name in ("train_loss", "train_acc", "val_loss", "val_acc")}
    with np.errstate(all="ignore"):
        for _ in range(plan.epochs):
            loss, hits = 0.0, 0
            for rows in closed_form.pieces(rng.permutation(count), plan.batch_size):
                values = closed_form.activations(parameters, x[rows])
                mean, dlogits = closed_form.cross_entropy(values[-1], y[rows])
                loss, hits = loss + mean * len(rows), hits + int(np.sum(values[-1].argmax(axis=1) == y[rows]))
                last, dout = closed_form.affine_back(parameters[2], parameters[3], values[1], dlogits)
                dout = closed_form.rectified(dout, by=values[1])
                first = [values[0].T @ dout, dout.sum(axis=0)]  # nobody needs the gradient with respect to the images
                parameters = closed_form.stepped(parameters, [*first, *last], plan.lr)
            ends = (loss / count, hits / count, *closed_form.evaluate(parameters, x_val, y_val))
            for name, value in zip(curves, ends):
                curves[name].append(round(float(value), 4))
    return Run(curves, count, min(plan.batch_size, count))


def _drawn(plan: Plan, rng: np.random.Generator) -> Parameters:
    sizes = pairwise(SIZES)
    weights = [rng.normal(0.0, plan.scale * np.sqrt(2 / inputs), (inputs, units)) for inputs, units in sizes]
    return [array for k, W in enumerate(weights) for array in (W, np.full(W.shape[1], 0.0 if k else plan.bias))]


def _rate(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _too_fast(rng: np.random.Generator) -> Plan:
    return Plan(int(rng.integers(300, 800)), int(rng.integers(16, 65)), 3, _rate(rng, 4, 40))


def _overflows(rng: np.random.Generator) -> Plan:
    return Plan(int(rng.integers(300, 800)), int(rng.integers(64, 200)), 3, _rate(rng, 1e160, 1e200))


def _stuck(rng: np.random.Generator) -> Plan:
    """All weights zero, or all hidden units off: the last bias alone can move."""
    examples, size = int(rng.integers(300, 600)), int(rng.integers(8, 17))
    scale, bias = ((0.0, 0.0), (1.0, -60.0))[rng.integers(2)]
    return Plan(examples, size, -(-ENOUGH // -(-examples // size)) + 2, _rate(rng, 0.01, 0.1), scale, bias)


def _by_heart(rng: np.random.Generator) -> Plan:
    return Plan(int(rng.integers(300, 500)), int(rng.integers(10, 25)), 20, _rate(rng, 0.1, 0.25))


def _too_slow(rng: np.random.Generator) -> Plan:
    examples = int(rng.integers(400, 1500))
    return Plan(examples, int(rng.integers(50, examples + 1)), 8, _rate(rng, 0.01, 0.1))


def _sound(rng: np.random.Generator) -> Plan:
    return Plan(int(rng.integers(1200, 2001)), int(rng.integers(16, 41)), 7, _rate(rng, 0.05, 0.15))


def _of_few_updates(rng: np.random.Generator) -> Plan:
    """Six updates on all rows, from small weights: still close to chance."""
    examples = 50 * int(rng.integers(6, 14)) - int(rng.integers(1, 5))
    return Plan(examples, examples, 6, _rate(rng, 0.002, 0.03), scale=0.2)


#: How a run of each word comes about.
PLANS: Mapping[str, Sequence[Callable[[np.random.Generator], Plan]]] = {
    DIVERGED: (_too_fast, _overflows),
    FAILURE: (_stuck,),
    OVER: (_by_heart,),
    UNDER: (_too_slow,),
    HEALTHY: (_sound,),
}


def fresh(word: str, rng: np.random.Generator, images: tuple[Array, Array], way: int = 0) -> Run:
    """A run of this word, cut off after any of the epochs at which the word holds.

    way    : which of the plans for it
    raises : ValueError if none came about
    """
    plan = PLANS[word][way % len(PLANS[word])]
    for _ in range(_TRIES):
        whole = train(plan(rng), rng, images)
        cuts = [_cut(whole, epochs) for epochs in range(2, len(whole.history["val_acc"]) + 1)]
        if found := [run for run in cuts if verdict(run) == word]:
            return found[rng.integers(len(found))]
    raise ValueError(f"of {_TRIES} trainings that should be called {word!r}, none was")


def twins(rng: np.random.Generator, images: tuple[Array, Array]) -> tuple[Run, ...]:
    """Three runs with equal curves: after 258 to 282 updates, or 6, they are underfitting, after 300 an optimization failure."""
    for _ in range(_TRIES):
        short = train(_of_few_updates(rng), rng, images)
        size = -(-short.examples // 50)
        found = short._replace(batch_size=size + 1), short, short._replace(batch_size=size)
        if [verdict(run) for run in found] == [UNDER, UNDER, FAILURE]:
            return found
    raise ValueError(f"of {_TRIES} short trainings, none stayed at chance")


def _cut(run: Run, epochs: int) -> Run:
    return run._replace(history={name: curve[:epochs] for name, curve in run.history.items()})


# --- for checks -------------------------------------------------------------------------------------------------------

_made: dict[tuple[object, ...], list[Run]] = {}  #: a check is run again on other code, and these take longest


def sample(seed: int, digits: Digits, words: Sequence[str], with_twins: bool = False) -> list[Run]:
    """Two runs of each word, in each way that there is, and the twins if asked; the same for equal arguments."""
    key = (seed, tuple(words), with_twins, len(digits.x_train), digits.x_train[:50].tobytes())
    if key not in _made:
        rng = np.random.default_rng(seed)
        images = pool(rng, digits)
        _made[key] = [fresh(word, rng, images, way) for word in words for way in range(2)]
        _made[key] += twins(rng, images) if with_twins else []
    return _made[key]
