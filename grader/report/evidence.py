"""Evidence: the arrays beside a grade, read with care. A file that is missing or broken costs its picture, nothing else."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from grader.records import Card

#: Evidence of one check: role -> array.
Arrays = Mapping[str, np.ndarray]

#: No evidence file of a grade is larger than this once unpacked; anything larger was not written by the engine.
MOST_BYTES = 32_000_000


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
