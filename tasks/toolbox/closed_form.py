"""What a multi-layer perceptron gives, written out: the expected values of checks, independent of `reference/`.

`parameters` is always [W1, b1, W2, b2, ...] in float64; nothing here changes its arguments. Many networks of one shape
may be worked out at once: W is (S, in, out) then, b (S, 1, out), x (N, D) or (S, N, D), and the logits are (S, N, C).
"""

import functools
import hashlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Parameters = list[Array]
Given = ParamSpec("Given")
Value = TypeVar("Value")

_KEPT = 64  # answers of each function that is remembered


def remembered(function: Callable[Given, Value]) -> Callable[Given, Value]:
    """The function, which keeps what it gave last: a stage is graded again and again while somebody works on it."""
    kept: dict[bytes, Value] = {}

    @functools.wraps(function)
    def asked(*given: Given.args, **named: Given.kwargs) -> Value:
        # Which of its arguments are one object is part of the text, too.
        key = hashlib.blake2b(pickle.dumps((given, named))).digest()
        if key not in kept:
            if len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            kept[key] = function(*given, **named)
        return kept[key]

    return asked


def rectified(values: Array, by: Array | None = None) -> Array:
    """The values where they, or what they are gated by, are above 0; 0 elsewhere."""
    return np.where((values if by is None else by) > 0, values, 0.0)


def affine(W: Array, b: Array, x: Array) -> Array:
    """What one Linear layer gives."""
    return x @ W + b


def affine_back(W: Array, b: Array, x: Array, dout: Array) -> tuple[Parameters, Array]:
    """Its gradients [dW, db] and dx."""
    return [x.swapaxes(-1, -2) @ dout, dout.sum(axis=-2, keepdims=b.ndim > 1)], dout @ W.swapaxes(-1, -2)


def activations(parameters: Sequence[Array], x: ArrayLike) -> list[Array]:
    """The input of every Linear layer, and the logits last."""
    values = [np.asarray(x, dtype=np.float64)]
    for k in range(0, len(parameters), 2):
        inputs = values[-1] if k == 0 else rectified(values[-1])
        values[-1] = inputs
        values.append(affine(parameters[k], parameters[k + 1], inputs))
    return values


def forward(parameters: Sequence[Array], x: ArrayLike) -> Array:
    """x (N, D) -> logits (N, C)."""
    return activations(parameters, x)[-1]


def signs(parameters: Sequence[Array], x: ArrayLike) -> Array:
    """Which hidden units are on, all layers side by side: (N, sum of hidden sizes) bool."""
    hidden = activations(parameters, x)[1:-1]
    return np.concatenate([h > 0 for h in hidden], axis=1) if hidden else np.zeros((len(np.asarray(x)), 0), bool)


def backward(parameters: Sequence[Array], x: ArrayLike, dlogits: ArrayLike) -> tuple[Parameters, Array]:
    """The gradients [dW1, db1, ...] and dx of sum(dlogits * logits)."""
    return through(parameters, activations(parameters, x)[:-1], dlogits)


def through(parameters: Sequence[Array], inputs: Sequence[Array], dlogits: ArrayLike) -> tuple[Parameters, Array]:
    """The same from the inputs that the Linear layers remember, whatever the parameters were then."""
    gradients: Parameters = []
    dout = np.asarray(dlogits, dtype=np.float64)
    for k in range(len(inputs) - 1, -1, -1):
        gradients[:0], dout = affine_back(parameters[2 * k], parameters[2 * k + 1], inputs[k], dout)
        if k > 0:
            dout = rectified(dout, by=inputs[k])
    return gradients, dout


