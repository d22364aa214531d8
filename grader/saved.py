"""Copies of a learner's files, kept before a verb changes them."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from grader.paths import ROOT

SAVED = ROOT / ".chain-rule" / "saved"


def save_copies(folder: Path, names: Iterable[str], target: Path | None = None) -> Path:
    """Copy files of a folder to a new folder named after the time; returns that folder."""
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    base = SAVED if target is None else target
    place, attempt = base / stamp, 1
    while place.exists():
        attempt += 1
        place = base / f"{stamp}_{attempt}"
    place.mkdir(parents=True)
    for name in names:
        shutil.copy2(folder / name, place / name)
    return place
