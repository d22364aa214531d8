"""The grader's end of a connection: frames there and back under one deadline, output caught, deaths explained."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.submission import Submission
from grader.worker import stream, wire
from grader.worker.outside import errors
from grader.worker.outside.channel import CallLimits, Channel
from grader.worker.outside.coldprocess import ColdProcess
from grader.worker.outside.process import ForkedProcess
from grader.worker.outside.processors import MOMENT, SharedCpu
from grader.worker.outside.protocols import TimeLimits
from grader.worker.outside.text import MAX_OUTPUT as KEPT_OUTPUT
from grader.worker.outside.text import clean_output
from grader.worker.outside.waiting import Deadline, Poll

MAX_OUTPUT = 8 << 20  # bytes that a worker may print in its life
_GRACE = 0.25


class _Ended(Exception):
    """The other end is gone."""


def _timeout(deadline: Deadline) -> errors.CallTimeout:
    return errors.CallTimeout(f"The call was stopped after {deadline.limit:.3g} s.", limit=deadline.limit)


class WireChannel(Channel):
    """A conversation with a worker process."""

    def __init__(self, process: ForkedProcess | ColdProcess, submission: Submission, limits: TimeLimits):
        super().__init__(submission, limits)
        self.process = process
        self.status: dict[str, Any] = {}
        self.seconds = 0.0  # of the checks before the current one
        self._printed = bytearray()
        self._before_call = 0  # bytes of it that were printed while a module was imported
        self._output_seen = 0
        self._ended_output = False
        self._end: errors.StudentError | None = None  # why there is no answer any more: said again to who asks again
        self._poll = Poll(process)
        self._together: SharedCpu | None = None
        self._reader = stream.Reader(self._receive_into)
        process.connection.setblocking(False)
        process.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    @property
    def pid(self) -> int:
        return self.process.pid

    def hello(self, seconds: float = 20.0) -> dict[str, Any]:
        """What the worker measured of itself before it loaded anything of the learner's."""
        try:
            value = self.decode(self._receive(Deadline(seconds, self.process)))
            if type(value) is list and value[0] == "hello":
                self.status = value[1]
                return self.status
        except (_Ended, errors.StudentError) as reason:
            died = self._printed.decode("utf-8", "replace").strip().splitlines()[-1:]
            self.close()
            raise errors.WorkerFault(
                f"a worker could not be started: {' '.join(died) or type(reason).__name__}"
            ) from None
        raise errors.WorkerFault("a worker did not report what it withholds")

    def load(self, folder: str, seconds: float = 20.0) -> bool:
        """Send the submission's modules, which replace those before; False if something of those still runs.

        raises : WorkerFault if the worker ends, or takes longer than that
        """
        self._output_seen = 0
        texts = {name: np.frombuffer(text.encode(), np.uint8) for name, text in self.submission.modules.items()}
        return self._plain("load", texts, self.submission.problems, folder, seconds=seconds) is True

    def load_submission(self, submission: Submission, limits: TimeLimits, folder: str, seconds: float = 20.0) -> bool:
        """Go on with a submission's modules, newly loaded, in place of what the worker held; as `load`."""
        self.submission, self.released, self.heard = submission, [], None
        self.begin(limits)
        return self.load(folder, seconds)

    def share(self, name: str, array: np.ndarray) -> None:
        """Send an array that the worker does not have from the zygote."""
        self._plain("share", name, array)

    def _plain(self, *message: Any, seconds: float = 20.0) -> Any:
        """A message of our own, for which no code of the learner's is called."""
        limits, self.limits = self.limits, CallLimits(seconds, seconds)
        try:
            return self.request(message[0], *message[1:]).value
        except errors.StudentError as reason:
            raise errors.WorkerFault(f"a worker did not take its submission: {reason}") from None
        finally:
            self.limits, self.spent = limits, 0.0

    @contextlib.contextmanager
    def on_one_cpu(self) -> Iterator[None]:
        self._together = SharedCpu(self.process.pid)
        try:
            yield
        finally:
            self._together.let_go(self.alive)

    # -- one exchange -------------------------------------------------------------------------------------------

    def _exchange(self, frame: wire.Frame) -> tuple[Any, str]:
        if not self.alive:
            raise self._end or errors.WorkerDied("The worker has ended in an earlier call.")
        outermost = self._depth == 1
        if outermost:
            self._printed.clear()
            self._before_call = 0
            self.process.mark()
            self._deadline = Deadline(self.allowance(), self.process)
        deadline = self._deadline
        try:
            self._send(frame, deadline)
            value = self.decode(self._receive(deadline))
            while type(value) is list and (len(value), value[:1]) in ((4, ["callback"]), (2, ["imported"])):
                if len(value) == 4:
                    self._serve(value, deadline)
                else:  # the call's own prints may be here already
                    self._before_call = value[1] if type(value[1]) is int else 0
                value = self.decode(self._receive(deadline))
            return value, self._text() if outermost else ""
        except _Ended:
            self._end = self._death()
            raise self._end from None
        except (errors.CallTimeout, errors.TooMuchOutput, errors.ProtocolViolation) as stopped:
            self.close()
            stopped.printed = self._text()
            self._end = stopped
            raise
        except KeyboardInterrupt:
            self.close()
            raise

    def _serve(self, asked: list, deadline: Deadline) -> None:
        """Run a function of the grader's that the worker asks for, and send what it gives."""
        try:
            answer = wire.encode(["result", [], self.call_back(*asked[1:])])
        except Exception:
            self._come_back(deadline)
            raise
        self._send(answer, deadline)

    def _come_back(self, deadline: Deadline) -> None:
        """Our own function failed: let the worker return from its call, so that it can be asked again."""
        try:
            asked: Any = ["callback"]
            while self.alive and type(asked) is list and asked[:1] == ["callback"]:
                self._send(wire.encode(["failed", []]), deadline)
                asked = self.decode(self._receive(deadline))
        except errors.StudentError as reason:
            self._end = reason
            self.close()
        except _Ended:
            self.close()

    # -- bytes --------------------------------------------------------------------------------------------------

    def _send(self, frame: wire.Frame, deadline: Deadline) -> None:
        for part in stream.parts(frame):
            view = memoryview(part)
            while view:
                try:
                    view = view[self.process.connection.send(view) :]
                except BlockingIOError:
                    self._wait(deadline, writing=True)
                except OSError:
                    raise _Ended from None

    def _receive(self, deadline: Deadline) -> wire.Frame:
        try:
            frame = self._reader.frame(deadline)
        except wire.WireError as reason:
            raise errors.ProtocolViolation(f"What came back is no answer ({reason}).") from None
        self._read_output()  # whatever was printed before the answer was sent is in the pipe by now
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
                raise _Ended from None
            if got == 0:
                raise _Ended
            if deadline.overrun():  # _wait is never reached while bytes keep coming
                raise _timeout(deadline)
            return got

    def _wait(self, deadline: Deadline, writing: bool) -> None:
        """Until the connection is ready, emptying the output meanwhile."""
        while True:
            left = deadline.left()
            bound = self._together is not None and self._together.bound
            ready, output, ended = self._poll.wait(min(left, MOMENT) if bound else left, writing)
            if output:
                self._read_output()
            if ready:
                return
            if ended:
                raise _Ended
            if self._together is not None and not output:
                self._together.let_go()
            if deadline.passed():
                raise _timeout(deadline)

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
                self._poll.without_output()
                return
            self._output_seen += len(data)
            self._printed += data[: max(0, KEPT_OUTPUT - len(self._printed))]
            if self.heard is not None:
                self.heard(data.decode("utf-8", "replace"))
            if self._output_seen > MAX_OUTPUT:
                raise errors.TooMuchOutput(f"The code printed more than {MAX_OUTPUT >> 20} MB and was stopped.")

    def _read_socket(self) -> bytes:
        return self.process._mirror.recv(1 << 16)  # type: ignore[union-attr]

    def _text(self) -> str:
        return clean_output(self._printed[max(0, self._before_call) :].decode("utf-8", "replace"))

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
            return errors.WorkerDied(
                f"The process ended itself in the middle of the call (exit status {status}).", **details
            )
        name = signal.Signals(-status).name if -status in signal.Signals._value2member_map_ else f"signal {-status}"
        why = {
            "SIGSEGV": "it used memory that is not its own, or called itself too deeply (SIGSEGV)",
            "SIGBUS": "it used memory that is not its own (SIGBUS)",
            "SIGXCPU": "it used up its processor time (SIGXCPU)",
            "SIGABRT": "it aborted (SIGABRT)",
            "SIGKILL": "it closed its connection or was killed (SIGKILL)",
        }.get(name, name)
        return errors.WorkerDied(f"The process crashed in the middle of the call: {why}.", **details)

    def close(self, wait: bool = True) -> None:
        if self.alive:
            self.alive = False
            self.process.end(wait)
