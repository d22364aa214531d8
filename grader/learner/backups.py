"""Copies of a learner's files, kept before a verb changes them."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

SAVED = ".chain-rule/saved"  #: in a course's folder


def save_copies(folder: Path, names: Iterable[str], target: Path) -> Path:
    """Copy files of a folder to a new folder in `target`, named after the time; returns that folder."""
    stamp = time.strftime("%Y-%m-%d_%H-%M-%S")
    place, attempt = target / stamp, 1
    while place.exists():
        attempt += 1
        place = target / f"{stamp}_{attempt}"
    place.mkdir(parents=True)
    for name in names:
        shutil.copy2(folder / name, place / name)
    return place
