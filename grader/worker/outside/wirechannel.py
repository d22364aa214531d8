"""The grader's end of a conversation with a worker process: requests under one deadline, and deaths explained."""

import contextlib
import select
import signal
import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from grader.submission import Submission
from grader.worker import wire
from grader.worker.bounds import TimeLimits
from grader.worker.inside.probes import PROBES
from grader.worker.outside import errors
from grader.worker.outside.channel import Channel
from grader.worker.outside.connection import Connection, Deadline, Ended, SharedCpu
from grader.worker.outside.process import ColdProcess, ForkedProcess

_GRACE = 0.25
#: Signals that say more than their name.
_CRASHES = {
    "SIGSEGV": "it used memory that is not its own, or called itself too deeply (SIGSEGV)",
    "SIGBUS": "it used memory that is not its own (SIGBUS)",
    "SIGXCPU": "it used up its processor time (SIGXCPU)",
    "SIGABRT": "it aborted (SIGABRT)",
    "SIGKILL": "it closed its connection or was killed (SIGKILL)",
}


#: What a worker found out about itself: {"probes": attempt -> withheld, "layers": layer -> what was done}.
Measured: TypeAlias = dict[str, Any]


class WireChannel(Channel):
    """A conversation with a worker process."""

    def __init__(self, process: ForkedProcess | ColdProcess, submission: Submission, limits: TimeLimits):
        super().__init__(submission, limits)
        self.process, self.pid = process, process.pid
        self.seconds = 0.0  # of the checks before the current one
        self._connection = Connection(process, self._tell)
        self._end: errors.StudentError | None = None  # the error to raise on every later request

    def _tell(self, printed: bytes) -> None:
        if self.heard is not None:
            self.heard(printed.decode("utf-8", "replace"))

    def hello(self, seconds: float = 20.0) -> Measured:
        """What the worker measured of itself before it loaded anything of the learner's."""
        try:
            value = self._receive(Deadline(seconds, self.process))
            if _is(value, "hello", 2):
                measured: Measured = value[1]
                return measured
            sentence = "a worker did not report what it withholds"
        except (Ended, errors.StudentError) as reason:
            died = self._connection.printed().strip().splitlines()[-1:]
            sentence = f"a worker could not be started: {' '.join(died) or type(reason).__name__}"
        except BaseException:
            self.close()
            raise
        self.close()
        raise errors.WorkerFault(sentence)

    def load(self, seconds: float = 20.0) -> bool:
        """Send the submission's modules, which replace those before; False if something of those still runs.

        raises : WorkerFault if the worker ends, or takes longer than that
        """
        self._connection.output_seen = 0
        put_in = self.submission.put_in
        named = (list(put_in.names), _as_bytes(put_in.texts)) if put_in is not None else ([], {})
        texts = _as_bytes(self.submission.modules)
        return self._plain("load", texts, self.submission.problems, *named, seconds=seconds) is True

    def load_submission(self, submission: Submission, limits: TimeLimits, seconds: float = 20.0) -> bool:
        """Go on with a submission's modules, newly loaded, in place of what the worker held; as `load`."""
        self.submission, self.released, self.heard = submission, [], None
        self.begin(limits)
        return self.load(seconds)

    def share(self, name: str, array: wire.Array) -> None:
        """Send an array that the worker does not have from the zygote."""
        self._plain("share", name, array)

    def _plain(self, operation: str, *arguments: object, seconds: float = 20.0) -> object:
        """A message of our own, for which no code of the learner's is called."""
        limits, self.limits = self.limits, TimeLimits(seconds, seconds)
        try:
            return self.request(operation, *arguments).value
        except errors.StudentError as reason:
            raise errors.WorkerFault(f"a worker did not take its submission: {reason}") from None
        finally:
            self.limits, self.spent = limits, 0.0

    @contextlib.contextmanager
    def on_one_cpu(self) -> Iterator[None]:
        self._connection.together = together = SharedCpu(self.process.pid)
        try:
            yield
        finally:
            together.let_go(self.alive)

    def _receive(self, deadline: Deadline) -> object:
        return self.decode(self._connection.receive(deadline))

    def _exchange(self, frame: wire.Frame) -> tuple[object, str]:
        if not self.alive:
            raise self._end or errors.WorkerDied("The worker has ended in an earlier call.")
        outermost = self._depth == 1
        if outermost:
            self._connection.begin_call()
            self._deadline = Deadline(self.allowance(), self.process)
        try:
            return self._answer(frame, self._deadline), self._connection.printed() if outermost else ""
        except Ended:
            self._end = self._death()
            raise self._end from None
        except (errors.CallTimeout, errors.TooMuchOutput, errors.ProtocolViolation) as stopped:
            self.close()
            stopped.printed = self._connection.printed()
            self._end = stopped
            raise
        except KeyboardInterrupt:
            self.close()
            raise

    def _answer(self, frame: wire.Frame, deadline: Deadline) -> object:
        """The reply to a request; whatever the worker asks for before it is served."""
        self._connection.send(frame, deadline)
        imported = False
        while True:
            value = self._receive(deadline)
            if _is(value, "callback", 4):
                self._serve(value, deadline)
            elif _is(value, "imported", 2) and not imported:  # the call's own prints may be here already
                self._connection.before_call, imported = value[1] if type(value[1]) is int else 0, True
            else:
                return value

    def _serve(self, asked: list[object], deadline: Deadline) -> None:
        """Run a function of the grader's that the worker asks for, and send what it gives."""
        begun = time.monotonic()
        try:
            answer = wire.encode(["result", [], self.call_back(*asked[1:])])
        except Exception:
            self._come_back(deadline)
            raise
        deadline.served += time.monotonic() - begun
        self._connection.send(answer, deadline)

    def _come_back(self, deadline: Deadline) -> None:
        """Our own function failed: let the worker return from its call, so that it can be asked again."""
        try:
            while self.alive:
                self._connection.send(wire.encode(["failed", []]), deadline)
                if not _is(self._receive(deadline), "callback", 4):
                    return
                self.count_callback()
        except errors.StudentError as reason:
            self._end = reason
            self.close()
        except Ended:
            self.close()

    def _death(self) -> errors.StudentError:
        if self.process.ended >= 0:
            select.select([self.process.ended], [], [], _GRACE)  # so that its exit status is known
        try:
            self._connection.read_output()
        except errors.TooMuchOutput as flood:
            self.close()
            return flood
        said = self._connection.printed()
        self.close()
        status = self.process.status
        if "Memory allocation still failed" in said or "MemoryError" in said[-200:]:
            return errors.OutOfMemory("The code asked for more memory than there is for it.", printed=said)
        if status is None:
            sentence = "The worker ended in the middle of the call."
        elif status >= 0:
            sentence = f"The process ended itself in the middle of the call (exit status {status})."
        else:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
            sentence = f"The process crashed in the middle of the call: {_CRASHES.get(name, name)}."
        return errors.WorkerDied(sentence, status=status, printed=said)

    def close(self, wait: bool = True) -> None:
        if self.alive:
            self.alive = False
            self.process.end(wait)


