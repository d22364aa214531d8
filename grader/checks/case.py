"""What one check works with: its inputs, its comparisons, and the words and pictures that are left if one fails."""

import functools
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from grader.checks.compare import Unmet, compare
from grader.checks.difference import Mismatch, close, first_shown
from grader.checks.patterns import NUMBERS, ROWS_FOR_COLUMNS
from grader.checks.phrases import entry_is, number, pair_of_numbers, type_phrase
from grader.checks.script import WRITTEN_OUT, Script
from grader.worker.outside.proxy import Student

T = TypeVar("T")
PICTURE = 12  # rows and columns of the tables in a report
MOST_EVIDENCE = 200_000  # entries of one array kept for pictures


class Case:
    """The inputs of one check, drawn from its own seed, and everything it can expect of the answers.

    seed     : whatever the grade was seeded with
    stage_id : "03_softmax"
    check_id : "check_softmax_rows_sum_to_one"
    modules  : of the course, in the order in which a card imports them

    `rng` is a Generator for anything the methods do not cover, `seed` a whole number for `student.rng`, `notes` what
    `note` was given, `stored` the arrays for the report by role.
    """

    def __init__(self, seed: object, stage_id: str, check_id: str, modules: Sequence[str] = ()):
        self._key = f"{seed}/{stage_id}/{check_id}"
        self.rng = np.random.default_rng(self._derive("rng"))
        self.seed = self._derive("seed") % 10_000
        self.notes: list[str] = []
        self.stored: dict[str, np.ndarray] = {}
        self._script = Script(modules)
        self._counts: dict[str, int] = {}
        self._earlier: dict[str, np.ndarray] = {}

    def _derive(self, purpose: str) -> int:
        """A 32-bit seed for one purpose, the same for equal seed, stage and check."""
        return int.from_bytes(hashlib.blake2b(f"{self._key}/{purpose}".encode(), digest_size=4).digest(), "big")

    # -- inputs --------------------------------------------------------------------------------------------------------

    def normal(self, name: str, *shape: int, scale: float = 1.0, dtype: DTypeLike = np.float64) -> np.ndarray:
        """Normal numbers, never exactly 0. Up to 60 of them have few decimals, so that a card can write them out."""
        return self._drawn(name, shape, scale, dtype, "normal", 0, scale)

    def uniform(self, name: str, *shape: int, low: float = 0.0, high: float = 1.0, dtype: DTypeLike = np.float64) -> np.ndarray:
        """Uniform numbers in [low, high), few of them with few decimals."""
        return self._drawn(name, shape, max(abs(low), abs(high)), dtype, "uniform", low, high)

    def integers(self, name: str, low: int, high: int, size: int | tuple[int, ...], dtype: DTypeLike = np.int64) -> np.ndarray:
        """Whole numbers in low..high-1."""
        name = self._script.fresh(name)
        seed = self._derive(name) % 100_000
        values = np.random.default_rng(seed).integers(low, high, size).astype(dtype)
        cast = "" if values.dtype == np.int64 else f".astype(np.{values.dtype.name})"
        return self._script.define(name, values, f"np.random.default_rng({seed}).integers({low}, {high}, {size}){cast}")

    def labels(self, name: str, rows: int, classes: int, dtype: DTypeLike = np.int64) -> np.ndarray:
        """Class numbers in 0..classes-1, the last class among them, not in order."""
        name = self._script.fresh(name)
        values = np.random.default_rng(self._derive(name)).integers(0, classes, rows)
        values[rows // 2] = classes - 1
        return self.given(name, values.astype(dtype))

    def given(self, name: str, value: T, how: str = "") -> T:
        """Any other value under a name that transcripts use. `how`: its Python source, if it is large or no array."""
        return self._script.define(self._script.fresh(name), value, how)

    def function(self, name: str, source: str, like: np.ndarray, **names: object) -> Callable[[np.ndarray], float]:
        """A function for the learner's code to call, from its Python source, with inputs by name.

        source : such as "lambda x: (w * x**3).sum()"
        like   : an array of the shape that it takes; called with anything else it raises Unmet
        """
        made = eval(source, {"np": np, **names})  # the check's own text

        def function(*args: object, **keywords: object) -> float:
            value = args[0] if len(args) == 1 and not keywords else None
            if not isinstance(value, np.ndarray) or value.shape != like.shape or value.dtype.kind not in "fiu":
                got = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else type_phrase(value)
                got = got if len(args) == 1 and not keywords else f"{len(args) + len(keywords)} arguments"
                should = f"{name} takes one argument, an array of the shape {like.shape} of x."
                raise Unmet(should, f"{name} was called with {got}.")
            return float(made(value))

        for inside, value in names.items():  # in the script the input may be called w2
            source = re.sub(rf"\b{inside}\b", self.describe(value), source)
        function.__name__ = self._script.fresh(name)
        return self._script.define(function.__name__, function, source)

    def sizes(self, **counts: int) -> None:
        """Tell the sizes of this case (rows, classes, inputs, units, ...), so that ratios can be named."""
        self._counts = counts

    def _drawn(
        self, name: str, shape: tuple[int, ...], scale: float, dtype: DTypeLike, method: str, low: float, high: float
    ) -> np.ndarray:
        name = self._script.fresh(name)
        seed = self._derive(name) % 100_000
        values = _numbers(seed, method, low, high, shape, scale).astype(dtype)
        if values.size <= WRITTEN_OUT:
            return self._script.define(name, values)
        cast = "" if np.dtype(dtype) == np.float64 else f".astype(np.{np.dtype(dtype).name})"
        how = f"np.random.default_rng({seed}).{method}({low!r}, {high!r}, size={shape})"
        return self._script.define(name, values, how + cast)

    # -- comparisons ---------------------------------------------------------------------------------------------------

    def expect(
        self,
        given: object,
        expected: ArrayLike,
        what: str,
        *,
        should: str | None = None,
        rtol: float = 1e-10,
        atol: float | None = None,
        dtype: DTypeLike | None = None,
        not_finite: str = "",
        layout: str = "",
    ) -> None:
        """Compare in the order missing, type, shape, dtype, NaN or inf, values. Arguments as `compare.compare`; raises Unmet."""
        unmet = compare(
            given, expected, what, should=should or "", rtol=rtol, atol=atol, dtype=dtype, not_finite=not_finite, layout=layout,
            counts=self._counts, named=self._script.arrays(), earlier=self._earlier,
        )  # fmt: skip
        if unmet is not None:
            self._keep_pictures(unmet)
            unmet.compared = given, expected
            raise unmet
        if np.size(expected) > 3:
            self._earlier[f"what {what} should be"] = np.asarray(expected)

    def remember(self, name: str, array: ArrayLike) -> None:
        """An answer that would be left over from an earlier call, such as "the dW of the first batch"."""
        self._earlier[name] = np.asarray(array)

    def expect_shape(self, given: object, shape: Sequence[int], what: str, should: str = "") -> None:
        """An array (or one number, for the shape ()) of this shape, whatever is in it."""
        shape = tuple(shape)
        if given is None or not isinstance(given, np.ndarray | np.number | float | int):
            unmet = compare(given, np.zeros(shape), what)
            assert unmet is not None
            raise unmet
        if np.shape(given) != shape:
            wanted = should or f"{what} should have the shape {shape}."
            seen = ROWS_FOR_COLUMNS if np.shape(given) == shape[::-1] else ""
            gave = f"{what} has the shape {np.shape(given)}; it should be {shape}."
            raise Unmet(wanted, gave, seen, kind="shape", complete=not should)

    def expect_unchanged(self, before: np.ndarray, after: object, what: str, *, atol: float | np.ndarray = 0.0) -> None:
        """An array is afterwards what it was before. `atol`: how far an entry may be off."""
        should = f"{what} should not change."
        if not isinstance(after, np.ndarray) or after.shape != before.shape or after.dtype != before.dtype:
            other = np.asarray(after)
            shape = f", of shape {other.shape} and type {other.dtype.name}"
            raise Unmet(should, f"{what} is a different array afterwards{shape}.", kind="changed")
        same = (before == after) | ((before != before) & (after != after))
        off = np.zeros(before.shape) + np.where(same, 0.0, np.abs(after.astype(float) - before.astype(float)))
        if np.all(off <= atol):
            return
        worst = np.unravel_index(int(np.argmax(np.nan_to_num(off - atol, nan=np.inf))), off.shape)
        was, now = pair_of_numbers(float(before[worst]), float(after[worst]))
        count = int((~(off <= atol)).sum())
        gave = f"{what} has changed at {count} of {off.size} entries: {entry_is(what, worst, f'was {was} and is {now} now')}."
        raise Unmet(should, gave, _how_changed(before, after), kind="changed", compared=(after, before))

    def require(self, condition: object, should: str, gave: str, looks_like: str = "") -> None:
        """Any other promise, in the check's own words."""
        if not condition:
            raise Unmet(should, gave, looks_like)

    def gradient_matches(
        self, analytic: object, numeric: np.ndarray, what: str, *, tol: float = 1e-6, where: Sequence[str] = ()
    ) -> None:
        """A gradient agrees with central differences: |a - n| / (|a| + |n|), by norms, at most `tol`.

        where : names of the entries if they are a sample; otherwise the worst is named by its index
        """
        numeric = np.asarray(numeric, dtype=np.float64)
        unmet = compare(analytic, numeric, what, rtol=0.0, atol=np.inf)
        if unmet is not None:
            raise unmet
        analytic = np.asarray(analytic, dtype=np.float64)
        if f"analytic:{what}" not in self.stored:  # a check that compares a sample may have left the whole arrays
            self.evidence(f"analytic:{what}", analytic)
            self.evidence(f"numeric:{what}", numeric)
        with np.errstate(over="ignore"):
            off, *sizes = (float(np.linalg.norm(array)) for array in (analytic - numeric, analytic, numeric))
        # Norms that are too large for a float would be equal, whatever the arrays: such a gradient is as far off as can be.
        share = off / sum(sizes) if 0 < sum(sizes) < np.inf else float(sum(sizes) > 0)
        if share <= tol:
            return
        worst = np.unravel_index(int(np.argmax(np.abs(analytic - numeric))), numeric.shape)
        name = where[int(np.ravel_multi_index(worst, numeric.shape))] if where else entry_is(what, worst, "").strip()
        told, slope = pair_of_numbers(float(analytic[worst]), float(numeric[worst]))
        should = f"{what} should agree with the numerical gradient: |a - n| / (|a| + |n|) at most {tol:g}."
        gave = f"For {what} it is {number(share)}. Furthest off: {name} is {told}, the measured slope is {slope}."
        looks_like = first_shown(NUMBERS, Mismatch(analytic, numeric, self._counts)) if not where else ""
        raise Unmet(should, gave, looks_like, kind="values", compared=(analytic, numeric))

    # -- what is left over for the report ------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """A remark beside the result, passed or not."""
        self.notes.append(text)

    def start_new_example(self, student: Student) -> None:
        """What follows does not build on the steps so far: a card leaves them out."""
        self._script.begin = len(student.transcript)

    def evidence(self, role: str, array: ArrayLike) -> None:
        """An array for the report's pictures; a long one is cut to its first rows."""
        array = np.asarray(array)
        if array.dtype.kind not in "fiub":
            return
        if array.size > MOST_EVIDENCE:
            array = array[: max(1, MOST_EVIDENCE * len(array) // array.size)]
        self.stored[role] = array

    def describe(self, value: object) -> str:
        """Python text for an argument: its name, a short literal, or what it is."""
        return self._script.describe(value)

    def script(self, transcript: Sequence[Any], lines: Callable[[Sequence[Any]], list[str]] | None = None) -> str:
        """The steps of a transcript as Python that can be pasted: imports, inputs, calls. lines : as of `Script.text`"""
        return self._script.text(transcript, lines)

    def _keep_pictures(self, unmet: Unmet) -> None:
        """Both arrays, or of large ones the window around the worst entry."""
        given, expected = unmet.arrays.get("given"), unmet.arrays.get("expected")
        if given is None or expected is None or given.dtype.kind not in "fiub" or expected.ndim not in (1, 2):
            return
        corner = (0,) * expected.ndim
        if given.shape == expected.shape:
            off = np.nan_to_num(np.abs(given.astype(np.float64) - expected), nan=np.inf)
            worst = np.unravel_index(int(np.argmax(off)), off.shape)
            corner = tuple(max(0, min(int(i) - PICTURE // 2, n - PICTURE)) for i, n in zip(worst, off.shape))
        for role, array in (("expected", expected), ("given", given)):
            if array.ndim in (1, 2):
                starts = corner if array.ndim == len(corner) else (0,) * array.ndim
                self.stored[role] = array[tuple(slice(i, i + PICTURE) for i in starts)]


@functools.lru_cache(maxsize=512)
def _numbers(seed: int, method: str, low: float, high: float, shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Drawn once in a process, for the same checks at each save and for each submission of a class; to be copied, not changed."""
    values: np.ndarray = getattr(np.random.default_rng(seed), method)(low, high, size=shape)
    if values.size <= WRITTEN_OUT:  # few decimals, so that it can be
        decimals = max(0, 3 - int(np.floor(np.log10(scale)))) if scale > 0 else 3
        values = np.round(values, decimals)
        values[values == 0] = 10.0**-decimals
    values.flags.writeable = False
    return values


def _how_changed(before: np.ndarray, after: np.ndarray) -> str:
    if not np.any(after):
        return "It contains only zeros now."
    if before.dtype.kind == "f" and np.isfinite(after).all():
        if close(after, np.maximum(before, 0)):
            return "Its negative entries are 0 now."
        if before.ndim == 2 and close(after, before - before.max(axis=1, keepdims=True)):
            return "Each row's maximum has been subtracted from it."
        by = (after - before).astype(np.float64)
        if np.allclose(by, by.flat[0], rtol=1e-5, atol=0):
            return f"Every entry is {number(abs(float(by.flat[0])), 3)} {'larger' if by.flat[0] > 0 else 'smaller'} now."
        ratio = float(after.flat[int(np.argmax(np.abs(before)))] / max(np.abs(before).max(), 1e-300))
        if ratio and close(after, abs(ratio) * before):
            return f"Every entry has been multiplied by {number(abs(ratio), 6)}."
    return ""
