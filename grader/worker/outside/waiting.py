"""Waiting for a worker: until when, and for what."""

import select
import sys
import time
from typing import Any

from grader.worker.outside.coldprocess import ColdProcess
from grader.worker.outside.process import ForkedProcess

PATIENCE = 5.0  # a worker without a free processor gets up to this multiple of its limit


class Deadline:
    """When a call ends. A worker without a free processor gets more time: a busy machine must not decide a grade."""

    def __init__(self, limit: float, process: ForkedProcess | ColdProcess):
        self.limit, self.process = limit, process
        self.start = time.monotonic()
        self.end = self.start + limit
        self._late = False  # at the last bytes that came it had passed

    def left(self) -> float:
        return max(0.0, self.end - time.monotonic())

    def passed(self) -> bool:
        now = time.monotonic()
        if now < self.end:
            return False
        if now < self.start + PATIENCE * self.limit and self.process.starved(self.limit):
            self.end = now + min(1.0, max(0.1, self.limit / 4))
            return False
        return True

    def overrun(self) -> bool:
        """Whether bytes came after it had passed. Those of the first look count: they may have lain there in time."""
        before, self._late = self._late, self.passed()
        return before and self._late


class Poll:
    """Waits for the connection, the output and the process's end at once."""

    def __init__(self, process: ForkedProcess | ColdProcess):
        self.process = process
        self.connection = process.connection.fileno()
        self.others = [fd for fd in (process.output, process.ended) if fd >= 0]
        self.polls: dict[bool, Any] = {}
        if hasattr(select, "poll") and sys.platform != "win32":
            for writing in (False, True):
                poll = self.polls[writing] = select.poll()
                poll.register(self.connection, select.POLLOUT if writing else select.POLLIN)
                for fd in self.others:
                    poll.register(fd, select.POLLIN)

    def wait(self, seconds: float, writing: bool) -> tuple[bool, bool, bool]:
        """Which of them has something: (connection, output, end). The end counts once all else is read."""
        if self.polls:
            got = {fd for fd, _ in self.polls[writing].poll(seconds * 1000)}
        else:
            reads = self.others if writing else [*self.others, self.connection]
            ready = select.select(reads, [self.connection] if writing else [], [], seconds)
            got = {*ready[0], *ready[1]}
        return self.connection in got, self.process.output in got, self.process.ended in got

    def without_output(self) -> None:
        """The output is at its end, and would be ready for ever."""
        self.others.remove(self.process.output)
        for poll in self.polls.values():
            poll.unregister(self.process.output)

    def wait_for_end(self, seconds: float) -> None:
        """Wait briefly for the process to exit, so that its exit status is known."""
        if self.process.ended >= 0:
            select.select([self.process.ended], [], [], seconds)
