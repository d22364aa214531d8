"""Two arrays that should be equal and are not: what close means, and a pattern in the difference as a record."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

#: What a test finds: whether it holds, or the words for the blanks of its sentence.
Finding = bool | np.bool_ | Mapping[str, object]


@dataclass(frozen=True)
class Mismatch:
    """What was given beside what was expected, and what is known of the case.

    given, expected : finite numbers
    counts          : sizes of the case by name ("rows", "classes", ...)
    named, earlier  : its inputs, and answers to earlier calls, by name
    """

    given: np.ndarray
    expected: np.ndarray
    counts: Mapping[str, int] = field(default_factory=dict)
    named: Mapping[str, np.ndarray] = field(default_factory=dict)
    earlier: Mapping[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def given64(self) -> np.ndarray:
        return self.given.astype(np.float64)

    @cached_property
    def tolerance(self) -> float:
        return tolerance(self.given)

    @cached_property
    def scale(self) -> float:
        """The largest entry that was expected, without its sign."""
        return float(np.abs(self.expected).max(initial=0.0))

    @cached_property
    def slack(self) -> float:
        """The largest entry on either side, without its sign: a difference is small beside it."""
        return self.scale + float(np.abs(self.given64).max(initial=0.0))

    @cached_property
    def off(self) -> np.ndarray:
        """Which entries differ, as a mask."""
        off: np.ndarray = np.abs(self.given64 - self.expected) > 1e-9 * self.slack
        return off

    @cached_property
    def varied(self) -> bool:
        """Whether the expected entries are not all alike."""
        return bool(np.ptp(self.expected))

    @cached_property
    def table(self) -> bool:
        """Whether there are several rows and several columns."""
        return self.expected.ndim == 2 and min(self.expected.shape) > 1

    @cached_property
    def ratio(self) -> float:
        """The one factor between the two; 0 if there is none, or if it is 1."""
        if self.scale == 0:
            return 0.0
        largest = np.unravel_index(int(np.argmax(np.abs(self.expected))), self.expected.shape)
        ratio = float(self.given[largest]) / float(self.expected[largest])
        equal = abs(ratio - 1) <= self.tolerance
        return 0.0 if ratio == 0 or equal or not close(self.given, ratio * self.expected) else ratio

    def ratio_is(self, value: float) -> bool:
        return self.ratio != 0 and abs(self.ratio - value) <= self.tolerance * abs(value)


class Pattern(NamedTuple):
    """One thing that a difference may show, in the words of patterns.toml. Tables of them are ordered: the first that holds
    is told.
    """

    name: str
    test: Callable[[Mismatch], Finding]


@cache
def words() -> dict[str, dict[str, str]]:
    """Of each pattern its sentence, with blanks, and its place: why it stands before or after others, where both can hold."""
    return tomllib.loads(Path(__file__).with_name("patterns.toml").read_text("utf-8"))


def first_shown(patterns: Iterable[Pattern], mismatch: Mismatch) -> str:
    """The sentence of the first pattern that holds; "" if none does."""
    for pattern in patterns:
        if found := pattern.test(mismatch):
            every = "It is" if mismatch.expected.size == 1 else "Every entry is"
            return words()[pattern.name]["sentence"].format(every=every, **(found if isinstance(found, Mapping) else {}))
    return ""


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays of one shape agree to nine digits of the largest entry (five if one is float32 or less)."""
    if a.shape != b.shape or a.dtype.kind not in "fiub" or b.dtype.kind not in "fiub":
        return False
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    if not (np.isfinite(a64).all() and np.isfinite(b64).all()):
        return False
    largest = max(np.abs(a64).max(initial=0.0), np.abs(b64).max(initial=0.0))
    return bool(np.all(np.abs(a64 - b64) <= max(tolerance(a), tolerance(b)) * largest))


def tolerance(array: np.ndarray) -> float:
    """The relative error that tells nothing: five digits of float32 or less, nine of all else."""
    return 1e-5 if array.dtype.kind == "f" and array.dtype.itemsize < 8 else 1e-9
