"""Answers without an idea: put below a module of the reference, whose functions then answer so. They must earn nothing."""

import copy

import numpy as np


def _each(change, value):
    if isinstance(value, dict):
        return {name: _each(change, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_each(change, item) for item in value]
    if isinstance(value, (int, float, np.number, np.ndarray)):
        return change(value)
    return None if value is None else [_each(change, item) for item in map(list, value)]


#: What becomes of the right answer to some arguments.
_KINDS = {
    "zeros": lambda right, arguments: _each(lambda v: v * 0, right),
    "its input": lambda right, arguments: next((a for a in arguments if isinstance(a, np.ndarray)), None),
    "a constant": lambda right, arguments: 1.0,
    "nothing": lambda right, arguments: None,
    "another shape": lambda right, arguments: _each(lambda v: np.asarray(v)[None], right),
}


def _around(method, change):
    """A function that answers so, and whose gradients and steps are no better."""

    def changed(*arguments, **named):
        kept = [np.copy(a) for a in arguments[1] if isinstance(a, np.ndarray)] if method.__name__ == "step" else []
        if method.__name__ == "train":
            arguments = (copy.deepcopy(arguments[0]), *arguments[1:])  # the caller's network stays as it is
        right = method(*arguments, **named)
        for array, was in zip(arguments[1], kept) if kept else ():
            array[...] = was  # what works in place does nothing
        for name in ("dW", "db") if method.__name__ == "backward" else ():
            if hasattr(arguments[0], name):
                setattr(arguments[0], name, change(getattr(arguments[0], name), arguments))
        return change(right, arguments)

    return changed


def _from_birth(init, change):
    """An __init__ that leaves such attributes."""

    def born(self, *arguments, **named):
        init(self, *arguments, **named)
        for name, right in list(vars(self).items()):
            setattr(self, name, [] if isinstance(right, list) else change(right, (right,)))

    return born
