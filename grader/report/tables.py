"""Small arrays as tables: shaded cells with the numbers in them, expected beside given."""

from typing import NamedTuple

import numpy as np

#: Larger arrays are not shown number by number.
MOST_ROWS = 12


class Cell(NamedTuple):
    text: str
    shade: str  #: class of the style sheet: u0 to u6 above zero, d1 to d6 below
    off: bool = False


class ValueTable(NamedTuple):
    caption: str
    rows: list[list[Cell]]
    shape: str = ""
    columns: list[str] = []
    heads: list[str] = []


def grid(array: np.ndarray) -> np.ndarray | None:
    """The array as rows and columns that fit on a page, or None: a number is one cell, a vector one row."""
    if array.ndim > 2 or not array.size:
        return None
    rows = np.atleast_2d(array)
    return rows if max(rows.shape) <= MOST_ROWS else None


def number(value: object, digits: int = 4) -> str:
    """A number in few characters: `0.2689`, `-12`, `1.5e-07`, `nan`, `True`."""
    value = value.item() if isinstance(value, np.generic) else value
    return str(value) if isinstance(value, bool | int) else f"{value:.{digits}g}"


def shades(rows: np.ndarray, largest: float) -> np.ndarray:
    """The class of each cell, by the size of its number against `largest`."""
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num(np.abs(rows.astype(float)) / largest if largest > 0 else np.zeros(rows.shape), posinf=1.0)
    steps = np.minimum(np.ceil(np.minimum(share, 1) * 6), 6).astype(int)
    return np.where(rows.astype(float) < 0, np.char.add("d", steps.astype(str)), np.char.add("u", steps.astype(str)))


def largest(*arrays: np.ndarray) -> float:
    """The largest finite size of an entry, 0.0 if there is none."""
    values = np.concatenate([np.abs(array.astype(float)).ravel() for array in arrays])
    return float(values[np.isfinite(values)].max(initial=0.0))


def values(
    array: np.ndarray, caption: str, most: float | None = None, off: np.ndarray | None = None, digits: int = 4
) -> ValueTable | None:
    """One array as a table, or None if it is too large for the page.

    most    : the number that gets the darkest shade; that of the array itself if None
    off     : (rows, columns) bool   cells to mark
    """
    rows = grid(array)
    if rows is None:
        return None
    shade = shades(rows, largest(rows) if most is None else most)
    marked = np.zeros(rows.shape, bool) if off is None else off
    cells = [
        [Cell(number(value, digits), str(dark), bool(mark)) for value, dark, mark in zip(*row)]
        for row in zip(rows, shade, marked)
    ]
    return ValueTable(caption, cells, f"shape {array.shape}" if array.ndim else "")


def pair(expected: np.ndarray, given: np.ndarray) -> list[ValueTable]:
    """Expected and given as tables with one scale of shades; entries that differ are marked in the second."""
    off, digits = None, 4
    if expected.shape == given.shape and grid(given) is not None:
        # To ten digits: the verdict was the check's and may have been kinder; this decides only which cells are marked.
        a, b = np.atleast_2d(expected, given)
        off = ~np.isclose(b.astype(float), a.astype(float), rtol=1e-10, atol=1e-12, equal_nan=True)
        a, b = a[off], b[off]
        # More digits until each marked entry also looks different.
        while digits < 12 and any(number(x, digits) == number(y, digits) for x, y in zip(a, b, strict=True)):
            digits += 2
    most = largest(expected, given)
    tables = [values(expected, "should be", most, digits=digits), values(given, "you gave", most, off, digits)]
    return [table for table in tables if table is not None]
