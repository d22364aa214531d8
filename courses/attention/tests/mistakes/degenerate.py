"""Answers without an idea: put below a module of the reference, whose functions then answer so. They must earn nothing."""

import copy

import numpy as np


def _each(change, value):
    if isinstance(value, (list, tuple)):
        return [_each(change, item) for item in value]
    return None if value is None else change(value)


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
        if method.__name__ == "fit":
            arguments = (copy.deepcopy(arguments[0]), *arguments[1:])  # the caller's network stays as it is
        right = method(*arguments, **named)
        if method.__name__ == "backward":
            for name, value in list(vars(arguments[0]).items()):
                if name.startswith("d") and isinstance(value, np.ndarray):
                    setattr(arguments[0], name, change(value, arguments))
        return change(right, arguments)

    return changed