def log_softmax(logits: Array) -> Array:
    """The logarithms of the classes' shares, row by row, finite for any finite logits."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    shares: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shares


def cross_entropy(logits: Array, labels: ArrayLike) -> tuple[Any, Array]:
    """Mean cross-entropy in nats (a float, or one for each network), and its gradient with respect to the logits.

    labels : (N,), or (S, N) if every network has rows of its own
    """
    true = np.asarray(labels, dtype=np.int64)[..., None] == np.arange(logits.shape[-1])
    log_p = log_softmax(logits)
    loss = -np.sum(log_p, axis=-1, where=true).mean(axis=-1)
    return (float(loss) if loss.ndim == 0 else loss), (np.exp(log_p) - true) / logits.shape[-2]


def share_of_hits(said: ArrayLike, y: ArrayLike) -> float:
    """Of the classes that were said, the share that is right."""
    return float(np.mean(np.asarray(said) == np.asarray(y)))


def evaluate(parameters: Sequence[Array], x: ArrayLike, y: ArrayLike) -> tuple[float, float]:
    """Mean loss and share of hits."""
    logits = forward(parameters, x)
    return cross_entropy(logits, y)[0], share_of_hits(logits.argmax(axis=1), y)


def side_by_side(parameters: Sequence[Array], count: int) -> Parameters:
    """So many networks that hold the same numbers, worked out at once."""
    return [np.tile(p if k % 2 == 0 else p[None], (count, 1, 1)) for k, p in enumerate(parameters)]


def stepped(parameters: Sequence[Array], gradients: Sequence[Array], lr: ArrayLike) -> Parameters:
    """The parameters a step of lr further down their gradients."""
    return [p - lr * g for p, g in zip(parameters, gradients)]


def descend(parameters: Sequence[Array], x: ArrayLike, y: ArrayLike, lr: ArrayLike) -> Parameters:
    """The parameters after one step of gradient descent on these rows; lr is one, or (S, 1, 1) for S networks."""
    _, dlogits = cross_entropy(forward(parameters, x), y)
    gradients, _ = backward(parameters, x, dlogits)
    return stepped(parameters, gradients, lr)


def pieces(order: Array, batch_size: int) -> list[Array]:
    """Rows in this order, so many at a time, the short batch last."""
    return [order[k : k + batch_size] for k in range(0, len(order), batch_size)]


def cuts(rows: Sequence[int], batch_size: int) -> Iterator[list[list[int]]]:
    """Every way to deal out rows in batches of batch_size, the short one last; the order within a batch does not matter."""
    if len(rows) <= batch_size:
        yield [list(rows)]
        return
    for batch in combinations(rows, batch_size):
        for rest in cuts([row for row in rows if row not in batch], batch_size):
            yield [list(batch), *rest]


@remembered
def epochs_possible(parameters: Sequence[Array], x: Array, y: Array, batch_size: int, lr: float, epochs: int = 1) -> Array:
    """Where all parameters, as `flat` gives them, are after some epochs: a row for every way in which batches may fall.

    Five rows in twos: 30 outcomes after one epoch, 900 after two.
    """
    ways, stack = list(cuts(range(len(x)), batch_size)), side_by_side(parameters, 1)
    for _ in range(epochs):
        stack = in_every_way(stack, x, y, ways, lr)
    return in_rows(stack)


def in_every_way(stack: Parameters, x: Array, y: Array, ways: Sequence[Sequence[Sequence[int]]], lr: float) -> Parameters:
    """Networks side by side after a step on each batch of rows: each of them once for every way, all of batches of equal sizes."""
    before = len(stack[0])
    stack = [np.repeat(array, len(ways), axis=0) for array in stack]
    for batch in zip(*ways):  # the first batch of every way, the second of every way, ...
        rows = np.tile(np.array(batch), (before, 1))
        stack = descend(stack, x[rows], y[rows], lr)
    return stack


def in_rows(stack: Parameters) -> Array:
    """All entries of each of the networks side by side in a row: (S, P)."""
    return np.concatenate([array.reshape(len(array), -1) for array in stack], axis=1)


def flat(parameters: Sequence[ArrayLike]) -> Array:
    """All entries of all arrays in one row."""
    return np.concatenate([np.ravel(np.asarray(p, dtype=np.float64)) for p in parameters])