def _as_bytes(texts: Mapping[str, str]) -> dict[str, wire.Array]:
    return {name: np.frombuffer(text.encode(), np.uint8) for name, text in texts.items()}


def _is(message: object, what: str, length: int) -> TypeGuard[list[Any]]:
    """Whether a worker's message is of a kind. Looked at by exact types: an array in its place is equal to nothing."""
    return type(message) is list and len(message) == length and type(message[0]) is str and message[0] == what


def summary(measured: dict[str, Any], sandbox: str, mode: str) -> dict[str, Any]:
    """What a worker measured, as a record whose level is "full", "partial" or "process"; what was not tried is not withheld."""
    probes = {probe.name: bool(measured["probes"].get(probe.name)) for probe in PROBES}
    open_ways = {probe.name: probe.remedy for probe in PROBES if not probes[probe.name]}
    held = len(probes) - len(open_ways)
    layers = ["separate process", "plain-data protocol", "time limits", "output limit"]
    layers += [str(text) for text in measured["layers"].values() if not str(text).startswith("off")]
    missing = {str(name): str(text)[5:] for name, text in measured["layers"].items() if str(text).startswith("off")}
    line = f"{held} of {len(probes)} forbidden actions blocked" + f"; NOT blocked here: {', '.join(open_ways)}" * bool(open_ways)
    level = "full" if not open_ways else "process" if held <= 1 else "partial"
    told = {"level": level, "complete": not open_ways, "requested": sandbox, "mode": mode, "probes": probes}
    return {**told, "layers": layers, "missing": missing, "remedies": open_ways, "summary": line}
