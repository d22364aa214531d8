"""Evidence: the arrays beside a grade, read with care. A file that is missing or broken costs its picture, nothing else."""

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grader.records import Card, CurvesRecord

#: Evidence of one check: role -> array.
Arrays = Mapping[str, np.ndarray]

#: No evidence file of a grade is larger than this once unpacked; anything larger was not written by the engine.
MOST_BYTES = 32_000_000


def load(out: Path, stage: str, check: str, card: Card | None) -> dict[str, np.ndarray]:
    """The arrays that a card names, by role; those that cannot be read are absent.

    out     : folder of the grade, with evidence/<stage>.<check>.npz
    returns : role -> array of numbers or truth values
    """
    name = f"{stage}.{check}.npz"
    if card is None or not card.evidence or Path(name).name != name:
        return {}
    try:
        with zipfile.ZipFile(out / "evidence" / name) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                return {}
        with np.load(out / "evidence" / name, allow_pickle=False) as arrays:
            found = {role: arrays[key] for role, key in card.evidence.items() if key in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError):
        return {}
    return {role: array for role, array in found.items() if array.dtype.kind in "biuf" and array.size}


class Curves(NamedTuple):
    """One training, an entry an epoch, and what the reference's trainings span."""

    history: dict[str, list[float]]
    band: dict[str, tuple[list[float], list[float]]]  #: low and high
    goal: float | None = None

    @classmethod
    def of(cls, record: CurvesRecord) -> "Curves | None":
        """From `Report.curves`; None if no number of its history is finite."""
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
        record: CurvesRecord = {"history": {name: array.astype(float).ravel().tolist() for name, array in kept.items()}}
        if "goal" in arrays and arrays["goal"].size == 1:
            record["goal"] = arrays["goal"].item()
        return cls.of(record)
