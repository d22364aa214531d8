"""Sent into the worker beside a learner's modules: runs a function with something else in the place of their train."""

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

Value: TypeAlias = Any  #: whatever the learner's functions take and return
Own: TypeAlias = Callable[..., Value]  #: one of the learner's functions
CURVES = ("train_loss", "train_acc", "val_loss", "val_acc")


def calling(function: Own, *given: Value, **named: Value) -> Value:
    """What the function returns where nothing stands in: for a program of the steps of a check."""
    return function(*given, **named)


def make(answer: Own, train: Own, used: Own) -> tuple[Own]:
    """A function like `calling`, while which all of the learner's modules have another train.

    answer : what (state of network and generator, epochs, batch_size, lr) gives the curves, in the order of CURVES
    used   : (network, generator) -> the state that they had, as arrays
    """

    def stand_in(model: Value, *_data: Value, epochs: int, batch_size: int, lr: float, rng: Value, **_more: Value) -> Value:
        return dict(zip(CURVES, answer(used(model, rng), epochs, batch_size, lr)))

    def called(function: Own, *given: Value, **named: Value) -> Value:
        own = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "student"]
        places = [(module, name) for module in own for name, value in list(vars(module).items()) if value is train]
        try:
            for place in places:
                setattr(*place, stand_in)
            return list(function(*given, **named))  # a generator trains only while it is gone through
        finally:
            for place in places:
                setattr(*place, train)

    return (called,)
