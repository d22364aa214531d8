"""Arrays that every worker has without being sent them."""

import mmap
import os
from collections.abc import Sequence

import numpy as np


class Mapped:
    """An array in memory that the grader wrote and sealed; what a worker changes of it is its own.

    fd    : the memory; it may be closed afterwards
    """

    def __init__(self, fd: int, dtype: str, shape: Sequence[int]):
        size = os.fstat(fd).st_size
        self._memory = mmap.mmap(fd, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        self._dtype, self._shape = np.dtype(dtype), tuple(shape)

    def array(self) -> np.ndarray:
        """The array, as a new object: shape and flags of one that was handed out before may have been changed."""
        return np.frombuffer(self._memory, self._dtype, int(np.prod(self._shape))).reshape(self._shape)

    def restore(self) -> None:
        """Take back whatever this process has changed."""
        self._memory.madvise(mmap.MADV_DONTNEED)
