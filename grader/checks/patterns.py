"""What the difference between two arrays shows: a ratio, a sign, a transpose, a shifted row, an answer left over.

Every finding here is a statement about the numbers that holds to nine digits (five for float32). No finding is
better than a guess, so where no pattern holds there is no sentence.
"""

from collections.abc import Iterator

import numpy as np

from grader.checks.difference import Finding, Mismatch, Pattern, close
from grader.checks.phrases import index_text, listed, number

ROWS_FOR_COLUMNS = "Rows and columns are swapped."


# -- shapes ------------------------------------------------------------------------------------------------------------


def _reduced(whole: np.ndarray, part: np.ndarray, axis: int | None = None) -> Finding:
    """Whether the one is the sum or the mean of the other."""
    for name, reduce in (("sum", np.sum), ("mean", np.mean)):
        if close(np.ravel(reduce(whole, axis=axis)), part.ravel()):
            return {"reduction": name, "axis": axis, "count": whole.size}
    return False


def _reduced_over_an_axis(m: Mismatch) -> Finding:
    axes = range(m.expected.ndim) if m.expected.size > 1 else ()
    return next((found for axis in axes if (found := _reduced(m.expected, m.given, axis))), False)


def _swapped(m: Mismatch) -> Finding:
    two = m.given.ndim == m.expected.ndim == 2 and m.given.shape == m.expected.shape[::-1]
    return two and {"swapped": ROWS_FOR_COLUMNS}


#: What two different shapes have to do with each other.
SHAPES = (
    Pattern("transposed", lambda m: m.given.ndim == 2 and close(m.given.T, m.expected)),
    Pattern("rows for columns", _swapped),
    Pattern("another shape", lambda m: close(m.given.ravel(), m.expected.ravel())),
    Pattern("reduced to one number", lambda m: m.expected.size > 1 and m.given.size == 1 and _reduced(m.expected, m.given)),
    Pattern("reduced over an axis", _reduced_over_an_axis),
    Pattern("not reduced", lambda m: m.given.ndim > m.expected.ndim == 0 and _reduced(m.given, m.expected)),
)

# -- numbers: first the names of one factor between two arrays ------------------------------------------------------------

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


def _left_over(m: Mismatch) -> Finding:
    for name, old in m.earlier.items():
        if old.shape == m.expected.shape and not close(old, m.expected) and np.any(old):
            if close(m.given, old):
                return {"left": name}
            if close(m.given, old + m.expected):
                return {"left": f"the sum of {name} and the right result: added to, not replaced"}
    return False


def _input(m: Mismatch) -> Finding:
    for name, value in m.named.items():
        if value.ndim and np.ptp(value) and close(m.given, value) and not close(value, m.expected):
            return {"name": name}
    return False


def _floor(m: Mismatch) -> Finding:
    """One number that is -ln of a power of ten, where more is asked for."""
    if m.given.size > 1:
        return False
    found = float(m.given64.flat[0])
    power = round(found / np.log(10))
    near = 5 <= power <= 30 and abs(found - power * np.log(10)) <= 1e-6 and float(m.expected.flat[0]) > found
    return near and {"number": number(found), "power": power}


def _repeats(array: np.ndarray, axis: int) -> bool:
    """Whether each row (axis 1) or each column (axis 0) holds one number."""
    return close(array, np.broadcast_to(array.take([0], axis), array.shape))


def _rounded(m: Mismatch) -> Finding:
    for places in range(1, 7):
        if m.scale > 10.0**-places and np.array_equal(m.given64, np.round(m.expected, places)):
            return {"places": f"{places} digit{'s' if places > 1 else ''}"}
    return False


def _digits(m: Mismatch) -> Finding:
    """How many digits are right, if it is four or more of each entry."""
    if m.scale == 0:
        return False
    worst = float((np.abs(m.given64 - m.expected) / np.maximum(np.abs(m.expected), 1e-8 * m.scale)).max())
    return 0 < worst < 1e-4 and {"count": int(-np.log10(worst))}


def _float32(m: Mismatch) -> Finding:
    found = _digits(m)
    few = isinstance(found, dict) and found["count"] <= 8 and np.array_equal(m.given64, m.given64.astype(np.float32))
    return (m.given.dtype == np.float32 or few) and found


def _offset(m: Mismatch) -> Finding:
    difference = m.given64 - m.expected
    by = float(difference.flat[0])
    even = m.expected.size > 1 and np.all(np.abs(difference - by) <= m.tolerance * m.slack)
    return even and {"by": number(abs(by), 6), "large": "large" if by > 0 else "small"}


def _input_apart(m: Mismatch) -> Finding:
    """An input that was added too often or not often enough to each row."""
    for name, value in m.named.items():
        if 0 < value.ndim < m.expected.ndim and value.shape == m.expected.shape[-value.ndim :] and np.any(value):
            for factor, words in ((-1, "is missing"), (1, "is added once too often"), (-2, "has the opposite sign")):
                if np.all(np.abs(m.given64 - m.expected - factor * value) <= m.tolerance * m.slack):
                    return {"name": name, "words": words}
    return False


def _signs(m: Mismatch) -> Finding:
    wrong = int((np.sign(m.given) != np.sign(m.expected)).sum())
    return close(np.abs(m.given), np.abs(m.expected)) and {"count": wrong, "size": m.expected.size}


def _cut_off(m: Mismatch, at_zero: bool) -> Finding:
    """Right but for a limit at the top or at the bottom; by entry, for a floor may lie below the largest's digits."""
    g, e = m.given64, m.expected
    for end, cut, side, sign in ((np.max, np.minimum, "above", "positive"), (np.min, np.maximum, "below", "negative")):
        right = cut(e, limit := end(g))
        if np.ptp(g) and not np.allclose(right, e, rtol=1e-9, atol=0) and np.allclose(g, right, rtol=1e-9, atol=0):
            return (limit == 0) == at_zero and {"side": side, "sign": sign, "limit": number(limit)}
    return False


