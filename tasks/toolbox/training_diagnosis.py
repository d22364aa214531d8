"""What a training came to: one plain sentence, the numbers behind it, and one thing to try; nothing where nothing is plain.

Judged by the settings, the curves and the parameters before and after. Running losses alone cannot tell weights that
start at zero from steps that are far too long: dead units, and how large the weights became, can.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from grader.checks.api import number

from . import closed_form
from .closed_form import Array, Parameters
from .networks import names

SLOW, DIVERGED, STUCK = "too slow so far", "diverged", "stuck at chance"
APART, OVERFITS, NOISY = "labels and images apart", "overfits", "noisy end"
LARGE = "initial weights too large"
#: What can be said where the settings are not the learner's own.
OF_THE_CODE = (DIVERGED, STUCK, APART)

_MOST, _SOME = 5000, 1000  # images that are counted, and those that units are looked at with
_FEW_STEPS = 300
_AT_CHANCE = 0.08  # so much above the largest class's share is still next to nothing
_DEAD = 0.98  # of a layer's units
_LITTLE = 0.35  # share of hits
_BLOWN_UP = 3.0  # times the size that a layer's weights started with
_MANY_NATS = 3.0  # times the loss of guessing
_TOO_LARGE = 2.5  # times the spread that He's rule gives
_GAP, _BY_HEART = 0.12, 0.95
_LOW, _CLOSE, _FALLING = 0.93, 0.02, 0.04
_FALL, _LAST = 0.025, 4  # the validation accuracy falls so much from one of the last epochs to the next


class Finding(NamedTuple):
    """What a training came to.

    kind     : one of the names above
    sentence : what happened, to begin a card with
    numbers  : what shows it
    advice   : one thing to try
    """

    kind: str
    sentence: str
    numbers: str
    advice: str

    @property
    def reasons(self) -> str:
        return f"{self.numbers} {self.advice}"

    @property
    def text(self) -> str:
        return f"{self.sentence} {self.reasons}"


@dataclass(frozen=True)
class Training:
    """One training as it is seen from outside.

    settings   : epochs, batch_size, lr
    examples   : how many there were to learn from
    history    : "train_loss", "val_acc", ... -> a number an epoch; may be empty
    start, end : [W1, b1, W2, ...] before and after
    own, new   : (x, y) of images that it learned from, with their labels, and of others
    fixed      : whether the settings are the grader's, and not for the learner to change
    """

    settings: Mapping[str, Any]
    examples: int
    history: Mapping[str, Sequence[float]]
    start: Parameters
    end: Parameters
    own: tuple[Array, Array]
    new: tuple[Array, Array]
    fixed: bool = False

    @property
    def steps_of_an_epoch(self) -> int:
        return -(-self.examples // int(self.settings["batch_size"]))

    @property
    def steps(self) -> int:
        return self.steps_of_an_epoch * int(self.settings["epochs"])

    @property
    def lr(self) -> float:
        return float(self.settings["lr"])

    @cached_property
    def finite(self) -> bool:
        return bool(np.isfinite(closed_form.flat(self.end)).all())

    @cached_property
    def guessing(self) -> float:
        """The loss of who gives every class the same score."""
        return float(np.log(len(self.end[-1])))

    @cached_property
    def before(self) -> tuple[float, float]:
        """(loss, accuracy) on the training images at the start."""
        return self._measured(self.start, *self.own)

    @cached_property
    def after(self) -> tuple[float, float]:
        """(loss, accuracy) on the training images at the end."""
        return self._measured(self.end, *self.own)

    @cached_property
    def elsewhere(self) -> tuple[float, float]:
        """(loss, accuracy) on new images at the end."""
        return self._measured(self.end, *self.new)

    @staticmethod
    def _measured(parameters: Parameters, x: Array, y: Array) -> tuple[float, float]:
        with np.errstate(all="ignore"):
            return closed_form.evaluate(parameters, x[:_MOST], y[:_MOST])

    @cached_property
    def at_chance(self) -> bool:
        """Whether it gets next to nothing right of what it was to learn."""
        shares = np.bincount(self.own[1][:_MOST]) / len(self.own[1][:_MOST])
        return self.after[1] <= float(shares.max()) + _AT_CHANCE

    @cached_property
    def growth(self) -> float:
        """How many times its size at the start the layer has that grew most."""
        sizes = [(np.linalg.norm(a), np.linalg.norm(b)) for a, b in zip(self.start[::2], self.end[::2])]
        return max((float(now / was) for was, now in sizes if was > 0), default=1.0)

    @cached_property
    def way(self) -> float:
        """How far the weights went, as a share of their size at the start."""
        start, end = closed_form.flat(self.start[::2]), closed_form.flat(self.end[::2])
        return float(np.linalg.norm(end - start) / max(float(np.linalg.norm(start)), 1e-300))

    @cached_property
    def dead(self) -> float:
        """The share of units that are off for every image, in the hidden layer that has most of them."""
        return max(_dead(self.end, self.own[0]), default=0.0)

    def curve(self, name: str) -> list[float]:
        return [float(value) for value in self.history.get(name, ())]


def diagnose(training: Training, kinds: Sequence[str] = ()) -> Finding | None:
    """The first finding that the facts bear out, of these kinds if any are given."""
    with np.errstate(all="ignore"):
        for look in (_large_start, _diverged, _still, _apart, _stuck, _overfits, _noisy, _slow):
            found = look(training)
            if found is not None and (not kinds or found.kind in kinds):
                return found
    return None


# --- what goes wrong at once ------------------------------------------------------------------------------------------


def _large_start(training: Training) -> Finding | None:
    spreads = [(float(np.std(W)), float(np.sqrt(2 / len(W)))) for W in training.start[::2]]
    worst = max(range(len(spreads)), key=lambda k: spreads[k][0] / spreads[k][1])
    given, usual = spreads[worst]
    loss = training.before[0]
    if given < _TOO_LARGE * usual or loss < 2 * training.guessing:
        return None
    return Finding(
        LARGE,
        "The initial weights are too large.",
        f"W{worst + 1} starts with a standard deviation of {number(given, 3)}, {given / usual:.0f} times sqrt(2 / in) = "
        f"{number(usual, 3)}, so the loss starts at {number(loss, 3)}; guessing gives {training.guessing:.3f}.",
        "Compare Linear.__init__ with stage 01.",
    )


def _diverged(training: Training) -> Finding | None:
    losses = training.curve("train_loss")
    limit = max(_MANY_NATS * training.guessing, 2 * training.before[0])
    bad = [epoch for epoch, loss in enumerate(losses, 1) if not np.isfinite(loss) or loss > limit]
    if not training.finite:
        shows = "There is nan or inf in the parameters."
    elif _lost(training, bool(bad), limit):
        times = f"{training.growth:,.1f}" if training.growth < 1e6 else f"{training.growth:.1e}"
        shows = f"The weights of a layer became {times} times as large as before, and the loss on the training "
        shows += f"images went from {training.before[0]:.3f} to {number(training.after[0], 3)}."
    else:
        return None
    when = f" in epoch {bad[0]} of {len(losses)}" if bad else ""
    return Finding(
        DIVERGED,
        f"The training diverged{when}.",
        f"{shows} The steps of lr = {training.lr:g} go uphill, or too far.",
        _shorter(training, "if that diverges too, look for a sign, or a gradient that is not divided by N."),
    )


def _shorter(training: Training, otherwise: str) -> str:
    """What to try where steps were too long: in the code, if the rate is not the learner's."""
    if training.fixed:
        return "Look for a sign, or for a gradient that is not divided by N."
    return f"Try lr = {training.lr / 10:.1g}; {otherwise}"


