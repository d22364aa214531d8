"""Workers on demand: confined processes, each for one submission, whose modules every check finds newly loaded."""

import contextlib
import gc
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grader.submission import Submission
from grader.worker import bounds, wire
from grader.worker.bounds import USUAL, TimeLimits
from grader.worker.inside import kernel
from grader.worker.inside.confine import LAYERS
from grader.worker.outside.errors import SandboxRefused, StudentError, WorkerFault
from grader.worker.outside.process import ColdProcess, ForkedProcess, ZygoteClient
from grader.worker.outside.proxy import Student
from grader.worker.outside.transcript import Describe
from grader.worker.outside.wirechannel import Measured, WireChannel, summary

MEMORY_MB = 2048
_AGAIN_SECONDS = 3.0  #: for a worker to load its modules anew; one that does not is replaced
_RESTING = 3  #: workers that wait for a next check: for a submission as it is, with something put in, with more put in
#: What a worker holds that waits for whatever comes next. Called, it writes to what most checks write to: the first to do so in a page
#: that was the zygote's, or that no array has had yet, has it made.
_TOUCH = "import numpy as np\ndef touch(x): return [x @ x, x.sum(0), [np.ones(1 << 19).size for _ in x]]"
_SPARE = Submission("spare", {"pages": _TOUCH})
_RENEWED_AFTER = 60.0  #: seconds of calls after which a worker is not used again: its processor time is limited
#: For tests, and for a machine where a layer does harm: names of layers to leave out, and a cold start for every worker.
WITHOUT_VARIABLE, COLD_VARIABLE = "CHAIN_RULE_WITHOUT", "CHAIN_RULE_COLD"


class WireCourseWorker:
    """Loads one submission after another in the same process, whosever they are."""

    def __init__(self, pool: "WorkerPool"):
        self._pool = pool
        self._channel: WireChannel | None = None

    @contextlib.contextmanager
    def student(self, submission: Submission, limits: TimeLimits = USUAL, describe: Describe | None = None) -> Iterator[Student]:
        """A student on another submission; the one before is forgotten."""
        if self._channel is None or not self._channel.alive:
            self._channel = self._pool.start(Submission("course", {}), limits)
        self._channel.load_submission(submission, limits)
        yield Student(self._channel, describe)

    def close(self) -> None:
        if self._channel is not None:
            self._pool.end(self._channel)


