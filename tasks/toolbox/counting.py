"""Sent into the worker beside a learner's modules: arrays that count what is done with them.

A training gets its images as such arrays, and while it runs NumPy makes no others. Each operation is noted with the name that
NumPy has for it, the line of the learner's code, and what it came to; a view costs nothing. What is counted does not depend on
the machine, its load, or how NumPy carries an operation out.
"""

import functools
import math
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from sys import _getframe
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any  #: whatever NumPy's functions take and return
#: (operation, "fast.py, line 7", shape of what it gives) -> [calls, multiplications of a matrix product, other entries, bytes]
Notes: TypeAlias = dict[tuple[str, str, tuple[int, ...]], list[int]]

MAKE = "empty zeros ones full array asarray asanyarray ascontiguousarray asfortranarray arange eye identity linspace fromiter "
MAKE += "empty_like zeros_like ones_like full_like"
#: Methods that NumPy carries out without asking the array's class; views are not among them.
METHODS = "all any argmax argmin argsort astype choose clip compress copy cumprod cumsum diagonal dot fill flatten max mean min "
METHODS += "nonzero partition prod put ravel repeat reshape round searchsorted sort std sum take trace var"
PRODUCTS = {"dot", "einsum", "inner", "kron", "matmul", "matvec", "outer", "tensordot", "vdot", "vecdot", "vecmat"}
#: What looks at every entry that it is given, however few it gives.
REDUCE = {"all", "amax", "amin", "any", "argmax", "argmin", "argsort", "average", "count_nonzero", "cumprod", "cumsum"}
REDUCE |= {"einsum", "max", "mean", "median", "min", "nonzero", "prod", "ptp", "sort", "std", "sum", "var"}
#: What looks at no entry.
FREE = {"can_cast", "iscomplexobj", "isrealobj", "may_share_memory", "ndim", "result_type", "shape", "shares_memory", "size"}

_notes: Notes = {}


def _plain(value: Value) -> Value:
    """The same without counting, in lists, tuples and dicts, too."""
    if isinstance(value, Counting):
        return value.view(np.ndarray)
    if type(value) in (list, tuple):
        return type(value)(_plain(item) for item in value)
    return {key: _plain(item) for key, item in value.items()} if type(value) is dict else value


def _arrays(values: Iterable[Value]) -> list[np.ndarray]:
    """The arrays among some values, also in lists, tuples and dicts."""
    found = []
    for value in values:
        if isinstance(value, np.ndarray):
            found.append(value)
        elif type(value) in (list, tuple, dict):
            found += _arrays(value.values() if type(value) is dict else value)
    return found


def _counting(value: Value) -> Value:
    """Arrays that NumPy gave, as such that count."""
    if type(value) in (list, tuple):
        return type(value)(_counting(item) for item in value)
    return value.view(Counting) if type(value) is np.ndarray else value


def _place() -> str:
    """The line of the first code that is neither in here nor NumPy's."""
    frame = _getframe(1)
    while not (name := _name_of(frame.f_code.co_filename)) and frame.f_back:
        frame = frame.f_back
    return f"{name}, line {frame.f_lineno}"


@functools.cache
def _name_of(file: str) -> str:
    """Of a file without its folder; empty if it is this one, or NumPy's."""
    *folders, name = file.replace("\\", "/").split("/")  # to load pathlib, a worker needs as long as for three trainings
    return "" if file == _place.__code__.co_filename or "numpy" in folders else name


def _note(operation: str, shape: tuple[int, ...], multiplications: int, entries: int, allocated: int) -> None:
    note = _notes.setdefault((operation, _place(), shape), [0, 0, 0, 0])
    note[:] = note[0] + 1, note[1] + multiplications, note[2] + entries, note[3] + allocated


def _multiplications(name: str, arguments: Sequence[Value], result: Value) -> int:
    """Of a matrix product (m, k) @ (k, n): m * k * n. 0 of what is none."""
    if name not in PRODUCTS or len(arguments) < 2:
        return 0
    if name == "einsum" and isinstance(arguments[0], str):
        factors = [np.shape(factor) for factor in arguments[1:]]
        letters = arguments[0].replace(" ", "").partition("->")[0].split(",")
        sizes = {letter: size for text, shape in zip(letters, factors) for letter, size in zip(text[::-1], shape[::-1])}
        return int(math.prod(sizes.values())) * (len(factors) - 1)
    a, b = (np.asarray(factor) for factor in (_arrays(arguments) if name == "einsum" else arguments)[:2])
    if name in ("matmul", "matvec", "vecdot"):
        return int(np.size(result)) * int(a.shape[-1])
    if name == "vecmat":
        return int(np.size(result)) * int(b.shape[-2])
    return math.isqrt(a.size * b.size * int(np.size(result)))  # mk * kn * mn is the square of m * k * n