def _lost(training: Training, jumped: bool, limit: float) -> bool:
    """Whether weights that are finite went somewhere from where next to nothing is learned."""
    loss, share = training.after
    if share >= 0.5 or _learned_others(training) or _alike(training):
        return False
    far = jumped or training.growth > _BLOWN_UP or loss > limit
    return (share < _LITTLE and (far or (training.way > 0.7 and training.dead > 0.5))) or (
        training.dead > 0.85 and training.growth > 2.0
    )


def _learned_others(training: Training) -> bool:
    """Whether the history tells of images learned that are not these images with these labels."""
    told, losses = training.curve("train_acc"), [*training.curve("train_loss"), training.after[0]]
    sound = bool(np.isfinite(losses).all()) and training.growth < _BLOWN_UP and training.dead < 0.5
    return bool(told) and sound and training.at_chance and told[-1] > training.after[1] + 0.15


def _still(training: Training) -> Finding | None:
    """Parameters that did not move at all."""
    still = [name for name, a, b in zip(names(len(training.end)), training.start, training.end) if np.array_equal(a, b)]
    weights = [name for name in still if name.startswith("W")]
    if not training.at_chance or not weights:
        return None
    alike = _alike(training)
    if alike is not None:
        return alike
    all_of_them = len(still) == len(training.end)
    return Finding(
        STUCK,
        "Training is stuck at chance: " + ("no parameter moved." if all_of_them else f"{', '.join(still)} never moved."),
        _near_guessing(training),
        "Print a weight before and after one step: is step given the arrays of parameters(), after backward?",
    )


