"""The slips in a training loop of which it can be worked out where the parameters end: a `Procedure` each.

Several procedures of one name are forms of one slip. What always coincides has one name.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np

from . import closed_form
from .closed_form import Array, Parameters
from .procedures import Batch, Procedure, Run, Walk, Way, dealt, in_order, whole

RIGHT = Procedure("")


# --- when the step is taken -------------------------------------------------------------------------------------------


def _step_between(w: Walk, x: Array, y: Array) -> None:
    inputs, _, _, dlogits = w.loss(x, y)
    w.move(w.left)
    w.left = w.through(inputs, dlogits)


def _step_before(w: Walk, x: Array, y: Array) -> None:
    w.move(w.left)
    w.left = w.gradient(x, y)


def _gradients_of_before(w: Walk, x: Array, y: Array) -> None:
    new = w.gradient(x, y)
    w.move(w.left)
    w.left = new


def _step_with_the_first(w: Walk, x: Array, y: Array) -> None:
    w.left = w.gradient(x, y)
    w.move(closed_form.side_by_side(w.run.first, 1))


def _step_without_backward(w: Walk, _x: Array, _y: Array) -> None:
    w.move(closed_form.side_by_side(w.run.first, 1))


def _no_step(w: Walk, x: Array, y: Array) -> None:
    w.left = w.gradient(x, y)


def _nothing(_w: Walk, _x: Array, _y: Array) -> None:
    pass


def _again(w: Walk, x: Array, y: Array) -> None:
    w.descend(x, y)
    w.descend(x, y)


WHEN = [
    Procedure(
        "updates_before_backward",
        "Each step used the gradients of the previous batch; the first, those from before training.",
        _step_between,
    ),
    Procedure(
        "updates_before_backward",
        "Each step used the gradients of the previous batch; the first, those from before training.",
        _step_before,
    ),
    Procedure(
        "updates_before_backward",
        "Each step used what gradients() held before that batch's backward; the first, what it held before training.",
        _gradients_of_before,
    ),
    Procedure(
        "keeps_the_first_gradients", "Every step used what gradients() held before the first backward.", _step_with_the_first
    ),
    Procedure("forgets_the_backward", "The step ran, with the gradients from before training.", _step_without_backward),
    Procedure("forgets_the_update", "backward ran, and the parameters have not changed.", _no_step),
    Procedure("visits_each_batch_twice", "", _again),
    Procedure(
        "updates_twice",
        "At the end of each epoch the gradient of its last batch was used once more.",
        end=lambda w: w.move(w.left),
    ),
]

# --- what goes backward -----------------------------------------------------------------------------------------------


def _sent(dlogits: Callable[[Array, Array, Array, Array], Array]) -> Batch:
    """A step with another gradient with respect to the logits, made of logits, labels, loss and the right one."""

    def batch(w: Walk, x: Array, y: Array) -> None:
        inputs, logits, value, right = w.loss(x, y)
        w.left = w.through(inputs, dlogits(logits, y, value, right))
        w.move(w.left)

    return batch


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


SENT = [
    Procedure("sends_the_logits_back", "", _sent(lambda z, y, loss, right: z)),
    Procedure("sends_the_logits_back", "", _sent(lambda z, y, loss, right: z / z.shape[-2])),
    Procedure("sends_the_probabilities_back", "", _sent(lambda z, y, loss, right: _softmax(z) / z.shape[-2])),
    Procedure("sends_the_probabilities_back", "", _sent(lambda z, y, loss, right: _softmax(z))),
    Procedure("hands_softmax_to_the_loss", "", _sent(lambda z, y, loss, right: closed_form.cross_entropy(_softmax(z), y)[1])),
    Procedure("multiplies_by_the_loss", "", _sent(lambda z, y, loss, right: loss[..., None, None] * right)),
]

# --- how long a step is -----------------------------------------------------------------------------------------------

Factor = Callable[[Walk], float]


def _times(factor: Factor) -> Batch:
    return lambda w, x, y: w.descend(x, y, factor(w))


def _batches(w: Walk) -> int:
    return -(-w.run.rows // w.run.batch_size)


#: Each of them is 1 or something else for a batch of so many rows.
LENGTH = [
    Procedure("updates_twice", "", _times(lambda w: 2.0)),
    Procedure("updates_twice", "", _times(lambda w: 1.0 + w.run.lr)),  # where the first step has multiplied g by lr
    Procedure("climbs", "", _times(lambda w: -1.0)),
    Procedure("divides_by_the_batch_again", "", _times(lambda w: 1 / w.size)),
    Procedure("divides_by_the_batch_again", "", _times(lambda w: 1 / w.run.batch_size)),
    Procedure("multiplies_by_the_batch", "", _times(lambda w: w.size)),
    Procedure("multiplies_by_the_batch", "", _times(lambda w: w.run.batch_size)),
    Procedure("divides_by_all_rows", "", _times(lambda w: w.size / w.run.rows)),
    Procedure("divides_by_all_rows", "", _times(lambda w: 1 / w.run.rows)),
    Procedure("divides_by_the_number_of_batches", "", _times(lambda w: 1 / _batches(w))),
    Procedure("divides_the_short_batch_by_batch_size", "", _times(lambda w: w.size / w.run.batch_size)),
]


def scaled(factor: float, says: str) -> Procedure:
    """Every step so many times as long as it should be."""
    return Procedure("scales_the_step", says, _times(lambda w: factor))


# --- which rows -------------------------------------------------------------------------------------------------------


def _other_inputs(x_of: Callable[[Run, int], Array]) -> Batch:
    """Another forward before backward: the layers remember other rows, of which there have to be as many."""

    def batch(w: Walk, x: Array, y: Array) -> None:
        _, _, _, dlogits = w.loss(x, y)
        other = x_of(w.run, x.shape[-2])
        if len(other) != x.shape[-2]:
            w.parameters = [np.full_like(p, np.nan) for p in w.parameters]  # backward raises
            return
        inputs, *_ = w.loss(other, w.run.y[: len(other)])
        w.left = w.through(inputs, dlogits)
        w.move(w.left)

    return batch


def _on_all_rows(w: Walk, _x: Array, _y: Array) -> None:
    w.descend(w.run.x, w.run.y)


def _on_validation(w: Walk, _x: Array | None = None, _y: Array | None = None) -> None:
    w.descend(w.run.x_val, w.run.y_val)


def _joined(run: Run) -> Run | None:
    if run.batch_size < run.rows:
        return None  # too many ways
    x, y = np.concatenate([run.x, run.x_val]), np.concatenate([run.y, run.y_val])
    return replace(run, x=x, y=y)


def _left_out(cut: Callable[[Way], Way]) -> Callable[[int, int], list[Way]]:
    return lambda rows, size: [cut(way) for way in dealt(rows, size)]


def _windows(rows: int, size: int, last: int) -> list[Way]:
    """Batches that begin at the first row, at the second, ... of an order."""
    return [[list(o[i : i + size]) for i in range(last)] for o in permutations(range(rows))]


def _held_back(rows: int, size: int) -> list[Way]:
    """One row never comes."""
    kept = [[row for row in range(rows) if row != out] for out in range(rows)]
    return [way for some in kept for way in closed_form.cuts(some, size)]


def _scaled_rows(how: Callable[[Array], Array]) -> Callable[[Run], Run]:
    return lambda run: replace(run, x=how(run.x))


_BETWEEN = "validates_between_forward_and_backward"
ROWS = [
    Procedure(
        _BETWEEN, "The layers remembered rows of x_val when backward ran.", _other_inputs(lambda run, n: run.x_val), ways=in_order
    ),
    Procedure(
        _BETWEEN,
        "The layers remembered rows of x_val when backward ran.",
        _other_inputs(lambda run, n: run.x_val[:n]),
        ways=in_order,
    ),
    Procedure(
        _BETWEEN,
        "The layers remembered the first rows of x_train when backward ran.",
        _other_inputs(lambda run, n: run.x[:n]),
        ways=in_order,
    ),
    Procedure(_BETWEEN, "Each step was taken on all of x_val.", _on_validation),
    Procedure("learns_from_the_validation_set_alone", "", data=lambda run: replace(run, x=run.x_val, y=run.y_val)),
    Procedure("learns_from_the_validation_set_too", "", data=_joined),
    Procedure("trains_a_step_on_the_validation_set", "The last step of each epoch was taken on x_val.", end=_on_validation),
    Procedure("scales_the_images_again", "", data=_scaled_rows(lambda x: x / 255.0)),
    Procedure("standardises_the_training_set_only", "", data=_scaled_rows(lambda x: (x - x.mean()) / (x.std() + 1e-8))),
    Procedure(
        "standardises_the_training_set_only",
        "Mean and spread are those of x_val.",
        data=lambda run: replace(run, x=(run.x - run.x_val.mean()) / (run.x_val.std() + 1e-8)),
    ),
    Procedure(
        "standardises_the_training_set_only", "", data=_scaled_rows(lambda x: (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8))
    ),
    Procedure("leaves_the_last_batch_out", "", ways=_left_out(lambda way: way[:-1])),
    Procedure("steps_on_single_examples", "", ways=lambda rows, size: dealt(rows, 1)),
    Procedure("holds_some_rows_back", "One row was never used.", ways=_held_back),
]

# --- what only several batches show -----------------------------------------------------------------------------------


def _last_gradient(w: Walk) -> None:
    w.move(w.left)


def _add_up(w: Walk, x: Array, y: Array) -> None:
    w.left = w.gradient(x, y)
    w.memory = [m * bool(w.count) + g for m, g in zip(w.memory, w.left)]


def _add_up_and_step(w: Walk, x: Array, y: Array) -> None:
    _add_up(w, x, y)
    w.move(w.memory)


def _mean_gradient(w: Walk) -> None:
    w.move(w.memory, 1 / w.count)


SEVERAL = [
    Procedure(
        "drops_the_short_batch",
        "",
        ways=lambda rows, size: [[b for b in way if len(b) == min(size, rows)] for way in dealt(rows, size)],
    ),
    Procedure("updates_once_an_epoch", "The only step of an epoch used its last batch.", _no_step, _last_gradient),
    Procedure(
        "updates_once_an_epoch",
        "The only step of an epoch used the sum of its batches' gradients.",
        _add_up,
        lambda w: w.move(w.memory),
    ),
    Procedure(
        "updates_once_an_epoch", "The only step of an epoch used the mean of its batches' gradients.", _add_up, _mean_gradient
    ),
    Procedure("accumulates_the_gradients", "Each step used the sum of all gradients of the epoch so far.", _add_up_and_step),
    Procedure("ends_the_epoch_after_one_batch", "", ways=_left_out(lambda way: way[:1])),
    Procedure("moves_one_row_a_batch", "", ways=lambda rows, size: _windows(rows, size, -(-rows // size))),
    Procedure("moves_one_row_a_batch", "", ways=lambda rows, size: _windows(rows, size, rows // size)),
    Procedure("moves_one_row_a_batch", "", ways=lambda rows, size: _windows(rows, size, rows)),
    Procedure("moves_one_row_a_batch", "", ways=lambda rows, size: _windows(rows, size, rows - size + 1)),
    Procedure("takes_everything_as_one_batch", "Each epoch took one step on all rows.", ways=whole),
    Procedure("steps_on_all_rows_for_each_batch", "", _on_all_rows),
    Procedure(
        "visits_each_batch_twice",
        "Every row was used twice in an epoch.",
        ways=lambda rows, size: [a + b for a in dealt(rows, size) for b in dealt(rows, size)],
    ),
    Procedure("leaves_the_first_batch_out", "", ways=_left_out(lambda way: way[1:])),
]

PROCEDURES = [*WHEN, *SENT, *LENGTH, *ROWS, *SEVERAL]


def left_out(moving: Parameters, says: str) -> Procedure:
    """Only some of the arrays move: `moving` has ones for them, and zeros for the others."""

    def batch(w: Walk, x: Array, y: Array) -> None:
        w.left = w.gradient(x, y)
        w.move([m * g for m, g in zip(closed_form.side_by_side(moving, 1), w.left)])

    return Procedure("leaves_parameters_out", says, batch)


def clipped(limit: float, says: str) -> Procedure:
    """Each entry of a gradient is cut off."""

    def batch(w: Walk, x: Array, y: Array) -> None:
        w.left = w.gradient(x, y)
        w.move([np.clip(g, -limit, limit) for g in w.left])

    return Procedure("clips_the_gradients", says, batch)


def clipped_norm(limit: float, says: str) -> Procedure:
    """A gradient longer than that is shortened to it."""

    def batch(w: Walk, x: Array, y: Array) -> None:
        w.left = w.gradient(x, y)
        flat = np.sqrt(sum(np.sum(g * g, axis=(1, 2), keepdims=True) for g in w.left))
        w.move(w.left, np.minimum(1.0, limit / flat))

    return Procedure("clips_the_gradients", says, batch)


def decayed(rate: float, says: str, biases: bool, after: bool) -> Procedure:
    """Weights shrink at each step: as part of the gradient, or after the step."""

    def batch(w: Walk, x: Array, y: Array) -> None:
        if not after:
            w.left = w.gradient(x, y)
            w.move([g + rate * p * (biases or k % 2 == 0) for k, (g, p) in enumerate(zip(w.left, w.parameters))])
        else:
            w.descend(x, y)
            shrunk = 1 - w.run.lr * rate
            w.parameters = [p * (shrunk if biases or k % 2 == 0 else 1.0) for k, p in enumerate(w.parameters)]

    return Procedure("decays_the_weights", says, batch)


def with_momentum(share: float, says: str) -> Procedure:
    """A part of each step goes into the next."""

    def batch(w: Walk, x: Array, y: Array) -> None:
        w.left = w.gradient(x, y)
        w.memory = [share * m + g for m, g in zip(w.memory, w.left)]
        w.move(w.memory)

    return Procedure("accumulates_the_gradients" if share == 1 else "gathers_momentum", says, batch)


def of_fixed_length(lr: float, says: str) -> Procedure:
    """Every step is that of one lr, whichever was asked for."""
    return Procedure("ignores_lr", says, _times(lambda w: lr / w.run.lr))


def by_the_batch(factor: Callable[[int], float], says: str) -> Procedure:
    """lr is multiplied by something that the size of a batch decides."""
    return Procedure("scales_lr_by_the_batch", says, _times(lambda w: factor(w.run.batch_size)))