def _done(name: str, function: Callable[..., Value], arguments: Sequence[Value], named: dict[str, Value]) -> Value:
    """Call a function of NumPy's on plain arrays, and note it."""
    given, keywords = [_plain(value) for value in arguments], _plain(named)
    result = function(*given, **keywords)
    inputs, results, out = _arrays([*given, *keywords.values()]), _arrays([result]), named.get("out")
    new = [array for array in results if out is None and not _shares_memory(array, inputs)]
    if name in FREE or (results and not new and out is None):
        return _counting(result)  # it, or a view
    multiplications = _multiplications(name, given, result)
    entries = 0 if multiplications else _entries(name, inputs, results)
    _note(name, np.shape(results[0]) if len(results) == 1 else (), multiplications, entries, sum(array.nbytes for array in new))
    if out is None:
        return _counting(result)
    return out[0] if type(out) is tuple and len(out) == 1 else out


def _shares_memory(array: np.ndarray, inputs: Sequence[np.ndarray]) -> bool:
    """Whether an array is an input, or a view of one."""
    if array.base is None:  # its memory is its own
        return any(array is one for one in inputs)
    return any(np.may_share_memory(array, one) for one in inputs)


def _entries(name: str, inputs: Sequence[np.ndarray], results: Sequence[np.ndarray]) -> int:
    """How many an operation computes, or looks at if it gives fewer."""
    looks = not results or name in REDUCE or name.endswith((".reduce", ".accumulate"))
    return max([1, sum(array.size for array in results), *(array.size for array in inputs if looks)])


class Counting(np.ndarray):
    """An array that notes every operation on it. What an operation gives is a Counting, too."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Value, **named: Value) -> Value:
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        name = "outer" if name == "multiply.outer" else name
        return _done(name, getattr(ufunc, method), inputs, named)

    def __array_function__(self, function: Value, types: Value, arguments: Iterable[Value], named: Mapping[str, Value]) -> Value:
        return _done(function.__name__, function, tuple(arguments), dict(named))

    def __getitem__(self, where: Value) -> Value:
        mine = self.view(np.ndarray)
        found = mine[_plain(where)]
        if isinstance(found, np.ndarray) and np.may_share_memory(found, mine):
            return _counting(found)
        _note("a[i]", np.shape(found), 0, np.size(found), found.nbytes if isinstance(found, np.ndarray) else 0)
        return _counting(found)

    def __setitem__(self, where: Value, value: Value) -> None:
        mine, index, value = self.view(np.ndarray), _plain(where), _plain(value)
        place = mine[index]
        if not _is_the_same(place, value):  # else what `a[i] += b` ends with, where a[i] is a view
            mine[index] = value
            _note("a[i] = b", np.shape(place), 0, np.size(place), 0)


def _is_the_same(a: Value, b: Value) -> bool:
    """Whether two arrays are views of exactly the same entries."""
    views = isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape and a.strides == b.strides
    return views and a.__array_interface__["data"] == b.__array_interface__["data"] and np.may_share_memory(a, b)


def _method(name: str) -> Callable[..., Value]:
    plain = getattr(np.ndarray, name)
    return lambda self, *arguments, **named: _done(name, plain, (self, *arguments), named)


for _name in METHODS.split():
    setattr(Counting, _name, _method(_name))


def _maker(name: str, make: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *arguments, **named: _done(name, make, arguments, named)


class _NumPy(types.ModuleType):
    """What the learner's modules know as numpy while a training is counted: NumPy's own functions do not come here."""

    def __getattr__(self, name: str) -> Value:
        return getattr(np, name)


@contextmanager
def _all_new_arrays_count() -> Iterator[None]:
    """Let the learner's modules make arrays that count, whatever name they have for NumPy or its functions."""
    numpy = _NumPy("numpy")
    instead: dict[int, Value] = {id(np): numpy}
    for name in MAKE.split():
        counts = _maker(name, getattr(np, name))
        vars(numpy)[name] = instead[id(getattr(np, name))] = counts
    own = [vars(module) for name, module in list(sys.modules.items()) if name.partition(".")[0] == "student"]
    places = [(names, name, value) for names in own for name, value in names.items() if id(value) in instead]
    try:
        for names, name, value in places:
            names[name] = instead[id(value)]
        yield
    finally:
        for names, name, value in places:
            names[name] = value


def count(
    train: Callable[..., Value], model: Value, data: Sequence[np.ndarray], runs: Sequence[Sequence[int]], **settings: Value
) -> list[list[Value]]:
    """What trainings do, together: [operation, line, shape, calls, multiplications, other entries, bytes] of each operation.

    One model serves them all: what only the first of them does, it does for the others.

    data : x_train, y_train, x_val, y_val; the first two are repeated for as many rows as there should be
    runs : (rows to train on, epochs, how often it counts)
    """
    total: Notes = {}
    with _all_new_arrays_count():
        for rows, epochs, times in runs:
            _notes.clear()
            repeated = (np.resize(array, (rows, *array.shape[1:])) for array in data[:2])
            train(model, *(array.view(Counting) for array in (*repeated, *data[2:])), epochs=epochs, **settings)
            for key, numbers in _notes.items():
                known = total.setdefault(key, [0, 0, 0, 0])
                known[:] = [before + times * more for before, more in zip(known, numbers)]
    return [[operation, line, list(shape), *numbers] for (operation, line, shape), numbers in total.items() if any(numbers)]


def make(_ask: Value) -> tuple[Callable[..., Value]]:
    return (count,)