def _rows(m: Mismatch) -> bool:
    return m.expected.ndim > 0 and len(m.expected) > 2


def _reordered(m: Mismatch, axis: int) -> bool:
    """Whether the rows (axis 0) or the columns (axis 1) are right, in another order."""
    if not (m.table and m.varied):
        return False
    orders = [np.lexsort(np.round(a, 9).T if axis == 0 else np.round(a, 9)) for a in (m.given, m.expected)]
    return close(m.given.take(orders[0], axis), m.expected.take(orders[1], axis))


def _lines(m: Mismatch) -> Iterator[tuple[str, int, np.ndarray]]:
    """("row", 0, numbers of the rows that differ) and the same for columns, whichever are fewer first."""
    if m.table:
        lines = [("row", 0, np.flatnonzero(m.off.any(axis=1))), ("column", 1, np.flatnonzero(m.off.any(axis=0)))]
        yield from sorted(lines, key=lambda line: len(line[2]))


def _one_line_right(m: Mismatch) -> Finding:
    for name, axis, touched in _lines(m):
        right = np.setdiff1d(np.arange(m.expected.shape[axis]), touched)
        if len(right) == 1 and m.off.take(touched, axis).all():
            return {"name": name, "right": listed(right), "count": m.expected.shape[axis]}
    return False


def _few_lines(m: Mismatch, zeros: bool) -> Finding:
    """At most half of the rows, or of the columns, hold all that differs, and that is more than one entry."""
    for name, axis, touched in _lines(m):
        count, several = m.expected.shape[axis], len(touched) > 1
        if 0 < len(touched) <= count // 2 and m.off.sum() > 1:
            place = f"{name}{'s' if several else ''} {listed(touched)}"
            hold, differ = ("contain", "differ") if several else ("contains", "differs")
            fits = zeros != np.any(m.given64.take(touched, axis))
            return fits and {"place": place, "Place": place.capitalize(), "count": count, "hold": hold, "differ": differ}
    return False


def _one_number(m: Mismatch) -> Finding:
    first = m.given64.flat[0]
    return m.varied and close(m.given64, np.full_like(m.given64, first)) and {"number": number(float(first))}


def _one_entry(m: Mismatch) -> Finding:
    place = np.unravel_index(int(np.argmax(m.off)), m.off.shape)
    return m.expected.size > 2 and m.off.sum() == 1 and {"index": index_text(place)}


def _zeros_where_off(m: Mismatch) -> Finding:
    count = int(m.off.sum())
    return m.expected.size > 2 and count > 0 and not m.given64[m.off].any() and {"count": count, "size": m.off.size}


#: What two finite arrays of one shape show: from what the whole arrays have in common with others, over digits, offsets and
#: signs, to where single entries differ.
NUMBERS = (
    Pattern("left over", _left_over),
    Pattern("an input", _input),
    Pattern("reversed sign", lambda m: m.expected.size == 1 and m.ratio_is(-1.0)),
    Pattern("opposite signs", lambda m: m.ratio_is(-1.0)),
    Pattern("two equal sizes", lambda m: len(_sizes(m)) > 1 and _size(m)),
    Pattern("not divided by a size", lambda m: m.ratio > 1 and _size(m)),
    Pattern("divided by a size twice", lambda m: 0 < m.ratio < 1 and _size(m)),
    Pattern("two sizes", _two_sizes),
    Pattern("another batch", _another_batch),
    Pattern("a constant", _constant),
    Pattern("any factor", lambda m: m.ratio != 0 and np.count_nonzero(m.expected) >= 3 and {"factor": number(m.ratio, 6)}),
    Pattern("a floor", _floor),
    Pattern("zeros", lambda m: m.varied and not m.given.any()),
    Pattern("one number", _one_number),
    Pattern("one number a row", lambda m: m.table and _repeats(m.given64, 1) and not _repeats(m.expected, 1)),
    Pattern("one row", lambda m: m.table and _repeats(m.given64, 0) and not _repeats(m.expected, 0)),
    Pattern("rounded", _rounded),
    Pattern("float32", _float32),
    Pattern("few digits", _digits),
    Pattern("an offset", _offset),
    Pattern("an input apart", _input_apart),
    Pattern("transpose", lambda m: m.table and close(m.given.T, m.expected)),
    Pattern("no signs", lambda m: close(np.abs(m.given), np.abs(m.expected)) and not (m.given < 0).any()),
    Pattern("some signs", _signs),
    Pattern("cut off at zero", lambda m: _cut_off(m, at_zero=True)),
    Pattern("cut off", lambda m: _cut_off(m, at_zero=False)),
    Pattern("rows one down", lambda m: _rows(m) and close(m.given[1:], m.expected[:-1])),
    Pattern("rows one up", lambda m: _rows(m) and close(m.given[:-1], m.expected[1:])),
    Pattern("reverse order", lambda m: _rows(m) and close(m.given[::-1], m.expected)),
    Pattern("rows in another order", lambda m: _reordered(m, 0)),
    Pattern("columns in another order", lambda m: _reordered(m, 1)),
    Pattern(
        "other places", lambda m: m.expected.size > 2 and m.varied and close(np.sort(m.given, None), np.sort(m.expected, None))
    ),
    Pattern("one line right", _one_line_right),
    Pattern("few lines of zeros", lambda m: _few_lines(m, zeros=True)),
    Pattern("few lines", lambda m: _few_lines(m, zeros=False)),
    Pattern("one entry", _one_entry),
    Pattern("zeros where it differs", _zeros_where_off),
)