def _near_guessing(training: Training) -> str:
    loss, share = training.after
    return (
        f"{100 * share:.1f} % of the training images right, with a loss of {loss:.3f}; "
        f"guessing gives ln {len(training.end[-1])} = {training.guessing:.3f}."
    )


def _alike(training: Training) -> Finding | None:
    """Hidden units that all hold the same numbers, zeros for one."""
    for k, (was, now) in enumerate(zip(training.start[:-2:2], training.end[:-2:2]), 1):
        if now.shape[1] > 1 and any(np.ptp(W, axis=1).max() <= 1e-3 * np.abs(W).max() for W in (was, now)):
            what = "all zeros" if not was.any() else "all alike"
            return Finding(
                STUCK,
                f"Training is stuck at chance: the units of layer {k} are all alike.",
                f"The columns of W{k} started {what}, and units that start alike stay alike. {_near_guessing(training)}",
                "Draw every weight at random: Linear.__init__, stage 01.",
            )
    return None


def _dead(parameters: Parameters, x: Array) -> Iterator[float]:
    """For each hidden layer, the share of its units that are off for every image."""
    for values in closed_form.activations(parameters, x[:_SOME])[1:-1]:
        yield float(np.mean(~(values > 0).any(axis=0)))


def _stuck(training: Training) -> Finding | None:
    if not training.at_chance or _little(training):
        return None
    found = _alike(training) or _off(training)
    if found is not None:
        return found
    said = np.unique(closed_form.forward(training.end, training.own[0][:_SOME]).argmax(axis=1))
    if len(said) > 1 and training.after[0] < 0.97 * training.guessing:
        return None
    return Finding(
        STUCK,
        f"Training is stuck at chance{f': every image is taken for class {said[0]}' * (len(said) == 1)}.",
        _near_guessing(training),
        "Print dW of each layer after one backward: does a gradient arrive in the first layer?",
    )


def _off(training: Training) -> Finding | None:
    """A hidden layer without a unit that any image switches on: from the start, or since steps that were too long."""
    before, after = (list(_dead(parameters, training.own[0])) for parameters in (training.start, training.end))
    for k, (was, now) in enumerate(zip(before, after), 1):
        if now < _DEAD:
            continue
        always = was >= _DEAD
        advice = "Let biases start at 0, and draw weights at random around 0."
        return Finding(
            STUCK if always else DIVERGED,
            f"Training is stuck at chance: the units of layer {k} are dead {'from the start' if always else 'since too long a step'}.",
            f"{100 * now:.0f} % of its ReLUs are off for all of {min(_SOME, len(training.own[0])):,} images, and a unit that "
            f"is off passes no gradient. {_near_guessing(training)}",
            advice if always else _shorter(training, "a unit that is off stays off."),
        )
    return None


def _little(training: Training) -> bool:
    """Whether the weights went next to no way: then the settings may be why nothing came of it."""
    return 0 < training.way < 0.02


