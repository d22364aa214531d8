"""Sent into the worker beside a learner's modules: trainings of new networks by their own train, all in one message."""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any  #: whatever the learner's functions take and return


def curves(
    train: Callable[..., Value],
    network: Callable[..., Value],
    data: Sequence[Value],
    seed: int,
    names: Sequence[str],
    runs: Sequence[dict[str, Value]],
    *,
    sizes: Sequence[int],
) -> list[tuple[dict[str, list[float]], list[Value]]]:
    """For the settings of each run, those curves of its history that are named, and the state that it began from.

    Every run has a new generator: it draws the network, and then goes to train.
    """
    found = []
    for settings in runs:
        rng = np.random.default_rng(seed)
        model = network(sizes, rng)
        start = state_of(model, rng)
        history = train(model, *data, rng=rng, **settings)
        found.append(({name: [float(value) for value in history[name]] for name in names}, start))
    return found


def state_of(model: Value, rng: Value) -> list[Value]:
    """W and b of each layer, and what the generator would draw next."""
    return [*map(np.array, _parameters(model)), copy.deepcopy(rng).random(3)]


def used(model: Value, rng: Value) -> list[Value]:
    """The state before; afterwards both have moved on, as after any training: who uses them again begins elsewhere."""
    state = state_of(model, rng)
    rng.random()
    for array in _parameters(model):
        array[...] = array + 1
    return state


def _parameters(model: Value) -> list[Value]:
    return [array for layer in layers_of(model.layers) if hasattr(layer, "W") for array in (layer.W, layer.b)]


def layers_of(held: Value) -> Iterator[Value]:
    """The layers of a list, or of a mapping or of lists in one another."""
    for layer in held.values() if hasattr(held, "values") else held:
        yield from [layer] if hasattr(layer, "forward") or not hasattr(layer, "__iter__") else layers_of(layer)


def make(_ask: Value) -> tuple[Callable[..., Value], Callable[..., Value]]:
    return curves, used
