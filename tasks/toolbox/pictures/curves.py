"""A training as the report's pictures show it."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from grader.report.api import Arrays


class Curves(NamedTuple):
    """One training, an entry an epoch, and what the reference's trainings span."""

    history: dict[str, list[float]]
    band: dict[str, tuple[list[float], list[float]]]  #: low and high
    goal: float | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Curves | None":
        """From the `curves` of a report; None if no number of its history is finite."""
        history = record.get("history", {}).items()
        kept = {name: [math.nan if x is None else x for x in values] for name, values in history}
        kept = {name: values for name, values in kept.items() if any(map(math.isfinite, values))}
        spans = {name: (span["low"], span["high"]) for name, span in record.get("reference", {}).items()}
        band = {name: (low, high) for name, (low, high) in spans.items() if low and len(low) == len(high)}
        return cls(kept, band, record.get("goal")) if kept else None

    @classmethod
    def of_evidence(cls, arrays: Arrays) -> "Curves | None":
        """From roles such as `history:val_acc`."""
        kept = {role.partition(":")[2]: array for role, array in arrays.items() if role.startswith("history:")}
        record: dict[str, Any] = {"history": {name: array.astype(float).ravel().tolist() for name, array in kept.items()}}
        if "goal" in arrays and arrays["goal"].size == 1:
            record["goal"] = arrays["goal"].item()
        return cls.of(record)
