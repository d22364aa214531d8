"""Grader and worker on one processor, while they do nothing but answer each other.

To wake a process on another processor takes longer than most messages take to be answered: on a virtual machine five
times as long. Two that never work at the same time lose nothing by sharing one, as long as they have it to themselves:
who works for longer is let go, so that the system can find another place for it.
"""

import contextlib
import os

from grader.worker.inside import kernel

MOMENT = 0.02  #: seconds of waiting for an answer after which the two are let go


class SharedCpu:
    """Keeps this thread, and the worker of that number, on the processor where this thread runs now.

    Where the system has no such call, or forbids it, they stay where they are.
    """

    def __init__(self, pid: int):
        self._pid = pid
        self._everywhere = os.sched_getaffinity(0) if kernel.LINUX else set()
        self.bound = False
        if len(self._everywhere) > 1:
            here = {kernel.current_processor()}
            self.bound = _bind(pid, here) and _bind(0, here)

    def let_go(self, alive: bool = True) -> None:
        """May be called again.

        alive : whether the number is still the worker's
        """
        if self.bound:
            self.bound = False
            if alive:
                _bind(self._pid, self._everywhere)
            _bind(0, self._everywhere)


def _bind(pid: int, processors: set[int]) -> bool:
    with contextlib.suppress(OSError):  # it has ended, or is another user's
        os.sched_setaffinity(pid, processors)
        return True
    return False
