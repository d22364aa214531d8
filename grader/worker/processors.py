"""Grader and worker on one processor, while they do nothing but answer each other.

To wake a process on another processor takes longer than most messages take to be answered: on a virtual machine five
times as long. Two that never work at the same time lose nothing by sharing one.
"""

import contextlib
import os
from collections.abc import Callable, Iterator

from grader.worker import kernel


@contextlib.contextmanager
def together(pid: int, alive: Callable[[], bool]) -> Iterator[None]:
    """Keep this thread, and the worker with that number, on the processor where this thread runs now.

    Where the system has no such call, or forbids it, they stay where they are.

    alive : whether the number is still the worker's
    """
    everywhere = os.sched_getaffinity(0) if kernel.LINUX else set()
    if len(everywhere) < 2:
        yield
        return
    here = {kernel.current_processor()}
    if _bind(pid, here):
        _bind(0, here)
    try:
        yield
    finally:
        if alive():
            _bind(pid, everywhere)
        _bind(0, everywhere)


def _bind(pid: int, processors: set[int]) -> bool:
    try:
        os.sched_setaffinity(pid, processors)
    except OSError:  # it has ended, or is another user's
        return False
    return True
