"""What the difference between two arrays shows: a ratio, a sign, a transpose, a shifted row, an answer left over.

Every finding here is a statement about the numbers that holds to nine digits (five for float32). No finding is
better than a guess, so each function returns "" when nothing in particular shows.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from grader.checks.phrases import array_text, index_text, listed, number
from grader.checks.ratios import close, floor_shows, precision, ratio_shows

__judges_values__ = True  # see grader.running.failures

Named = Mapping[str, np.ndarray]


def shape_shows(given: np.ndarray, expected: np.ndarray) -> str:
    """What two different shapes have to do with each other."""
    if given.ndim == expected.ndim == 2 and given.shape == expected.shape[::-1]:
        return "That is its transpose." if close(given.T, expected) else "Rows and columns have changed places."
    if given.size == expected.size:
        same = close(given.ravel(), expected.ravel())
        return "The values are right, in another shape." if same else ""
    if expected.size > 1 and given.size == 1:
        for name, reduce in (("sum", np.sum), ("mean", np.mean)):
            if close(given.ravel(), np.atleast_1d(reduce(expected))):
                return f"It is the {name} of all entries of what is asked for."
    if expected.size > 1:
        for axis in range(expected.ndim):
            for name, reduce in (("sum", np.sum), ("mean", np.mean)):
                if given.size == expected.size // max(expected.shape[axis], 1) and close(
                    given.ravel(), reduce(expected, axis=axis).ravel()
                ):
                    return f"It is the {name} over axis {axis} of what is asked for."
    if given.ndim >= 1 and expected.ndim == 0:
        for name, reduce in (("sum", np.sum), ("mean", np.mean)):
            if close(np.asarray(reduce(given)), expected):
                return f"The {name} of its {given.size} entries is what is asked for."
    return ""


def numbers_show(
    given: np.ndarray, expected: np.ndarray, counts: Mapping[str, int], named: Named, earlier: Named
) -> str:
    """The first thing that two finite arrays of one shape show; "" if nothing in particular."""
    g, e = given.astype(np.float64), expected.astype(np.float64)
    finders: Iterator[Callable[[], str]] = iter(
        (
            lambda: _left_over(given, e, earlier),
            lambda: _an_input(given, e, named),
            lambda: ratio_shows(given, e, counts),
            lambda: floor_shows(g, e),
            lambda: _alike(g, e),
            lambda: _digits(given, g, e),
            lambda: _offset(given, e, named),
            lambda: _signs(given, e),
            lambda: _cut_off(g, e),
            lambda: _rearranged(given, e),
            lambda: _where(g, e),
        )
    )
    return next((text for find in finders if (text := find())), "")


def _left_over(given: np.ndarray, e: np.ndarray, earlier: Named) -> str:
    for name, old in earlier.items():
        if old.shape != e.shape or close(old, e) or not np.any(old):
            continue
        if close(given, old):
            return f"It is {name}."
        if close(given, old + e):
            return f"It is the sum of {name} and what is asked for: added to, not replaced."
    return ""


def _an_input(given: np.ndarray, e: np.ndarray, named: Named) -> str:
    for name, value in named.items():
        if value.ndim and np.ptp(value) and value.shape == e.shape and close(given, value) and not close(value, e):
            return f"It is {name}, unchanged."
    return ""


def _alike(g: np.ndarray, e: np.ndarray) -> str:
    if g.size < 2 or np.ptp(e) == 0:
        return ""
    if not g.any():
        return "Every entry is 0."
    if close(g, np.full_like(g, g.flat[0])):
        return f"All entries are the same, {number(float(g.flat[0]))}."
    if g.ndim == 2 and min(g.shape) > 1:
        if close(g, np.broadcast_to(g[:, :1], g.shape)) and not close(e, np.broadcast_to(e[:, :1], e.shape)):
            return "Within each row, all entries are the same."
        if close(g, np.broadcast_to(g[:1], g.shape)) and not close(e, np.broadcast_to(e[:1], e.shape)):
            return "All rows are the same."
    return ""


def _offset(given: np.ndarray, e: np.ndarray, named: Named) -> str:
    """A constant difference, or one of the inputs as the difference."""
    if e.size < 2:
        return ""
    g = given.astype(np.float64)
    difference = g - e
    slack = (1e-5 if precision(given) < 8 else 1e-9) * float(np.abs(e).max() + np.abs(g).max())
    if np.all(np.abs(difference - difference.flat[0]) <= slack):
        by = float(difference.flat[0])
        return f"Every entry is {number(abs(by), 6)} too {'large' if by > 0 else 'small'}."
    for name, value in named.items():
        fits_rows = 0 < value.ndim < e.ndim and value.shape == e.shape[e.ndim - value.ndim :]
        if not fits_rows or not np.any(value):
            continue
        for factor, words in ((-1, "is missing"), (1, "is there once too often"), (-2, "has the opposite sign")):
            if np.all(np.abs(difference - factor * value) <= slack):
                return f"The difference is exactly {name} in every row: {name} {words}."
    return ""


def _signs(given: np.ndarray, e: np.ndarray) -> str:
    if given.ndim == 2 and given.shape[0] == given.shape[1] > 1 and close(given.T, e):
        return "It is the transpose of what is asked for."
    if close(np.abs(given), np.abs(e)):
        if not (given < 0).any():
            return "The sizes are right, but negative values have become positive."
        count = int((np.sign(given) != np.sign(e)).sum())
        return f"The sizes are right; the sign of {count} of {e.size} entries is not."
    return ""


def _cut_off(g: np.ndarray, e: np.ndarray) -> str:
    """Right but for a limit at the top or at the bottom."""
    if g.size < 2 or np.ptp(g) == 0:
        return ""
    high, low = g.max(), g.min()
    for limit, cut, side, sign in ((high, np.minimum, "above", "positive"), (low, np.maximum, "below", "negative")):
        if not np.allclose(cut(e, limit), e, rtol=1e-9, atol=0) and np.allclose(g, cut(e, limit), rtol=1e-9, atol=0):
            if limit == 0:
                return f"What should be {sign} is 0; the rest is right."
            return f"Nothing {side} {number(limit)} comes out: in its place stands {number(limit)}."
    return ""


def _digits(given: np.ndarray, g: np.ndarray, e: np.ndarray) -> str:
    """Right, but to fewer digits than float64 holds."""
    scale = float(np.abs(e).max(initial=0.0))
    if scale == 0:
        return ""
    for places in range(1, 7):
        if scale > 10.0**-places and np.array_equal(g, np.round(e, places)):
            return f"It is rounded to {places} digit{'s' if places > 1 else ''} after the point."
    worst = float((np.abs(g - e) / np.maximum(np.abs(e), 1e-8 * scale)).max())
    if worst >= 1e-4 or worst == 0:
        return ""
    count = int(-np.log10(worst))
    if given.dtype == np.float32 or (count <= 8 and np.array_equal(g, g.astype(np.float32))):
        return f"It agrees to {count} digits: float32 holds about 7, float64 about 16."
    return f"It agrees to {count} digits only."


def _rearranged(given: np.ndarray, e: np.ndarray) -> str:
    """The right numbers in other places."""
    if e.ndim >= 1 and len(e) > 2:
        if close(given[1:], e[:-1]):
            return "From the second on, each row is what the row above it should be."
        if close(given[:-1], e[1:]):
            return "Each row is what the next one should be."
        if close(given[::-1], e):
            return "The rows are in reverse order."
    if e.ndim == 2 and min(e.shape) > 1 and np.ptp(e):
        for axis, name in ((0, "rows"), (1, "columns")):
            order_g, order_e = (np.lexsort(a.T if axis == 0 else a) for a in (np.round(given, 9), np.round(e, 9)))
            if close(np.take(given, order_g, axis), np.take(e, order_e, axis)):
                return f"The {name} are right, in another order."
    if e.size > 2 and np.ptp(e) and close(np.sort(given, axis=None), np.sort(e, axis=None)):
        return "The numbers are right, in other places."
    return ""


def _where(g: np.ndarray, e: np.ndarray) -> str:
    """Where the entries that differ are, if that is one row, one column or one entry of many."""
    if g.size < 3:
        return ""
    off = np.abs(g - e) > 1e-9 * float(np.abs(e).max() + np.abs(g).max())
    if g.ndim == 2 and min(g.shape) > 1:
        lines = [(np.flatnonzero(off.any(axis=axis)), axis, name) for axis, name in ((1, "row"), (0, "column"))]
        for touched, axis, name in sorted(lines, key=lambda line: len(line[0])):
            right = np.setdiff1d(np.arange(g.shape[1 - axis]), touched)
            if len(right) == 1 and off.take(touched, axis=1 - axis).all():
                return f"Only {name} {listed(right)} of {g.shape[1 - axis]} is right."
            if 0 < len(touched) <= g.shape[1 - axis] // 2 and off.sum() > 1:
                several = len(touched) > 1
                place = f"{name}{'s' if several else ''} {listed(touched)}"
                if not np.any(g.take(touched, axis=1 - axis)):
                    return f"{place.capitalize()} {'hold' if several else 'holds'} only zeros."
                return f"Only {place} of {g.shape[1 - axis]} {'differ' if several else 'differs'}."
    if off.sum() == 1:
        index = np.unravel_index(int(np.argmax(off)), off.shape)
        return f"Only entry {index_text(index)} differs."
    if (only := g[off]).size and not only.any():
        return f"The entries that differ ({int(off.sum())} of {g.size}) are 0."
    return ""


__all__ = ["array_text", "close", "numbers_show", "shape_shows"]
