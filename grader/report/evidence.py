"""Evidence: the arrays beside a grade, read with care. A file that is missing or broken costs its picture, nothing else."""

import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grader.records import Card

#: No evidence file of a grade is larger than this once unpacked; anything larger was not written by the engine.
MOST_BYTES = 32_000_000
MOST_RUNS = 50


def load(out: Path, stage: str, check: str, card: Card | None) -> dict[str, np.ndarray]:
    """The arrays that a card names, by role; those that cannot be read are absent.

    out     : folder of the grade, with evidence/<stage>.<check>.npz
    returns : role -> array of numbers or truth values
    """
    if card is None or not card.evidence:
        return {}
    name = f"{stage}.{check}.npz"
    if Path(name).name != name:
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


class Run(NamedTuple):
    """One earlier grade."""

    finished: str
    score: int
    max_score: int
    states: dict[str, str]  #: stage id -> state
    submission: str = ""


def history(out: Path) -> list[Run]:
    """The runs that `out/history.jsonl` keeps, oldest first; lines that hold no run are left out."""
    try:
        lines = (out / "history.jsonl").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    runs = [_run(line) for line in lines[-MOST_RUNS:]]
    return [run for run in runs if run is not None]


def _run(line: str) -> Run | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    if not isinstance(row, dict) or not all(isinstance(row.get(name), int) for name in ("score", "max_score")):
        return None
    stages = row.get("stages")
    states = {}
    for stage, value in stages.items() if isinstance(stages, dict) else ():
        state = value.get("state") if isinstance(value, dict) else value
        if isinstance(state, str):
            states[stage] = state
    return Run(str(row.get("finished", "")), row["score"], row["max_score"], states, str(row.get("submission", "")))


def numbers(value: Any) -> list[float]:
    """A list of floats from a record that may hold anything: None and text become nan, no list becomes empty."""
    if not isinstance(value, (list, tuple)):
        return []
    return [float(x) if isinstance(x, (int, float)) and not isinstance(x, bool) else math.nan for x in value]


class Curves(NamedTuple):
    """One training, an entry an epoch, and what the reference's trainings span."""

    history: dict[str, list[float]]
    band: dict[str, tuple[list[float], list[float]]]  #: low and high
    goal: float | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Curves | None":
        """From `Report.curves`; None if it holds no history."""
        raw = record.get("history")
        kept = {str(name): numbers(values) for name, values in raw.items()} if isinstance(raw, Mapping) else {}
        kept = {name: values for name, values in kept.items() if any(map(math.isfinite, values))}
        if not kept:
            return None
        band = {}
        reference = record.get("reference")
        for name, span in reference.items() if isinstance(reference, Mapping) else ():
            if isinstance(span, Mapping):
                low, high = numbers(span.get("low")), numbers(span.get("high"))
                if low and len(low) == len(high):
                    band[str(name)] = (low, high)
        goal = record.get("goal")
        return cls(kept, band, float(goal) if isinstance(goal, (int, float)) else None)

    @classmethod
    def of_evidence(cls, arrays: Mapping[str, np.ndarray]) -> "Curves | None":
        """From roles such as `history:val_acc`."""
        kept = {role.partition(":")[2]: array for role, array in arrays.items() if role.startswith("history:")}
        goal = arrays["goal"].item() if "goal" in arrays and arrays["goal"].size == 1 else None
        return cls.of(
            {"history": {name: array.astype(float).ravel().tolist() for name, array in kept.items()}, "goal": goal}
        )
