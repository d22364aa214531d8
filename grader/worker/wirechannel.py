"""The grader's end of a connection: frames there and back under one deadline, output caught, deaths explained."""

import os
import select
import signal
import socket
import struct
import sys
import time
from typing import Any

import numpy as np

from grader.submission import Submission
from grader.worker import errors, wire
from grader.worker.channel import Channel, Limits
from grader.worker.process import ColdProcess, ForkedProcess
from grader.worker.proxy import cleaned

MAX_OUTPUT = 8 << 20  # bytes that a worker may print in its life
KEPT_OUTPUT = 64 << 10  # bytes kept of one call
PATIENCE = 5.0  # times the limit that a worker may take which is kept waiting for a processor
_GRACE = 0.25


class _Ended(Exception):
    """The other end is gone."""


class WireChannel(Channel):
    """A conversation with a worker process."""

    def __init__(self, process: ForkedProcess | ColdProcess, submission: Submission, limits: Limits):
        super().__init__(submission, limits)
        self.process = process
        self.status: dict[str, Any] = {}
        self._printed = bytearray()
        self._output_seen = 0
        self._ended_output = False
        self._poll = _Poll(process)
        process.connection.setblocking(False)
        process.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def hello(self, seconds: float = 20.0) -> dict[str, Any]:
        """What the worker measured of itself before it loaded anything of the learner's."""
        try:
            value = self.decode(self._receive(_Deadline(seconds, self.process)))
            if type(value) is list and value[0] == "hello":
                self.status = value[1]
                return self.status
        except (_Ended, errors.StudentError) as reason:
            died = self._printed.decode("utf-8", "replace").strip().splitlines()[-1:]
            self.close()
            raise errors.WorkerFault(f"a worker could not be started: {' '.join(died) or type(reason).__name__}") from None
        raise errors.WorkerFault("a worker did not report what it withholds")

    def load(self, folder: str) -> None:
        """Send the submission's modules."""
        texts = {name: np.frombuffer(text.encode(), np.uint8) for name, text in self.submission.modules.items()}
        self._plain("load", texts, self.submission.problems, folder)

    def share(self, name: str, array: np.ndarray) -> None:
        """Send an array that the worker does not have from the zygote."""
        self._plain("share", name, array)

    def _plain(self, *message: Any) -> None:
        """A message of our own that no code of the learner's is involved in."""
        limits, self.limits = self.limits, Limits(20.0, 20.0)
        try:
            self.request(message[0], *message[1:])
        except errors.StudentError as reason:
            raise errors.WorkerFault(f"a worker did not take its submission: {reason}") from None
        finally:
            self.limits, self.spent = limits, 0.0

    # -- one exchange -------------------------------------------------------------------------------------------

    def _exchange(self, frame: wire.Frame) -> tuple[wire.Frame, str]:
        if not self.alive:
            raise errors.WorkerDied("The worker has ended in an earlier call.")
        outermost = self._depth == 1
        if outermost:
            self._printed.clear()
            self.process.mark()
            self._deadline = _Deadline(self.allowance(), self.process)
        deadline = self._deadline
        try:
            self._send(frame, deadline)
            while True:
                reply = self._receive(deadline)
                if not self._called_back_by(reply, deadline):
                    break
            printed = cleaned(self._printed[:KEPT_OUTPUT].decode("utf-8", "replace")) if outermost else ""
            return reply, printed
        except _Ended:
            raise self._death() from None
        except errors.CallTimeout as stopped:
            self.close()
            stopped.printed = self._text()
            raise
        except (errors.TooMuchOutput, errors.ProtocolViolation, KeyboardInterrupt):
            self.close()
            raise

    def _called_back_by(self, frame: wire.Frame, deadline: "_Deadline") -> bool:
        """Serve a function of the grader's if that is what came; the answer of a request otherwise stays as it is."""
        value = self.decode(frame) if self._callbacks else None
        if type(value) is not list or len(value) != 4 or value[0] != "callback":
            return False
        try:
            answer = wire.encode(["result", [], _outgoing(self.call_back(*value[1:]))])
        except BaseException:
            if self.alive:
                self._finish_failed(deadline)
            raise
        self._send(answer, deadline)
        return True

    def _finish_failed(self, deadline: "_Deadline") -> None:
        """Our own function failed: let the worker come back from its call, so that it can be asked again."""
        self._send(wire.encode(["failed", []]), deadline)
        while True:
            value = self.decode(self._receive(deadline))
            if type(value) is not list or not value or value[0] != "callback":
                return
            self._send(wire.encode(["failed", []]), deadline)

    # -- bytes --------------------------------------------------------------------------------------------------

    def _send(self, frame: wire.Frame, deadline: "_Deadline") -> None:
        for part in (wire.header_of(frame) + frame.structure, *frame.buffers):
            view = memoryview(part)
            while view:
                try:
                    view = view[self.process.connection.send(view) :]
                except BlockingIOError:
                    self._wait(deadline, writing=True)
                except OSError:
                    raise _Ended from None

    def _receive(self, deadline: "_Deadline") -> wire.Frame:
        structure, count = wire.HEADER.unpack(self._exactly(wire.HEADER.size, deadline))
        try:
            wire.check_lengths(structure, [0] * min(count, wire.MAX_BUFFERS + 1))
            lengths = struct.unpack(f"<{count}Q", self._exactly(8 * count, deadline))
            wire.check_lengths(structure, list(lengths))
        except wire.WireError as reason:
            raise errors.ProtocolViolation(f"What came back is no answer ({reason}).", printed=self._text()) from None
        body = bytes(self._exactly(structure, deadline))
        frame = wire.Frame(body, [self._exactly(length, deadline) for length in lengths])
        self._read_output()  # whatever was printed before the answer was sent is in the pipe by now
        return frame

    def _exactly(self, size: int, deadline: "_Deadline") -> np.ndarray:
        # recv, not recvmsg: descriptors that the other end tries to pass are dropped.
        data = np.empty(size, np.uint8)
        view, have = memoryview(data), 0
        while have < size:
            try:
                got = self.process.connection.recv_into(view[have:])
            except BlockingIOError:
                self._wait(deadline, writing=False)
                continue
            except OSError:
                raise _Ended from None
            if got == 0:
                raise _Ended
            have += got
        return data

    def _wait(self, deadline: "_Deadline", writing: bool) -> None:
        """Until the connection is ready, emptying the output meanwhile."""
        while True:
            ready, output, ended = self._poll.wait(deadline.left(), writing, not self._ended_output)
            if output:
                self._read_output()
            if ready:
                return
            if ended:
                raise _Ended
            if not output and deadline.passed():
                limit = deadline.limit
                sentence = f"The call was stopped after {limit:.3g} s."
                raise errors.CallTimeout(sentence, limit=limit)

    def _read_output(self) -> None:
        while not self._ended_output:
            try:
                data = os.read(self.process.output, 1 << 16) if os.name != "nt" else self._read_socket()
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._ended_output = True
                return
            self._output_seen += len(data)
            self._printed += data[: max(0, KEPT_OUTPUT - len(self._printed))]
            if self._output_seen > MAX_OUTPUT:
                raise errors.TooMuchOutput(
                    f"The code printed more than {MAX_OUTPUT >> 20} MB and was stopped.", printed=self._text()
                )

    def _read_socket(self) -> bytes:
        return self.process._mirror.recv(1 << 16)  # type: ignore[union-attr]

    def _text(self) -> str:
        return cleaned(self._printed.decode("utf-8", "replace"))

    # -- ends ---------------------------------------------------------------------------------------------------

    def _death(self) -> errors.StudentError:
        """Why there is no answer, in a sentence."""
        self._poll.wait_for_end(_GRACE)
        try:
            self._read_output()
        except errors.TooMuchOutput as flood:
            self.close()
            return flood
        said = self._text()
        self.close()
        status = self.process.status
        details: dict[str, Any] = {"status": status, "printed": said}
        if "Memory allocation still failed" in said or "MemoryError" in said[-200:]:
            return errors.OutOfMemory("The code asked for more memory than there is for it.", printed=said)
        if status is None:
            return errors.WorkerDied("The worker ended in the middle of the call.", **details)
        if status >= 0:
            return errors.WorkerDied(f"The process ended itself in the middle of the call (exit status {status}).", **details)
        name = signal.Signals(-status).name if -status in signal.Signals._value2member_map_ else f"signal {-status}"
        why = {
            "SIGSEGV": "it used memory that is not its own, or called itself too deeply (SIGSEGV)",
            "SIGBUS": "it used memory that is not its own (SIGBUS)",
            "SIGXCPU": "it used up its processor time (SIGXCPU)",
            "SIGABRT": "it aborted (SIGABRT)",
            "SIGKILL": "it closed its connection or was killed (SIGKILL)",
        }.get(name, name)
        return errors.WorkerDied(f"The process crashed in the middle of the call: {why}.", **details)

    def close(self) -> None:
        if self.alive:
            self.alive = False
            self.process.end()