class WorkerPool:
    """Starts workers.

    withheld  : files and folders of the course that no worker may open, whether they are there or not
    sandbox   : "auto" takes every layer there is; "strict" refuses to work unless all attempts are withheld; "off" is the
                same separate process and protocol without the kernel's layers
    memory_mb : address space of a worker
    without   : layers to leave out, of confine.LAYERS
    cold      : start each worker from nothing; None decides by platform
    again     : let a worker load the same submission anew for the next check; else each check has a process of its own
    """

    def __init__(
        self,
        withheld: Sequence[Path],
        sandbox: str = "auto",
        memory_mb: int = MEMORY_MB,
        without: Sequence[str] = (),
        cold: bool | None = None,
        again: bool = True,
    ):
        if sandbox not in ("auto", "strict", "off"):
            raise ValueError(f"sandbox is auto, strict or off, not {sandbox!r}")
        self.withheld = [*(path.resolve() for path in withheld), Path(__file__).resolve()]
        self.sandbox, self.memory, self.again = sandbox, memory_mb << 20, again
        left_out = {*without, *os.environ.get(WITHOUT_VARIABLE, "").split(",")}
        self.layers = [name for name in LAYERS if name not in left_out and (sandbox != "off" or name == "limits")]
        self._measured: Measured | None = None
        self._live: set[WireChannel] = set()
        self._resting: list[WireChannel] = []  #: workers that the last checks left in order
        self._unfit: list[Submission] = []  #: those that do not let go of a worker
        self.shared: dict[str, wire.Array] = {}  #: the arrays that all workers have
        if kernel.LINUX and "dumpable" in self.layers:
            # Labels and expected values lie in this process: nobody else of the same user may look into it.
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        self.cold = not kernel.LINUX or os.environ.get(COLD_VARIABLE) == "1" if cold is None else cold
        self._zygote = None if self.cold else ZygoteClient()
        self._first: list[ForkedProcess] = []  # it is confined while the grader loads
        with contextlib.suppress(WorkerFault):  # who needs one is told
            self._first += [ForkedProcess(self._zygote, self._plan())] if self._zygote else []
        if sandbox == "strict":
            report = self.report()
            if not report["complete"]:
                self.close()
                remedy = "Remedy: python -m grader doctor says what is missing."
                raise SandboxRefused(f"--sandbox=strict, but {report['summary']}. {remedy}")

    @contextlib.contextmanager
    def student(self, submission: Submission, limits: TimeLimits = USUAL, describe: Describe | None = None) -> Iterator[Student]:
        """A student whose modules are newly loaded, in a worker that holds nothing of another submission.

        raises : WorkerFault if no worker can be started
        """
        try:
            channel = self._rested(submission, limits) or self._loaded(submission, limits)
        except WorkerFault:  # killed before any of the learner's code ran in it: once more, with a fresh one
            channel = self._loaded(submission, limits)
        in_order = False
        try:
            yield Student(channel, describe)
            in_order = True
        except Exception:
            in_order = True  # what a check found is no reason; a call that did not return has closed the channel
            raise
        finally:
            self._release(channel, in_order)

    def _loaded(self, submission: Submission, limits: TimeLimits) -> WireChannel:
        channel = self.start(submission, limits)
        try:
            channel.load()
        except BaseException:
            self.end(channel)
            raise
        return channel

    def _rested(self, submission: Submission, limits: TimeLimits) -> WireChannel | None:
        """The worker of the check before with the submission loaded anew, or the spare one, if there is one that can be used."""
        waiting = {id(channel.submission): channel for channel in self._resting}
        if (channel := waiting.get(id(submission)) or waiting.get(id(_SPARE))) is None:
            return None
        self._resting.remove(channel)
        if channel.shared.keys() == self._by_identity().keys():
            with contextlib.suppress(WorkerFault):  # it was killed meanwhile: then another one is started
                self._send_shared(channel)
                if channel.load_submission(submission, limits, _AGAIN_SECONDS):
                    return channel
            if channel is waiting.get(id(submission)):  # what hindered it once would hinder it after every check
                self._unfit.append(submission)
        self.end(channel)
        return None

    def _release(self, channel: WireChannel, in_order: bool) -> None:
        """Keep a worker for the next check, or end it."""
        channel.seconds += channel.spent
        if channel.received > bounds.MAX_KEPT:  # what earlier checks left in circles is large, too
            gc.collect()
        others = [*self._unfit, *(resting.submission for resting in self._resting)]
        again = self.again and in_order and all(channel.submission is not other for other in others)
        if again and channel.alive and channel.seconds < _RENEWED_AFTER:
            self._resting.append(channel)
            for former in self._resting[:-_RESTING]:
                self._resting.remove(former)
                self.end(former)
        else:
            self.end(channel)

    def ready(self) -> None:
        """Start a worker for the next submission, while nobody waits for one."""
        if all(channel.submission is not _SPARE for channel in self._resting):
            with contextlib.suppress(WorkerFault, StudentError):  # whoever needs one next is told
                channel = self._loaded(_SPARE, USUAL)
                self._resting.append(channel)
                Student(channel).pages.touch(np.ones((2, 2)))
                channel.load()

    def rest(self) -> None:
        """No more checks of this submission are to come: end the worker that waits for them."""
        while self._resting:
            self.end(self._resting.pop())
        self._unfit.clear()

    def end(self, channel: WireChannel) -> None:
        """End a worker, without waiting until it is gone."""
        self._live.discard(channel)
        channel.close(wait=False)

    @contextlib.contextmanager
    def course_worker(self) -> Iterator[WireCourseWorker]:
        """One worker for the course's own code, whichever submission it is."""
        with contextlib.closing(WireCourseWorker(self)) as worker:
            yield worker

    def start(self, submission: Submission, limits: TimeLimits) -> WireChannel:
        """A fresh worker, judged, that holds nothing yet; `end` ends it. Raises WorkerFault; SandboxRefused in strict mode."""
        channel = WireChannel(ColdProcess(self._plan()) if self.cold else self._forked(), submission, limits)
        measured = channel.hello()
        channel.shared = self._by_identity()
        try:
            if self._measured is None:  # in strict mode the constructor asks for this first one, and judges it
                self._measured = measured
            elif self.sandbox == "strict" and not all(measured["probes"].values()):
                raise SandboxRefused("a worker could do what it must not; nothing was run in it")
            self._send_shared(channel)
        except BaseException:
            channel.close()
            raise
        self._live.add(channel)
        return channel

    def _plan(self) -> dict[str, Any]:
        paths = [str(path) for path in self.withheld if path.exists()]
        return {"layers": self.layers, "memory": self.memory, "probe_paths": paths, "grader": os.getpid()}

    def _forked(self) -> ForkedProcess:
        try:
            return (self._first.pop() if self._first else ForkedProcess(self.zygote(), self._plan())).arrived()
        except WorkerFault as ended:
            # A submission may have got at the zygote where nothing protects it. One new one, and no more.
            if "EOFError" in str(ended):  # a full disk cut bytecode off: it is compiled again
                for compiled in Path(__file__).parents[1].rglob("*.pyc"):
                    compiled.unlink(missing_ok=True)
            self._end_zygote()
            return ForkedProcess(self.zygote(), self._plan()).arrived()

    def zygote(self) -> ZygoteClient:
        """The running zygote, started when first needed and again if it is gone."""
        if self._zygote is not None and not self._zygote.alive:
            self._end_zygote()
        if self._zygote is None:
            self._zygote = ZygoteClient()
        for name, array in self.shared.items():
            if name not in self._zygote.shared:
                self._zygote.share(name, array)
        return self._zygote

    def _end_zygote(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def share(self, name: str, array: wire.Array) -> None:
        """Give an array to all workers started from now on: no call sends it again, whether named or passed itself.

        array : must not be changed afterwards
        """
        if self.shared.get(name) is array:
            return
        array.flags.writeable = False
        self.shared[name] = array
        while self._first:  # forked without that array
            with contextlib.suppress(WorkerFault):
                self._first.pop().arrived().end(wait=False)
        if self._zygote is not None:
            self._zygote.shared.discard(name)

    def _by_identity(self) -> dict[int, tuple[str, wire.Array]]:
        """The shared arrays as a channel knows them; who holds this keeps them, and so their identities, alive."""
        return {id(array): (name, array) for name, array in self.shared.items()}

    def _send_shared(self, channel: WireChannel) -> None:
        """Give a worker that comes from no zygote the arrays that others have from theirs."""
        for name, array in self.shared.items() if self.cold else ():
            channel.share(name, array)

    def report(self) -> dict[str, Any]:
        """What a worker measured of itself: {"level", "complete", "probes", "layers", "summary", "mode"}."""
        if self._measured is None:
            self.end(self.start(Submission("probe", {}), USUAL))
        assert self._measured is not None
        return summary(self._measured, self.sandbox, "cold start" if self.cold else "fork")

    def close(self) -> None:
        """End all workers and the zygote. May be called again."""
        for channel in list(self._live):
            channel.close()
        self._live.clear()
        self._resting.clear()
        while self._first:
            self._first.pop().leave()
        self._end_zygote()

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()
