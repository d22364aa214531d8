"""The course's images for the trusted side: open ones that learners have too, and hidden ones that only a grade uses.

Both are verified against data/SHA256SUMS when first opened, and kept for the life of the process as read-only arrays.
"""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from grader.checks.api import Refusal

SUMS = "SHA256SUMS"

Images = NDArray[np.float32]  #: (N, 784), 0 (black) to 1 (white)
Labels = NDArray[np.int64]  #: (N,), 0 to 9
Array = TypeVar("Array", bound=np.ndarray)


class DamagedData(Refusal):
    """A data file that is missing or not as shipped; the message says how to repair it."""


class Mnist(NamedTuple):
    """What learners have: 20,000 images to train on, 5,000 to validate with."""

    x_train: Images
    y_train: Labels
    x_val: Images
    y_val: Labels


class Hidden(NamedTuple):
    """5,000 validation images whose labels no submission sees."""

    x: Images
    y: Labels


@cache
def open(folder: Path, most: int = 0) -> Mnist:
    """The open images in a course's folder of data, or the first ones of them. Raises DamagedData.

    most : how many to train on, and to validate with, for rehearsals; 0 is all
    """
    if most:
        return Mnist._make(array[:most] for array in open(folder))
    return Mnist(*_load(folder, "mnist.npz", Mnist._fields))


@cache
def hidden(folder: Path, most: int = 0) -> Hidden | None:
    """The hidden images, all of them whatever `most` says; None where the course was handed out without them. Raises DamagedData."""
    if not has_hidden(folder):
        return None
    return Hidden(*_load(folder, "hidden.npz", Hidden._fields))


def has_hidden(folder: Path) -> bool:
    """Whether there are hidden images at all: a learner's kit has neither the file nor a line for it."""
    return (folder / "hidden.npz").exists() or "hidden.npz" in _read(folder / SUMS).decode("ascii", "replace").split()


def _load(folder: Path, name: str, keys: tuple[str, ...]) -> list[np.ndarray]:
    content = _verified(folder, name)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = [archive[key] for key in keys]
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise _damaged(name, f"it cannot be read as an archive of arrays ({error})") from error
    return [_image_floats(a) if a.ndim == 2 else _frozen(a.astype(np.int64)) for a in arrays]


def _verified(folder: Path, name: str) -> bytes:
    """The bytes of a data file, if they are those in the list of checksums."""
    content = _read(folder / name)
    listed = _read(folder / SUMS).decode("ascii", "replace").split()
    wanted = dict(zip(listed[1::2], listed[0::2])).get(name)
    if wanted is None:
        raise _damaged(SUMS, f"it has no line for {name}")
    if hashlib.sha256(content).hexdigest() != wanted:
        raise _damaged(name, f"its checksum is not the one in data/{SUMS}")
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _damaged(path.name, "it is missing" if not path.exists() else f"it cannot be read ({error})") from error


def _damaged(name: str, reason: str) -> DamagedData:
    return DamagedData(
        f"data/{name} is damaged: {reason}. Restore it with `git checkout -- data/{name}`, "
        f"download the course again, or rebuild it from the genuine MNIST files with `python data/build.py FOLDER`."
    )


def _image_floats(pixels: NDArray[np.uint8]) -> Images:
    images = pixels.astype(np.float32)
    images /= 255
    return _frozen(images)


def _frozen(array: Array) -> Array:
    array.setflags(write=False)
    return array