def _outgoing(value: Any) -> Any:
    from grader.worker.proxy import Remote, wire_of

    return wire_of(value) if isinstance(value, Remote) else value


class _Deadline:
    """When a call ends. Who is kept waiting for a processor gets more time: a busy machine must not decide a grade."""

    def __init__(self, limit: float, process: ForkedProcess | ColdProcess):
        self.limit, self.process = limit, process
        self.start = time.monotonic()
        self.end = self.start + limit

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


class _Poll:
    """Waits for the connection, the output and the process's end at once."""

    def __init__(self, process: ForkedProcess | ColdProcess):
        self.process = process

    def wait(self, seconds: float, writing: bool, with_output: bool) -> tuple[bool, bool, bool]:
        connection = self.process.connection.fileno()
        reads = [self.process.output] if with_output else []
        if self.process.ended >= 0:
            reads.append(self.process.ended)
        writes = [connection] if writing else []
        if not writing:
            reads.append(connection)
        if sys.platform == "win32" or not hasattr(select, "poll"):
            got_reads, got_writes, _ = select.select(reads, writes, [], seconds)
            got = {*got_reads, *got_writes}
        else:
            poll = select.poll()
            for fd in reads:
                poll.register(fd, select.POLLIN)
            for fd in writes:
                poll.register(fd, select.POLLOUT)
            got = {fd for fd, _ in poll.poll(max(1, seconds * 1000) if seconds > 0 else 0)}
        ended = self.process.ended in got
        return connection in got, self.process.output in got, ended and connection not in got

    def wait_for_end(self, seconds: float) -> None:
        """A moment for a process whose connection is gone to be gone itself, so that its exit status is its own."""
        if self.process.ended >= 0:
            select.select([self.process.ended], [], [], seconds)
