"""Sent into the worker beside a learner's modules: trains, and tells after each epoch how the network is doing.

`train` need not print, and a forward of the learner's own between their forward and backward would leave its input in
their layers. So the epochs are counted by the calls of `backward`, and what is measured is worked out from parameters().
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Model(Protocol):
    """What a network is asked here."""

    def parameters(self) -> list[Array]: ...


def train_and_tell(
    train: Callable[..., Any],
    model: Model,
    images: tuple[Array, Array, Array, Array],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
    tell: Callable[..., None],
) -> tuple[float, object]:
    """(seconds, what `train` returns). tell(epoch, loss, share, validation loss, validation share) is called after each epoch."""
    x, y, x_val, y_val = images
    some = len(x_val)  # as many of the one as of the other
    steps = -(-len(x) // settings["batch_size"])
    done, said = 0, 0

    def after_epoch() -> None:
        nonlocal said
        said += 1
        tell(said, *measured(model, x[:some], y[:some]), *measured(model, x_val, y_val))

    class Counted(type(model)):  # type: ignore[misc]
        """The learner's class, so that slots and attributes are where they were."""

        __slots__ = ()

        def backward(self, *given: object, **named: object) -> object:
            nonlocal done
            # The first batch of an epoch ends the one before: only now is its last step made.
            if self is model and done and done % steps == 0:
                after_epoch()
            done += self is model
            return super().backward(*given, **named)

    own = type(model)
    Counted.__name__, Counted.__qualname__ = own.__name__, own.__qualname__
    model.__class__ = Counted
    begun = time.perf_counter()
    try:
        result = train(model, x, y, x_val, y_val, rng=rng, **settings)
    finally:
        model.__class__ = own
    if done or said == 0:
        after_epoch()
    return time.perf_counter() - begun, result


def measured(model: Model, x: Array, y: Array) -> tuple[float, float]:
    """(mean cross-entropy, share of hits) of a network Linear, ReLU, ..., Linear, a thousand images at a time."""
    losses, hits = 0.0, 0
    with np.errstate(all="ignore"):
        parameters = [np.asarray(p, dtype=x.dtype) for p in model.parameters()]
        for k in range(0, len(x), 1000):
            values, labels = x[k : k + 1000], y[k : k + 1000]
            for n in range(0, len(parameters), 2):
                values = np.maximum(values, 0) if n else values
                values = values @ parameters[n] + parameters[n + 1]
            shifted = values - values.max(axis=1, keepdims=True)
            log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            losses -= float(log_p[np.arange(len(labels)), labels].sum())
            hits += int(np.count_nonzero(values.argmax(axis=1) == labels))
    return losses / len(x), hits / len(x)
