"""Whether two arrays agree but for one factor, and what that factor is called in this case."""

from collections.abc import Mapping

import numpy as np

from grader.checks.phrases import number

__judges_values__ = True  # see grader.running.failures

#: What a count is called in a sentence; others read "NAME is VALUE".
COUNTS = {
    "rows": "the batch has {} rows",
    "classes": "there are {} classes",
    "inputs": "there are {} inputs",
    "units": "there are {} units",
    "entries": "there are {} entries",
    "arrays": "there are {} arrays",
}

_CONSTANTS = (
    (2.0, "twice"),
    (0.5, "half of"),
    (1 / np.log(2), "1/ln 2 times"),
    (np.log(2), "ln 2 times"),
    (1 / np.log(10), "1/ln 10 times"),
    (100.0, "100 times"),
    (0.01, "1/100 of"),
    (1 / 64, "1/64 of"),
)


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays of one shape agree to nine digits of the largest entry (five if one is float32 or less)."""
    if a.shape != b.shape or a.dtype.kind not in "fiub" or b.dtype.kind not in "fiub":
        return False
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    if not (np.isfinite(a64).all() and np.isfinite(b64).all()):
        return False
    digits = 1e-5 if min(precision(a), precision(b)) < 8 else 1e-9
    return bool(np.all(np.abs(a64 - b64) <= digits * max(np.abs(a64).max(initial=0.0), np.abs(b64).max(initial=0.0))))


def precision(array: np.ndarray) -> int:
    """Bytes of an entry if it is a float; whole numbers count as exact."""
    return array.dtype.itemsize if array.dtype.kind == "f" else 8


def ratio_shows(given: np.ndarray, e: np.ndarray, counts: Mapping[str, int]) -> str:
    """One factor between the two, named if it is a size of this case or a well-known number."""
    scale = float(np.abs(e).max(initial=0.0))
    if scale == 0:
        return ""
    largest = np.unravel_index(int(np.argmax(np.abs(e))), e.shape)
    ratio = float(given[largest]) / float(e[largest])
    if ratio == 0 or not close(given, ratio * e):
        return ""
    tolerance = 1e-5 if precision(given) < 8 else 1e-9
    every = "It is" if e.size == 1 else "Every entry is"

    def fits(value: float) -> bool:
        return abs(ratio - value) <= tolerance * abs(value)

    if fits(1.0):
        return ""
    if fits(-1.0):
        return "The sign is reversed." if e.size == 1 else "Every entry has the opposite sign."
    found = [_count(name, count) for name, count in counts.items() if count > 1 and (fits(count) or fits(1 / count))]
    if found:
        factor = f"{number(ratio)} times" if ratio > 1 else f"1/{round(1 / ratio)} of"
        cause = "a division by that number is missing" if ratio > 1 else "it is divided by that number once too often"
        # Two sizes of this case may be equal: then both are named, and nothing is said about either.
        told = f"{found[0]}: {cause}" if len(found) == 1 else ", and ".join(found)
        return f"{every} exactly {factor} what it should be, and {told}."
    for top, a in counts.items():
        for bottom, b in counts.items():
            if top != bottom and a != b and b > 1 and fits(a / b):
                return f"{every} exactly {a}/{b} of what it should be: {_count(top, a)}, and {_count(bottom, b)}."
            if top < bottom and fits(1 / (a * b)):
                return f"{every} exactly 1/{a * b} of what it should be: {_count(top, a)}, and {_count(bottom, b)}."
            if top < bottom and fits(a * b):
                return f"{every} exactly {a * b} times what it should be: {_count(top, a)}, and {_count(bottom, b)}."
    for name, count in counts.items():
        for fixed in (32, 64, 100, 128):
            if fixed not in counts.values() and fits(count / fixed):
                return f"{every} exactly {count}/{fixed} of what it should be, and {_count(name, count)}, not {fixed}."
    for value, words in _CONSTANTS:
        if fits(value):
            return f"{every} exactly {words} what it should be."
        if fits(-value):
            return f"{every} exactly {words} what it should be, with the opposite sign."
    if e.size >= 3 and np.count_nonzero(e) >= 3:
        return f"Every entry is {number(ratio, 6)} times what it should be."
    return ""


def floor_shows(g: np.ndarray, e: np.ndarray) -> str:
    """One number that is -ln of a power of ten, where more is asked for."""
    if g.size > 1:
        return ""
    found = float(g.flat[0])
    power = round(found / np.log(10))
    if not 5 <= power <= 30 or abs(found - power * np.log(10)) > 1e-6 or float(e.flat[0]) <= found:
        return ""
    return f"{number(found)} is -ln(1e-{power}): the log of a number that cannot get below 1e-{power}."


def _count(name: str, value: int) -> str:
    return COUNTS.get(name, f"{name} is {{}}").format(value)
