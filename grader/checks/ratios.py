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


# fmt: off
RATIOS = (
    Pattern("reversed sign", "The sign is reversed.", lambda m: m.expected.size == 1 and m.ratio_is(-1.0),
            "before opposite signs: one number has no entries"),
    Pattern("opposite signs", "Every entry has the opposite sign.", lambda m: m.ratio_is(-1.0),
            "before any factor, which -1 is, and before some signs"),
    Pattern("two equal sizes", "{every} exactly {factor} what it should be, and {sizes}.",
            lambda m: len(_sizes(m)) > 1 and _size(m),
            "before one size: where two sizes of a case are equal, both are named, and nothing is said about either"),
    Pattern("not divided by a size",
            "{every} exactly {factor} what it should be, and {size}: a division by that number is missing.",
            lambda m: m.ratio > 1 and _size(m),
            "before products and constants: with two classes, 2 is their number rather than 4/2 or twice"),
    Pattern("divided by a size twice",
            "{every} exactly {factor} what it should be, and {size}: it is divided by that number once too often.",
            lambda m: 0 < m.ratio < 1 and _size(m),
            "before products and constants, likewise"),
    Pattern("two sizes", "{every} exactly {factor} what it should be: {top}, and {bottom}.", _two_sizes,
            "before another batch and constants: sizes of this case are likelier than a number from elsewhere"),
    Pattern("another batch", "{every} exactly {count}/{fixed} of what it should be, and {size}, not {fixed}.",
            _another_batch,
            "before constants: 32 rows divided by 64 are half of what they should be, and here is why"),
    Pattern("a constant", "{every} exactly {factor} what it should be{reversed}.", _constant,
            "before any factor: these numbers have a name"),
    Pattern("any factor", "Every entry is {factor} times what it should be.",
            lambda m: m.ratio != 0 and np.count_nonzero(m.expected) >= 3 and {"factor": number(m.ratio, 6)},
            "before offsets and signs: numbers that are all alike are off by a constant, too, and -3 turns every sign"),
)
