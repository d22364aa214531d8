"""Ratios kept from an earlier run, and which of today's are worse.

Ratios of two things timed in one run travel from machine to machine better than seconds do; still, a baseline says on
which machine it was taken.
"""

import json
from pathlib import Path

from benchmarks.ratio import Ratio

FILE = Path(__file__).resolve().parent / "baseline.json"
TOLERANCE = 0.20  #: what two runs of the same code on a quiet machine differ by at most


class NoBaseline(SystemExit):
    """There is none, or it cannot be read; ends the program with one sentence."""


def save(ratios: list[Ratio], machine: str, file: Path | None = None) -> None:
    """Keep what was measured now; what was not measured now keeps its earlier value."""
    file = file or FILE
    kept = load(file)["ratios"] if file.is_file() else {}
    kept.update({r.name: round(r.value, 4) for r in ratios if r.value is not None and not r.unit})
    text = json.dumps({"machine": machine, "ratios": dict(sorted(kept.items()))}, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def load(file: Path | None = None) -> dict:
    file = file or FILE
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise NoBaseline(f"error: {file} cannot be read ({error}). Remedy: make bench ARGS=--save-baseline") from error


def worse(ratios: list[Ratio], tolerance: float = TOLERANCE, file: Path | None = None) -> list[str]:
    """A line for each ratio that is worse than the baseline by more than the tolerance."""
    before = load(file)["ratios"]
    return [
        f"{ratio.name}: {ratio.value:.2f}, the baseline is {before[ratio.name]:.2f}"
        for ratio in ratios
        if ratio.name in before and ratio.worse_than(before[ratio.name], tolerance)
    ]
