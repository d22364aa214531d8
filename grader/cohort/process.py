"""A grading process of its own, for many submissions one after another, and the handle by which it is driven.

The child is started fresh (never forked from a process that holds other things), with one BLAS thread. It ends when its
connection does: if the driving process is killed, nothing is left behind. The two exchange msgpack, never a pickle.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

import msgspec

from grader.cohort.journal import Outcome
from grader.cohort.work import ClassGrader, ClassSettings, GradeDone, GradeOrder, Teller
from grader.course.course import BadCourse, Course
from grader.errors import Fault
from grader.paths import ENGINE
from grader.threads import ONE_THREAD

#: A process is replaced after so many submissions, so that no leak, in whatever library, can add up.
RENEWED_AFTER = 50
_START_SECONDS = 120.0
_MOST_BYTES = 1 << 30  #: of one message
_STARTS = 3  #: tries, because a process may be killed at any moment, its first included
_CODE = f"import sys; sys.path.insert(0, {{root!r}}); from {__name__} import serve; serve(int(sys.argv[1]))"


class CourseBroken(Fault):
    """No submission can be graded: the course or the installation is at fault."""

    lead = "no submission can be graded"


class GraderClosed(Exception):
    """The driver was told to end; what it was grading is not finished."""


class Said(msgspec.Struct, frozen=True):
    """What a grading process says to its driver: one of these."""

    course: str = ""  #: fingerprint of what it grades by, once it is ready
    stage: str = ""  #: that its submission has reached
    done: GradeDone | None = None
    broken: str = ""  #: why it cannot grade anything: the course itself is at fault


def send(channel: Connection, content: object) -> None:
    channel.send_bytes(msgspec.msgpack.encode(content))


def receive(channel: Connection, deadline: float) -> Said:
    """The child's next message.

    raises : TimeoutError if none begins before time.monotonic() is there; EOFError at the end; OSError if it is too long
    """
    if not channel.poll(max(0.0, deadline - time.monotonic())):
        raise TimeoutError
    return msgspec.msgpack.decode(channel.recv_bytes(_MOST_BYTES), type=Said)


class Grader:
    """Drives one grading process; starts it when it is first needed, and again when it died.

    log         : file that collects what the process prints
    engine      : the folder that the process imports the grader from
    fingerprint : of the course, as the process sees it; once it has started
    """

    def __init__(
        self, course: Course, settings: ClassSettings, scratch: Path | None = None, log: Path | None = None, engine: Path = ENGINE
    ) -> None:
        self.engine, self.fingerprint = engine, ""
        self.course, self.settings, self.scratch, self.log = course, settings, scratch, log
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Connection | None = None
        self._count = 0
        self._closed = False
        self._lock = threading.Lock()  # stop() comes from the driver's thread as well as from the lane's

    def grade(self, order: GradeOrder, told: Callable[[str], None] = lambda stage: None) -> GradeDone:
        """Grade one submission; a process that dies under it is replaced and the submission tried once more.

        told   : called with the id of each stage that begins
        raises : CourseBroken; GraderClosed if it is closed meanwhile
        """
        first = self._try(order, told)
        if first.outcome.state != "fault" or first.other_course:
            return first
        self.stop()
        second = self._try(order, told)
        if second.outcome.state != "fault":
            return second
        reason = f"{second.outcome.reason} (tried twice)"
        return msgspec.structs.replace(second, outcome=msgspec.structs.replace(second.outcome, reason=reason))

    def version(self) -> str:
        """The fingerprint of the course that it grades by.

        raises : CourseBroken
        """
        self._started()
        return self.fingerprint

    def stop(self) -> None:
        """End the process, at once if it is busy."""
        with self._lock:
            process = self._process
            self._process = self._channel = None  # who waits on the channel hears of the end, and lets go of it
            self.pid = self._count = 0
        if process is not None:
            _kill(process)

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        self.stop()

    def _try(self, order: GradeOrder, told: Callable[[str], None]) -> GradeDone:
        if self._count >= RENEWED_AFTER:
            self.stop()
        begun = time.perf_counter()
        for left in reversed(range(_STARTS)):
            try:
                process, channel = self._started()
                break
            except CourseBroken:
                if left == 0:
                    raise
        self._count += 1
        limit = self.settings.policy.limits.submission_seconds
        deadline = time.monotonic() + limit
        try:
            send(channel, order)
            while True:
                said = receive(channel, deadline)
                if said.done is not None:
                    return said.done
                if said.broken:
                    raise CourseBroken(said.broken)
                told(said.stage)
        except TimeoutError:
            outcome = Outcome("submission", f"stopped after {limit} s, the limit for a whole submission")
        except (EOFError, OSError):
            outcome = Outcome("fault", f"the grading process ended ({_ending(process)})")
        self.stop()
        if self._closed:
            raise GraderClosed
        seconds = round(time.perf_counter() - begun, 3)
        return GradeDone(order.key, order.digest, msgspec.structs.replace(outcome, seconds=seconds))

    def _started(self) -> tuple[subprocess.Popen[bytes], Connection]:
        """The process and its channel, started if there is none."""
        with self._lock:
            if self._closed:
                raise GraderClosed
            if self._process is not None and self._channel is not None:
                return self._process, self._channel
            self._process, self._channel = process, channel = self._launch()
            self.pid = process.pid
        try:
            send(channel, (str(self.course.folder), self.settings, str(self.scratch or "")))
            said = receive(channel, time.monotonic() + _START_SECONDS)
        except (EOFError, OSError):
            ending = _ending(process)
            self.stop()
            if self._closed:
                raise GraderClosed from None
            raise CourseBroken(f"a grading process did not start ({ending}){self._last_words()}") from None
        if said.broken:
            self.stop()
            raise CourseBroken(said.broken)
        self.fingerprint = said.course
        return process, channel

    def _launch(self) -> tuple[subprocess.Popen[bytes], Connection]:
        ours, theirs = Pipe()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
        environment |= ONE_THREAD
        arguments = [sys.executable, "-P", "-s", "-c", _CODE.format(root=str(self.engine)), str(theirs.fileno())]
        with open(self.log or os.devnull, "ab") as log, theirs:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                pass_fds=[theirs.fileno()], start_new_session=True, cwd=self.engine,
            )  # fmt: skip
        return process, ours

    def _last_words(self) -> str:
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return f": {lines[-1][:300]}" if lines else ""


def _ending(process: subprocess.Popen[bytes]) -> str:
    """How a process ended, in a word; waits a moment for the system to know."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    code = process.returncode
    if code is None:
        return "its connection broke"
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group; it leads a group of its own, which nothing else is in."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def serve(descriptor: int) -> None:
    """The child's whole life: say hello, grade orders until the channel ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's affair
    channel = Connection(descriptor)
    frames: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        while True:
            try:
                frames.put(channel.recv_bytes(_MOST_BYTES))
            except (EOFError, OSError):
                os._exit(0)  # the driver is gone; workers end with this process

    threading.Thread(target=listen, daemon=True).start()
    folder, settings, scratch = msgspec.msgpack.decode(frames.get(), type=tuple[str, ClassSettings, str])
    try:
        grader = ClassGrader(Course(Path(folder)), settings, Path(scratch) if scratch else None)
    except Exception as error:
        send(channel, Said(broken=f"{type(error).__name__}: {error}"))
        return
    send(channel, Said(course=grader.fingerprint))
    while True:
        order = msgspec.msgpack.decode(frames.get(), type=GradeOrder)
        try:
            done = grader.grade(order, Teller(lambda stage: send(channel, Said(stage=stage))))
        except BadCourse as error:
            send(channel, Said(broken=str(error)))
            return
        send(channel, Said(done=done))
