"""An answer as a digest: enough to see that another answer is the same, too little to read the answer from.

Numbers are rounded to a grid before they are hashed, and what lies beside an edge of the grid may be rounded to either
side. So there are two grids, shifted against each other, and answers agree if either of their two digests does. A grid's
step is a share of the array's largest entry, taken to a power of two on a shifted grid as well. The shifts are irrational
enough: 0, 1 and powers of two, which answers are full of, lie far from every edge.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from grader.worker.outside.handles import Remote
from grader.worker.outside.transcript import ErrorInfo, Opaque

SHIFTS = (0.137, 0.637)  #: of the two grids, in steps
LETTERS = 6  #: of a digest, each of six bits: what differs has the same one once in 10**11, and a name needs several
#: A step of the grid as a share of the largest entry, by bytes of a float.
_STEP = {8: 1e-6, 4: 1e-3, 2: 1e-1}
_NOT_FINITE = 2**60  #: stands for nan, and twice as much for an infinity: more than any number of steps


class Digest(NamedTuple):
    """Of one value, on both grids. As text: one of them if they are the same, as for all that is not a float."""

    first: str
    second: str

    def agrees(self, other: "Digest") -> bool:
        """Whether the values are the same as far as digests can tell."""
        return self.first == other.first or self.second == other.second

    def __str__(self) -> str:
        return self.first if self.first == self.second else f"{self.first},{self.second}"

    @classmethod
    def read(cls, text: str) -> "Digest":
        """The inverse of `str`."""
        first, comma, second = text.partition(",")
        return cls(first, second if comma else first)


def digest(value: object) -> Digest:
    """Of an answer, or of a question with its answer; of an exception only the type counts, as in `same`."""
    first, second = (_hashed(_canonical(value, shift)) for shift in SHIFTS)
    return Digest(first, second)


def digest_text(text: str) -> str:
    """Of words, which are not numbers: one digest for both grids."""
    return _hashed(iter([text.encode("utf-8", "surrogatepass")]))


def _hashed(parts: Iterator[bytes]) -> str:
    found = hashlib.blake2b(digest_size=8)
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return base64.urlsafe_b64encode(found.digest())[:LETTERS].decode()


def _canonical(value: object, shift: float) -> Iterator[bytes]:
    """What is hashed: what the contract leaves free makes no difference, as in `same`."""
    if isinstance(value, ErrorInfo):
        yield f"raises {value.error} {value.type_name}".encode()
    elif isinstance(value, Opaque | Remote):
        yield b"object"
    elif isinstance(value, list | tuple):
        yield f"list {len(value)}".encode()
        for item in value:
            yield from _canonical(item, shift)
    elif isinstance(value, dict):
        yield f"dict {len(value)}".encode()
        for key in sorted(value, key=repr):
            yield repr(key).encode("utf-8", "surrogatepass")
            yield from _canonical(value[key], shift)
    elif isinstance(value, np.ndarray | np.generic | int | float | complex) and not isinstance(value, bool):
        array = np.asarray(value)
        kind = "array" if isinstance(value, np.ndarray) else "number"
        yield f"{kind} {array.dtype.str} {array.shape}".encode()
        # An integer that no dtype can hold is its digits.
        yield repr(value).encode() if array.dtype.kind == "O" else _rounded(array, shift).tobytes()
    else:
        yield f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")


def _rounded(array: np.ndarray, shift: float) -> np.ndarray:
    """Floats as the grid's scale and whole steps of it; anything else as it is."""
    if array.dtype.kind == "c":
        return np.concatenate([_rounded(array.real, shift), _rounded(array.imag, shift)])
    if array.dtype.kind != "f":
        return array
    share, wide = _STEP.get(array.dtype.itemsize, _STEP[8]), array.astype(np.float64)
    finite = np.isfinite(wide)
    largest = np.abs(wide[finite]).max(initial=0.0)
    scale = int(np.floor(np.log2(largest) + shift)) if largest else 0
    steps = np.floor(np.ldexp(np.where(finite, wide, 0.0), -scale) / share + shift)
    steps = np.where(np.isnan(wide), _NOT_FINITE, np.where(finite, steps, np.copysign(2 * _NOT_FINITE, wide)))
    return np.append(scale, steps).astype(np.int64)
