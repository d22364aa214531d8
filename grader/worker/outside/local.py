"""A worker inside this process: the same runtime and the same encoding, without a boundary.

For the course's own code only (its misconceptions, its reference) and for `debug`, where `breakpoint()` must reach a terminal.
Values are encoded and decoded exactly as on the wire, so that a check cannot tell the two channels apart.
"""

import bdb
import contextlib
import io
import signal
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.submission import Submission
from grader.text import MAX_OUTPUT, clean_output
from grader.worker import wire
from grader.worker.bounds import USUAL, TimeLimits
from grader.worker.inside.loader import Finder
from grader.worker.inside.runtime import CallbackFailed, Runtime, seed_everything
from grader.worker.inside.substituted import Substitution
from grader.worker.outside import errors
from grader.worker.outside.channel import Channel
from grader.worker.outside.proxy import Student
from grader.worker.outside.transcript import Describe


class _TimeUp(BaseException):
    """The alarm rang. Not an Exception, so that `except Exception` in the code under test does not stop it."""


class LocalChannel(Channel):
    """Requests answered by a Runtime in this process.

    interactive : leave prints and the debugger alone, and let everything be imported
    """

    def __init__(self, submission: Submission, limits: TimeLimits, shared: dict[str, wire.Array], interactive: bool = False):
        super().__init__(submission, limits)
        folder = str(submission.folder) if submission.folder else "<student>"
        finder = Finder(submission.modules, submission.problems, folder, confined=not interactive)
        self.interactive = interactive
        self.shared = {id(array): (name, array) for name, array in shared.items()}
        names = submission.put_in
        put_in = Substitution(finder, list(names.names), names.texts) if names is not None else None
        self.runtime = Runtime(finder, _Copies(shared), self._from_inside, put_in=put_in)
        self.runtime.let_through = (_TimeUp, KeyboardInterrupt, *((bdb.BdbQuit,) if interactive else ()))
        self._failure: BaseException | None = None
        seed_everything()

    def close(self) -> None:
        self.alive = False
        self.runtime.objects.clear()
        self.runtime.finder.forget()

    def _exchange(self, frame: wire.Frame) -> tuple[Any, str]:
        output = _Capped()
        self.runtime.imported = output.forget
        capture = contextlib.nullcontext() if self.interactive else contextlib.redirect_stdout(output)
        capture_errors = contextlib.nullcontext() if self.interactive else contextlib.redirect_stderr(output)
        self._failure, outer = None, self._failure
        try:
            with self.runtime.finder.active(), capture, capture_errors, self._alarm():
                message: Any = self._inside(_copied(frame))
                reply = _copied(self.runtime.handle(message))
        except bdb.BdbQuit:
            raise KeyboardInterrupt from None  # "q" in the debugger ends the whole verb
        except _TimeUp:
            limit = self.allowance()
            sentence, printed = f"The call was stopped after {limit:.3g} s.", clean_output(output.getvalue())
            raise errors.CallTimeout(sentence, limit=limit, printed=printed) from None
        failure, self._failure = self._failure, outer
        if failure is not None:
            raise failure
        return self.decode(reply), clean_output(output.getvalue())

    def _inside(self, frame: wire.Frame) -> object:
        """A message as the code under test gets it."""
        return wire.decode(frame, self.runtime.resolve, read_only=False)

    def _from_inside(self, number: int, args: list[object], keywords: dict[str, object]) -> object:
        """A function of the grader's, called by the code under test."""
        try:
            passed: Any = self.decode(self.runtime.encode("call", [args, keywords]))
            return self._inside(wire.encode(self.call_back(number, *passed[1])))
        except (_TimeUp, KeyboardInterrupt):
            raise
        except BaseException as failure:
            self._failure = self._failure or failure
            raise CallbackFailed("the function that was passed to the code failed") from None

    @contextlib.contextmanager
    def _alarm(self) -> Iterator[None]:
        """Stop Python code that does not return. Only the outermost request, and only where there are alarms."""
        usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if self.interactive or self._depth > 1 or not usable:
            yield
            return
        before = signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, max(0.01, self.allowance()))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def _ring(_number: int, _frame: object) -> None:
    raise _TimeUp


def _copied(frame: wire.Frame) -> wire.Frame:
    """The frame as it arrives at the other end of a wire: nothing shared with this one."""
    return wire.Frame(frame.structure, [np.array(memoryview(buffer), dtype=np.uint8).data for buffer in frame.buffers])


class _Copies(dict[str, wire.Array]):
    """Shared arrays, copied when first asked for: a worker's changes are its own."""

    def __init__(self, arrays: dict[str, wire.Array]):
        super().__init__()
        self._arrays = arrays

    def __missing__(self, name: str) -> wire.Array:
        self[name] = np.array(self._arrays[name])
        return self[name]


class _Capped(io.StringIO):
    def write(self, text: str) -> int:
        if self.tell() < MAX_OUTPUT:
            super().write(text[:MAX_OUTPUT])
        return len(text)

    def forget(self) -> None:
        self.seek(0)
        self.truncate()


class LocalPool:
    """A `Pool` in this process. For the course's own code, and for `debug` (interactive)."""

    def __init__(self, interactive: bool = False):
        self.interactive = interactive
        self.shared: dict[str, wire.Array] = {}

    @contextlib.contextmanager
    def student(self, submission: Submission, limits: TimeLimits = USUAL, describe: Describe | None = None) -> Iterator[Student]:
        """A student whose code runs in this process; forgotten at the end."""
        channel = LocalChannel(submission, limits, self.shared, self.interactive)
        try:
            yield Student(channel, describe)
        finally:
            channel.close()

    def course_worker(self) -> contextlib.nullcontext["LocalPool"]:
        """Itself: each of its students is one of many in the same process anyway."""
        return contextlib.nullcontext(self)

    def share(self, name: str, array: wire.Array) -> None:
        """Give an array to all workers made from now on."""
        self.shared[name] = array

    def rest(self) -> None:
        """Nothing waits here."""

    def report(self) -> dict[str, Any]:
        """No boundary, and it says so."""
        return {"level": "none", "probes": {}, "summary": "in this process: nothing is withheld", "layers": []}

    def close(self) -> None:
        pass