def _apart(training: Training) -> Finding | None:
    if not training.at_chance or _alike(training):
        return None
    shows = _near_guessing(training)
    if _learned_others(training):
        shows = (
            f"The history says that {number(100 * training.curve('train_acc')[-1], 3)} % of the training examples are right; "
            f"with the images' own labels it is {100 * training.after[1]:.1f} %."
        )
    elif not _shuffled(training):
        return None
    return Finding(
        APART,
        "Labels and images no longer seem to belong together.",
        f"{shows} Units are alive and weights move, but what is learned is not these labels.",
        "Print the labels of one batch beside its images: do x and y get the same order? If they are, see whether "
        "make check-gradients agrees.",
    )


def _shuffled(training: Training) -> bool:
    """Weights that moved under units that are alive, and still know nothing but the share of each class."""
    return training.dead < 0.9 and not _little(training) and training.growth < _BLOWN_UP


# --- what was learned, but not well enough ----------------------------------------------------------------------------


def _overfits(training: Training) -> Finding | None:
    own, new = training.after[1], training.elsewhere[1]
    if own < _BY_HEART or own - new < _GAP:
        return None
    return Finding(
        OVERFITS,
        "The network overfits: it gets its training images right, and new ones much less often.",
        f"{100 * own:.1f} % of the training images right, {100 * new:.1f} % of the validation images, after "
        f"{training.settings['epochs']} epochs over {training.examples:,} images.",
        "Try more training images; more epochs only make the gap wider.",
    )


def _noisy(training: Training) -> Finding | None:
    curve = np.array(training.curve("val_acc"))
    if training.steps < _FEW_STEPS and training.after[1] < _LOW:  # that is to be said first
        return None
    if len(curve) < _LAST or not np.isfinite(curve).all():
        return None
    falls = -np.diff(curve[-_LAST:])
    if float(falls.max()) < _FALL:
        return None
    best = int(np.argmax(curve))
    return Finding(
        NOISY,
        "The end of the training is noisy: the last steps are too long to converge.",
        f"In the last {_LAST} epochs the validation accuracy fell by {number(100 * float(falls.max()), 2)} points from one to the "
        f"next; its best was {number(100 * curve[best], 3)} % after epoch {best + 1}, its last is {number(100 * curve[-1], 3)} %.",
        f"Try lr = {training.lr / 5:.2g}, or a rate that falls from epoch to epoch.",
    )


def _slow(training: Training) -> Finding | None:
    own, new = training.after[1], training.elsewhere[1]
    losses = training.curve("train_loss")
    drop = (losses[-2] - losses[-1]) / max(losses[-2], 1e-12) if len(losses) > 1 else 0.0
    if own - new > 2 * _CLOSE and own > 0.9:
        return None
    if own > _LOW and not (own < 0.985 and own - new < _CLOSE and drop > _FALLING):
        return None
    epochs, size, steps = int(training.settings["epochs"]), int(training.settings["batch_size"]), training.steps
    falling = f", and its loss still falls: {number(losses[-2], 4)}, then {number(losses[-1], 4)}" if drop > 0 else ""
    shows = f"{100 * own:.1f} % of the training images right and {100 * new:.1f} % of the validation images{falling}."
    many = min(32, max(1, min(size, training.examples) // 4))
    if size >= training.examples:
        cause = f"a full batch makes {_steps(steps)} in all"
        advice = f"Try batch_size = {many}: that makes {_steps(-(-training.examples // many) * epochs)} of the same images."
    elif steps < _FEW_STEPS:
        cause = f"{_steps(steps)} are too few"
        advice = f"Try more epochs, or batch_size = {many}: {_steps(-(-training.examples // many))} per epoch."
    elif training.lr < 0.05:
        cause, advice = f"the rate is too small for {_steps(steps)}", f"Try lr = {min(10 * training.lr, 0.1):.2g}."
        shows += f" lr is {training.lr:g}."
    else:
        cause, advice = f"{_steps(steps)} of lr = {training.lr:g} are too few", f"Try {2 * epochs} epochs."
    return Finding(SLOW, f"Training is too slow so far: {cause}.", shows, advice)


def _steps(count: int) -> str:
    return f"{count:,} step{'' if count == 1 else 's'}"
