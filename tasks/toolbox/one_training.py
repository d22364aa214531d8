"""Sent into the worker beside a learner's modules: makes a network, fills it, trains it, and reads it, time and again.

What explains a failed training asks for dozens of them; twelve messages each are what it costs otherwise.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Own: TypeAlias = Any  #: of the learner's: whatever has the contract's names


def layers_of(held: Own) -> Iterator[Own]:
    """The layers of a list, or of a mapping or of lists in one another."""
    for layer in held.values() if hasattr(held, "values") else held:
        yield from [layer] if hasattr(layer, "forward") or not hasattr(layer, "__iter__") else layers_of(layer)


class Training:
    """One after another; the last one can be read."""

    def __init__(self, make_network: Callable[..., Own], train: Callable[..., Own], asked: Sequence[Sequence[Any]]) -> None:
        self.make_network, self.train, self.asked = make_network, train, asked
        self.model: Own = None
        self.x: Array = np.empty(0)

    def run(
        self,
        start: Sequence[Array],
        rng: np.random.Generator,
        before: Sequence[Array],
        data: Sequence[Array],
        settings: Mapping[str, Any],
        own_rng: np.random.Generator,
    ) -> Own:
        """What train returns of a network that held `start`, after a forward and a backward of other rows.

        before : these rows, and the gradients by their logits
        raises : whatever the learner's code does; ValueError if it holds other arrays than `start`
        """
        self.model = None
        self.model = model = self.make_network((len(start[0]), *(len(b) for b in start[1::2])), rng)
        arrays = self._arrays("W", "b")
        for array, given in zip(arrays, start, strict=True):
            array[...] = given.reshape(array.shape)  # a bias may be a row
        x, dlogits = before
        model.forward(x)
        model.backward(dlogits)
        self.x = data[0]
        return self.train(model, *data, **settings, rng=own_rng)

    def read(self) -> list[Own]:
        """The rows that it was trained on, as they are now, and W, b, dW and db of each layer."""
        return [self.x, *self._arrays("W", "b", "dW", "db")]

    def run_all(self) -> list[tuple[Own, list[Own]]]:
        """What `run` returns and `read` reads, for each of those that were asked for; raises as `run`."""
        return [(self.run(*copied(one)), copied(self.read())) for one in self.asked]

    def _arrays(self, *names: str) -> list[Own]:
        linear = [layer for layer in layers_of(self.model.layers) if hasattr(layer, "W")]
        return [getattr(layer, name) for layer in linear for name in names]


def copied(given: Sequence[Any]) -> list[Any]:
    """With new arrays, also in lists in it: none is what another training may change."""
    return [
        copied(part) if isinstance(part, list | tuple) else part.copy() if isinstance(part, np.ndarray) else part
        for part in given
    ]


def make(
    _answer: Callable[..., object], make_network: Callable[..., Own], train: Callable[..., Own], asked: Sequence[Sequence[Any]]
) -> tuple[Own, Own, Own]:
    training = Training(make_network, train, asked)
    return training.run_all, training.run, training.read
