"""Sent into the worker beside a learner's modules: trainings of new networks by their own train, all in one message."""

from collections.abc import Callable, Sequence
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
) -> list[dict[str, list[float]]]:
    """For the settings of each run, those curves of its history that are named.

    Every run has a new generator: it draws the network, and then goes to train.
    """
    found = []
    for settings in runs:
        rng = np.random.default_rng(seed)
        history = train(network(sizes, rng), *data, rng=rng, **settings)
        found.append({name: [float(value) for value in history[name]] for name in names})
    return found


def make(_ask: Value) -> tuple[Callable[..., Value]]:
    return (curves,)
