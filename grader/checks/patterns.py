"""What the difference between two arrays shows: a ratio, a sign, a transpose, a shifted row, an answer left over.

Every finding here is a statement about the numbers that holds to nine digits (five for float32). No finding is
better than a guess, so where no pattern holds there is no sentence.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from grader.checks.difference import Finding, Mismatch, Pattern, close, first_shown
from grader.checks.phrases import index_text, listed, number
from grader.checks.ratios import RATIOS

__judges_values__ = True  # see grader.running.failures

Named = Mapping[str, np.ndarray]
ROWS_FOR_COLUMNS = "Rows and columns are swapped."


def shape_shows(given: np.ndarray, expected: np.ndarray) -> str:
    """What two different shapes have to do with each other."""
    return first_shown(SHAPES, Mismatch(given, expected))


def numbers_show(given: np.ndarray, expected: np.ndarray, counts: Mapping[str, int], named: Named, earlier: Named) -> str:
    """The first thing that two finite arrays of one shape show; "" if nothing in particular."""
    return first_shown(NUMBERS, Mismatch(given, expected.astype(np.float64), counts, named, earlier))


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


# fmt: off
SHAPES = (
    Pattern("transposed", "It is transposed.",
            lambda m: m.given.ndim == 2 and close(m.given.T, m.expected),
            "first: of a row or a column it is more than another shape, and more than that axes have changed places"),
    Pattern("rows for columns", ROWS_FOR_COLUMNS,
            lambda m: m.given.ndim == m.expected.ndim == 2 and m.given.shape == m.expected.shape[::-1],
            "before another shape: (3, 5) for (5, 3) is what to look at, even if the values come in the right order"),
    Pattern("another shape", "The values are right, but in a different shape.",
            lambda m: close(m.given.ravel(), m.expected.ravel()),
            "before sums and means: over an axis of length 1, and of a single entry, they are the values themselves"),
    Pattern("reduced to one number", "It is the {reduction} of all entries of the expected array.",
            lambda m: m.expected.size > 1 and m.given.size == 1 and _reduced(m.expected, m.given),
            "before an axis: a vector has one alone, and the sum over it is the sum of all entries"),
    Pattern("reduced over an axis", "It is the {reduction} over axis {axis} of the expected array.", _reduced_over_an_axis),
    Pattern("not reduced", "The {reduction} of its {count} entries is the expected number.",
            lambda m: m.given.ndim > m.expected.ndim == 0 and _reduced(m.given, m.expected)),
)
# fmt: on

# -- numbers -----------------------------------------------------------------------------------------------------------


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
            return {"digits": f"{places} digit{'s' if places > 1 else ''}"}
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


def _sizes_right(m: Mismatch) -> bool:
    return close(np.abs(m.given), np.abs(m.expected))


def _signs(m: Mismatch) -> Finding:
    wrong = int((np.sign(m.given) != np.sign(m.expected)).sum())
    return _sizes_right(m) and {"count": wrong, "size": m.expected.size}


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
            words = {"place": place, "Place": place.capitalize(), "count": count, "hold": hold, "differ": differ}
            return fits and words
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


# From what the whole arrays have in common with others, over digits, offsets and signs, to where single entries differ.
# fmt: off
NUMBERS = (
    Pattern("left over", "It is {left}.", _left_over,
            "first: an earlier answer is often a multiple of the right one, or as far from it everywhere"),
    Pattern("an input", "It is {name}, unchanged.", _input,
            "before ratios: of f(x) = 2 x it says more that x came back than that it is half"),
    *RATIOS,
    Pattern("a floor", "{number} is -ln(1e-{power}): the log of a number that cannot get below 1e-{power}.", _floor,
            "before digits: a loss may be right to four digits at the floor"),
    Pattern("zeros", "Every entry is 0.", lambda m: m.varied and not m.given.any(),
            "before one number, which 0 is, and long before zeros in some places"),
    Pattern("one number", "All entries are the same, {number}.", _one_number,
            "before rows: where all entries are the same, those of a row are"),
    Pattern("one number a row", "Within each row, all entries are the same.",
            lambda m: m.table and _repeats(m.given64, 1) and not _repeats(m.expected, 1),
            "before places: one column of such rows may be right"),
    Pattern("one row", "All rows are the same.",
            lambda m: m.table and _repeats(m.given64, 0) and not _repeats(m.expected, 0),
            "before places: one row that comes everywhere may be right in one of them"),
    Pattern("rounded", "It is rounded to {digits} after the decimal point.", _rounded,
            "before digits: rounding leaves few of them, and is the reason"),
    Pattern("float32", "It agrees to {count} digits: float32 has about 7, float64 about 16.", _float32,
            "before few digits, of which it is the reason"),
    Pattern("few digits", "It agrees to {count} digits only.", _digits,
            "before offset, signs, order and places: what agrees to four digits may fit each of them by its tolerance"),
    Pattern("an offset", "Every entry is {by} too {large}.", _offset,
            "before an input: a vector of equal numbers is a number"),
    Pattern("an input apart", "The difference is exactly {name} in every row: {name} {words}.", _input_apart,
            "before signs and order, which a difference that is known explains"),
    Pattern("transpose", "It is the transpose of the expected array.", lambda m: m.table and close(m.given.T, m.expected),
            "before order: of a symmetric pattern of numbers the rows may be right as well, and signs too"),
    Pattern("no signs", "The magnitudes are right, but negative values have become positive.",
            lambda m: _sizes_right(m) and not (m.given < 0).any(),
            "before some signs, which it is a case of"),
    Pattern("some signs", "The magnitudes are right, but {count} of {size} entries have the opposite sign.", _signs,
            "before order: of 1 and -1 a lost sign looks like a number in another place"),
    Pattern("cut off at zero", "Entries that should be {sign} are 0; the rest is right.", lambda m: _cut_off(m, at_zero=True),
            "before places: where only one row holds negative numbers, it would be told as that row"),
    Pattern("cut off", "Values {side} {limit} are cut off at {limit}.",
            lambda m: _cut_off(m, at_zero=False),
            "before places, likewise"),
    Pattern("rows one down", "The rows are shifted down by one.",
            lambda m: _rows(m) and close(m.given[1:], m.expected[:-1]),
            "before any order: a row that is taken too late keeps the order, and leaves one row that may be anything"),
    Pattern("rows one up", "The rows are shifted up by one.",
            lambda m: _rows(m) and close(m.given[:-1], m.expected[1:]),
            "before any order, likewise"),
    Pattern("reverse order", "The rows are in reverse order.", lambda m: _rows(m) and close(m.given[::-1], m.expected),
            "before any order, of which it is the plainest"),
    Pattern("rows in another order", "The rows are right, but in a different order.", lambda m: _reordered(m, 0),
            "before single numbers: whole rows that moved are numbers that moved"),
    Pattern("columns in another order", "The columns are right, but in a different order.", lambda m: _reordered(m, 1),
            "before single numbers, likewise"),
    Pattern("other places", "The numbers are right, but in different places.",
            lambda m: m.expected.size > 2 and m.varied and close(*(np.sort(a, axis=None) for a in (m.given, m.expected))),
            "before places: two rows exchanged are not two rows that differ"),
    Pattern("one line right", "Only {name} {right} of {count} is right.", _one_line_right,
            "before few lines: of two rows, one right is told rather than one that differs"),
    Pattern("few lines of zeros", "{Place} {hold} only zeros.", lambda m: _few_lines(m, zeros=True),
            "before few lines, of which it says what they hold"),
    Pattern("few lines", "Only {place} of {count} {differ}.", lambda m: _few_lines(m, zeros=False),
            "before entries: a row says more than the number of its entries"),
    Pattern("one entry", "Only entry {index} differs.", _one_entry,
            "before zeros: the card shows its value in any case"),
    Pattern("zeros where it differs", "The entries that differ ({count} of {size}) are 0.", _zeros_where_off),
)
