"""What a benchmark hands back: ratios with targets, and the timings they come from.

A module `bench_<subject>.py` in this folder defines `ratios(options)`, which yields `Ratio`s and `Curve`s. Things that are compared are
timed alternately within one run, so that a machine that slows down slows all of them down.
"""

import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pyperf


@dataclass(frozen=True)
class Timing:
    """Repeated measurements of one thing, in seconds."""

    name: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    def record(self) -> pyperf.Benchmark:
        """As pyperf stores it, so that `pyperf stats` and `pyperf compare_to` read our files."""
        run = pyperf.Run(self.values, metadata={"name": self.name, "unit": "second"}, collect_metadata=False)
        return pyperf.Benchmark([run])


@dataclass(frozen=True)
class Ratio:
    """One measured figure beside its target.

    name    : "training: reference / Keras fit"
    value   : None where it could not be measured; `how` then says why
    target  : None where there is none
    unit    : "" for a ratio, "ms", "s"
    most    : whether the target is the most that is allowed (else the least)
    how     : one sentence: what was measured, with which settings
    timings : where the value comes from
    """

    name: str
    value: float | None
    target: float | None = None
    how: str = ""
    unit: str = ""
    most: bool = True
    timings: tuple[Timing, ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none, or nothing was measured."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.most else self.value >= self.target

    def worse_than(self, before: float, tolerance: float) -> bool:
        """Whether the value is worse than an earlier one by more than a share of it."""
        if self.value is None:
            return False
        return self.value > before * (1 + tolerance) if self.most else self.value < before * (1 - tolerance)


@dataclass(frozen=True)
class Curve:
    """How something grows: measured points, and the exponent of the power law through them.

    series : name -> [(size, value), ...]
    """

    name: str
    x: str
    y: str
    series: Mapping[str, list[tuple[float, float]]]
    how: str = ""
    exponents: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Options:
    """What a run of the benchmarks was asked for.

    quick : fewer repeats, for a look or a test; the figures are not to be quoted
    """

    quick: bool = False

    def rounds(self, full: int) -> int:
        return 1 if self.quick else full


def timed(function: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def spent(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> float:
    """Seconds of processor time of a command and of all that it starts; raises RuntimeError if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def alternate(functions: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Timing]:
    """Call all functions in turn, several rounds; each returns its own measurement in seconds."""
    values: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            values[name].append(function())
    return {name: Timing(name, tuple(seconds)) for name, seconds in values.items()}


def exponent(points: list[tuple[float, float]]) -> float:
    """Slope of the line through the points on paper with both axes logarithmic."""
    import numpy as np

    x, y = np.log(np.array(points)).T
    return float(np.polyfit(x, y, 1)[0])
