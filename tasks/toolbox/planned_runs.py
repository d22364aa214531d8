"""Sent into the worker beside a learner's modules: trainings that share networks and generators as a plan says, in one message."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any  #: whatever the learner's functions take and return
Generated: TypeAlias = tuple[int, int]  #: name of a generator, and its seed
Run: TypeAlias = tuple[int, Generated, Generated, Mapping[str, Value]]


def histories(
    train: Callable[..., Value],
    network: Callable[..., Value],
    sizes: Sequence[int],
    data: Sequence[np.ndarray[Any, Any]],
    plan: Sequence[Run],
) -> list[Value]:
    """What train returns in each run. What has a name is made where it first comes, and used again.

    plan : (name of the network, the generator that draws it, the one that goes to train, settings) of each run
    """
    rngs: dict[int, np.random.Generator] = {}
    models: dict[int, Value] = {}
    found = []
    for name, drawn, trained, settings in plan:
        for rng, seed in (drawn, trained):
            rngs.setdefault(rng, np.random.default_rng(seed))
        if name not in models:
            models[name] = network(tuple(sizes), rngs[drawn[0]])
        found.append(train(models[name], *(array.copy() for array in data), rng=rngs[trained[0]], **settings))
    return found


def make(_ask: Value) -> tuple[Callable[..., list[Value]]]:
    return (histories,)
