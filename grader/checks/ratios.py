"""Patterns for arrays that agree but for one factor: what that factor is called in this case."""

from collections.abc import Iterator

import numpy as np

from grader.checks.difference import Finding, Mismatch, Pattern
from grader.checks.phrases import number

__judges_values__ = True  # see grader.running.failures

_CONSTANTS = (
    (2.0, "twice"), (0.5, "half of"), (1 / np.log(2), "1/ln 2 times"), (np.log(2), "ln 2 times"),
    (1 / np.log(10), "1/ln 10 times"), (100.0, "100 times"), (0.01, "1/100 of"), (1 / 64, "1/64 of"),
)  # fmt: skip

_USUAL_BATCHES = (32, 64, 100, 128)


def _count(name: str, value: int) -> str:
    if name == "rows":
        return f"the batch has {value} rows"
    known = name in ("classes", "inputs", "units", "entries", "arrays")
    return f"there are {value} {name}" if known else f"{name} is {value}"


def _sizes(m: Mismatch) -> list[str]:
    """The sizes of the case that are the factor, or its reciprocal."""
    counts = m.counts.items()
    return [_count(name, n) for name, n in counts if n > 1 and (m.ratio_is(n) or m.ratio_is(1 / n))]


def _size(m: Mismatch) -> Finding:
    if not (found := _sizes(m)):
        return False
    times = f"{number(m.ratio)} times" if m.ratio > 1 else f"1/{round(1 / m.ratio)} of"
    return {"factor": times, "size": found[0], "sizes": ", and ".join(found)}


def _products(m: Mismatch) -> Iterator[tuple[float, str, str, str]]:
    """Quotients and products of each two sizes: value, its name, and the two sizes."""
    for top, a in m.counts.items():
        for bottom, b in m.counts.items():
            both = _count(top, a), _count(bottom, b)
            if top != bottom and a != b and b > 1:
                yield a / b, f"{a}/{b} of", *both
            if top < bottom:
                yield 1 / (a * b), f"1/{a * b} of", *both
                yield a * b, f"{a * b} times", *both


def _two_sizes(m: Mismatch) -> Finding:
    found = (rest for value, *rest in _products(m) if m.ratio_is(value))
    return next(({"factor": f, "top": t, "bottom": b} for f, t, b in found), False)


def _another_batch(m: Mismatch) -> Finding:
    for name, count in m.counts.items():
        for fixed in _USUAL_BATCHES:
            if fixed not in m.counts.values() and m.ratio_is(count / fixed):
                return {"count": count, "fixed": fixed, "size": _count(name, count)}
    return False


def _constant(m: Mismatch) -> Finding:
    for value, words in _CONSTANTS:
        if m.ratio_is(value) or m.ratio_is(-value):
            return {"factor": words, "reversed": "" if m.ratio > 0 else ", with the opposite sign"}
    return False


RATIOS = (
    Pattern("reversed sign", lambda m: m.expected.size == 1 and m.ratio_is(-1.0)),
    Pattern("opposite signs", lambda m: m.ratio_is(-1.0)),
    Pattern("two equal sizes", lambda m: len(_sizes(m)) > 1 and _size(m)),
    Pattern("not divided by a size", lambda m: m.ratio > 1 and _size(m)),
    Pattern("divided by a size twice", lambda m: 0 < m.ratio < 1 and _size(m)),
    Pattern("two sizes", _two_sizes),
    Pattern("another batch", _another_batch),
    Pattern("a constant", _constant),
    Pattern("any factor", lambda m: m.ratio != 0 and np.count_nonzero(m.expected) >= 3 and {"factor": number(m.ratio, 6)}),
)
