"""The bytes between the grader and a worker: frames there and back under a deadline, what is printed caught meanwhile."""

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable

from grader.text import MAX_OUTPUT, clean_output
from grader.worker import bounds, stream, wire
from grader.worker.inside import kernel
from grader.worker.outside import errors
from grader.worker.outside.process import ColdProcess, ForkedProcess

MOMENT = 0.02  # seconds of waiting for an answer after which grader and worker no longer share a processor
PATIENCE = 5.0  # a worker without a free processor gets up to this multiple of its limit


class Deadline:
    """When a call ends. A worker without a free processor gets more time: a busy machine must not decide a grade."""

    def __init__(self, limit: float, process: ForkedProcess | ColdProcess):
        self.limit, self.process = limit, process
        self.start = time.monotonic()
        self.end = self.start + limit
        self.served = 0.0  # seconds that the worker had the grader work: for these it was not starved
        self._late = False  # at the last bytes that came it had passed

    def left(self) -> float:
        return max(0.0, self.end - time.monotonic())

    def passed(self) -> bool:
        now = time.monotonic()
        if now < self.end:
            return False
        if now < self.start + PATIENCE * self.limit and self.process.starved(self.limit - self.served):
            self.end = now + min(1.0, max(0.1, self.limit / 4))
            return False
        return True

    def overrun(self) -> bool:
        """Whether bytes came after it had passed. Those of the first look count: they may have lain there in time."""
        before, self._late = self._late, self.passed()
        return before and self._late


class Ended(Exception):
    """The other end is gone."""


def _timeout(deadline: Deadline) -> errors.CallTimeout:
    when = f"after {deadline.limit:.3g} s" if deadline.limit > 0 else "at once: its check has used up all of its time"
    return errors.CallTimeout(f"The call was stopped {when}.", limit=deadline.limit)


class Connection:
    """Frames to and from one worker process.

    heard       : told what the worker prints, as it comes
    output_seen : bytes that it has printed
    together    : keeps both ends on one processor, if they are
    before_call : bytes at the start of what is kept of them that belong to no call
    """

    def __init__(self, process: ForkedProcess | ColdProcess, heard: Callable[[bytes], None]):
        self.process, self.heard = process, heard
        self._selector = getattr(selectors, "PollSelector", selectors.SelectSelector)()  # Windows has no poll
        for fd in (process.connection.fileno(), process.output, process.ended):
            if fd >= 0:
                self._selector.register(fd, selectors.EVENT_READ)
        self.output_seen = self.before_call = 0
        self._printed = bytearray()
        self._ended_output = False
        self.together: SharedCpu | None = None
        self._reader = stream.Reader(self._receive_into, bounds.MAX_ANSWER)
        process.connection.setblocking(False)
        process.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def begin_call(self) -> None:
        """What is printed from now on is another call's."""
        self._printed.clear()
        self.before_call = 0
        self.process.mark()

    def send(self, frame: wire.Frame, deadline: Deadline) -> None:
        """raises : Ended, CallTimeout, TooMuchOutput"""
        for part in stream.parts(frame):
            view = memoryview(part)
            while view:
                try:
                    view = view[self.process.connection.send(view) :]
                except BlockingIOError:
                    self._wait(deadline, writing=True)
                except OSError:
                    raise Ended from None

    def receive(self, deadline: Deadline) -> wire.Frame:
        """raises : Ended, CallTimeout, TooMuchOutput; ProtocolViolation for bytes that are no frame"""
        try:
            frame = self._reader.frame(deadline)
        except wire.WireError as reason:
            raise errors.ProtocolViolation(f"The worker sent an invalid reply ({reason}).") from None
        self.read_output()  # whatever was printed before the answer was sent is in the pipe by now
        return frame

    def _receive_into(self, view: memoryview, deadline: Deadline) -> int:
        """Some bytes. recv, not recvmsg: descriptors that the other end tries to pass are dropped."""
        while True:
            try:
                got = self.process.connection.recv_into(view)
            except BlockingIOError:
                self._wait(deadline, writing=False)
                continue
            except OSError:
                raise Ended from None
            if got == 0:
                raise Ended
            if deadline.overrun():  # _wait is never reached while bytes keep coming
                raise _timeout(deadline)
            return got

    def _wait(self, deadline: Deadline, writing: bool) -> None:
        """Until the connection is ready, emptying the output meanwhile. The process's end counts once all else is read."""
        connection = self.process.connection.fileno()
        self._selector.modify(connection, selectors.EVENT_WRITE if writing else selectors.EVENT_READ)
        while True:
            left = deadline.left()
            bound = self.together is not None and self.together.bound
            ready = {key.fd for key, _ in self._selector.select(min(left, MOMENT) if bound else left)}
            if self.process.output in ready:
                self.read_output()
            if connection in ready:
                return
            if self.process.ended in ready:
                raise Ended
            if self.together is not None and self.process.output not in ready:
                self.together.let_go()
            if deadline.passed():
                raise _timeout(deadline)

    def read_output(self) -> None:
        """Take what has been printed; raises TooMuchOutput."""
        while not self._ended_output:
            try:
                data = self.process.read_output()
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._ended_output = True
                self._selector.unregister(self.process.output)  # else it would be ready for ever
                return
            self.output_seen += len(data)
            self._printed += data[: max(0, MAX_OUTPUT - len(self._printed))]
            self.heard(data)
            if self.output_seen > bounds.MAX_PRINTED:
                raise errors.TooMuchOutput(f"The code printed more than {bounds.MAX_PRINTED >> 20} MB and was stopped.")

    def printed(self) -> str:
        """What the call has printed so far."""
        return clean_output(self._printed[max(0, self.before_call) :].decode("utf-8", "replace"))


class SharedCpu:
    """Keeps this thread, and the worker of that number, on the processor where this thread runs now.

    To wake a process on another processor takes longer than most messages take to be answered: on a virtual machine five
    times as long. Two that never work at the same time lose nothing by sharing one, as long as they have it to themselves:
    who works for longer is let go, so that the system can find another place for it. Where the system has no such call, or
    forbids it, they stay where they are.
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
