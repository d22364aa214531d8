"""Workers on demand: one fresh, confined process for each Student."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from grader.paths import DATA, ROOT, TASKS
from grader.submission import Submission
from grader.worker import kernel
from grader.worker.channel import Limits
from grader.worker.coldprocess import ColdProcess
from grader.worker.confine import LAYERS
from grader.worker.errors import SandboxRefused, WorkerFault
from grader.worker.process import ForkedProcess, ZygoteClient
from grader.worker.proxy import Student
from grader.worker.spare import Spare
from grader.worker.status import summary
from grader.worker.wirechannel import WireChannel

MEMORY_MB = 2048
#: For tests, and for a machine where a layer does harm: names of layers to leave out, and a cold start for every worker.
WITHOUT_VARIABLE, COLD_VARIABLE = "CHAIN_RULE_WITHOUT", "CHAIN_RULE_COLD"


class WorkerPool:
    """Starts workers.

    sandbox   : "auto" takes every layer there is; "strict" refuses to work unless all attempts are withheld; "off" is the
                same separate process and protocol without the kernel's layers
    memory_mb : address space of a worker
    shared    : name -> array that every worker has without being sent it
    without   : layers to leave out, of confine.LAYERS
    cold      : start each worker from nothing; None decides by platform
    spares    : fork the next worker while the current one works
    ahead     : let the next worker import what the last one could import, too; for `watch`, where somebody waits
    """

    def __init__(
        self,
        sandbox: str = "auto",
        memory_mb: int = MEMORY_MB,
        shared: dict[str, np.ndarray] | None = None,
        without: Sequence[str] = (),
        cold: bool | None = None,
        spares: bool = True,
        ahead: bool = False,
    ):
        if sandbox not in ("auto", "strict", "off"):
            raise ValueError(f"sandbox is auto, strict or off, not {sandbox!r}")
        self.sandbox, self.memory = sandbox, memory_mb << 20
        left_out = {*without, *os.environ.get(WITHOUT_VARIABLE, "").split(",")}
        self.layers = [name for name in LAYERS if name not in left_out and (sandbox != "off" or name == "limits")]
        self.cold = cold if cold is not None else not kernel.LINUX or os.environ.get(COLD_VARIABLE) == "1"
        self.shared: dict[str, np.ndarray] = {}
        self._zygote: ZygoteClient | None = None
        self._measured: dict[str, Any] | None = None
        self._live: set[WireChannel] = set()
        self.spares = spares
        self.ahead = ahead and sandbox != "strict"  # in strict mode each worker is judged before it runs anything
        self._spare: Spare | None = None
        self._imported: tuple[Submission | None, list[str]] = None, []  #: what the last worker imported, and of which
        if kernel.LINUX and "dumpable" in self.layers:
            # Labels and expected values lie in this process: nobody else of the same user may look into it.
            kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        for name, array in (shared or {}).items():
            self.share(name, array)
        if not self.cold:
            self._zygote = ZygoteClient()
        if sandbox == "strict" and not self.report()["complete"]:
            refused = self.report()["summary"]
            self.close()
            raise SandboxRefused(
                f"--sandbox=strict, but {refused}. Remedy: python -m grader doctor says what is missing."
            )

    # -- workers ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def student(
        self, submission: Submission, limits: Any = None, describe: Callable[[Any], str] | None = None
    ) -> Iterator[Student]:
        """A Student in a fresh worker, ended at the end of the block.

        raises : WorkerFault if no worker can be started
        """
        with contextlib.ExitStack() as stack:
            try:
                channel = self._loaded(submission, limits or Limits(), stack)
            except WorkerFault:  # killed before any of the learner's code ran in it: once more, with a fresh one
                stack.close()
                channel = self._loaded(submission, limits or Limits(), stack)
            student = Student(channel, describe)
            yield student
            self._imported = submission, sorted(student.imported)

    def _loaded(self, submission: Submission, limits: Any, stack: contextlib.ExitStack) -> WireChannel:
        channel = stack.enter_context(self._channel(submission, limits))
        if not channel.ahead:
            channel.load(_folder_of(submission))
        return channel

    @contextlib.contextmanager
    def course_worker(self) -> Iterator["CourseWorker"]:
        """One worker for the course's own code, loaded again and again without a fork."""
        worker = CourseWorker(self)
        try:
            yield worker
        finally:
            worker.close()

    @contextlib.contextmanager
    def _channel(self, submission: Submission, limits: Any) -> Iterator[WireChannel]:
        channel = self._start(submission, limits)
        self._live.add(channel)
        try:
            yield channel
        finally:
            self._live.discard(channel)
            channel.close(wait=False)

    def _start(self, submission: Submission, limits: Any) -> WireChannel:
        folder = _folder_of(submission)
        plan = {
            "layers": self.layers,
            "memory": self.memory,
            "folder": folder,
            "probe_paths": _course_files(folder),
            "grader": os.getpid(),
        }
        channel, measured = self._take_spare(plan, submission, limits)
        if channel is None or measured is None:
            process = ColdProcess(**plan) if self.cold else self._forked(plan)
            channel = WireChannel(process, submission, limits)
        channel.shared = {id(array): (name, array) for name, array in self.shared.items()}
        try:
            measured = measured or channel.hello()
            if self._measured is None:  # in strict mode the constructor asks for this first one, and judges it
                self._measured = measured
            elif self.sandbox == "strict" and not all(measured["probes"].values()):
                raise SandboxRefused("a worker could do what it must not; nothing was run in it")
            if self.cold:
                for name, array in self.shared.items():
                    channel.share(name, array)
        except BaseException:
            channel.close()
            raise
        self._make_spare(plan)
        if self.ahead and self._spare is not None and self._imported[0] is submission and self._imported[1]:
            self._spare.lay_ahead(submission, folder, self._imported[1])
        return channel

    # -- the next worker, getting ready while the current one works -------------------------------------------------

    def _make_spare(self, plan: dict[str, Any]) -> None:
        """Fork the worker that is likely to be asked for next."""
        if self.spares and not self.cold and self._spare is None:
            with contextlib.suppress(WorkerFault):  # what is wrong comes up when a worker is needed
                self._spare = Spare(plan, len(self.shared), ForkedProcess(self.zygote(), later=True, **plan))

    def _take_spare(self, plan: dict[str, Any], submission: Submission, limits: Any) -> tuple[WireChannel | None, Any]:
        """The spare worker and what it measured, if it is what is needed and still alive."""
        spare, self._spare = self._spare, None
        if spare is None:
            return None, None
        with contextlib.suppress(WorkerFault):  # it may have been killed meanwhile: then another one is made
            if spare.fits(plan, len(self.shared), submission):
                channel = WireChannel(spare.process, submission, limits)
                measured = channel.hello()
                if spare.submission is None or channel.loaded(limits):
                    return channel, measured
        spare.process.end()
        return None, None

    def rest(self) -> None:
        """Nobody asks for anything now: a spare that holds a submission gives way to one that fits any."""
        if self._spare is not None and self._spare.submission is not None:
            plan = self._spare.plan
            self._end_spare()
            self._make_spare(plan)

    def _forked(self, plan: dict[str, Any]) -> ForkedProcess:
        try:
            return ForkedProcess(self.zygote(), **plan)
        except WorkerFault:
            # A submission may have got at the zygote where nothing protects it. One new one, and no more.
            self._end_zygote()
            return ForkedProcess(self.zygote(), **plan)

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

    def share(self, name: str, array: np.ndarray) -> None:
        """Give an array to all workers started from now on: no call sends it again, whether named or passed itself.

        array : must not be changed afterwards
        """
        if self.shared.get(name) is array:
            return
        array.flags.writeable = False
        self.shared[name] = array
        if self._zygote is not None:
            self._zygote.shared.discard(name)

    # -- what is withheld ---------------------------------------------------------------------------------------

    def report(self) -> dict[str, Any]:
        """What a worker measured of itself: {"level", "complete", "probes", "layers", "summary", "mode"}."""
        if self._measured is None:
            self._start(Submission("probe", {}), Limits()).close()
        assert self._measured is not None
        return summary(self._measured, self.sandbox, "cold start" if self.cold else "fork")

    def close(self) -> None:
        """End all workers and the zygote. May be called again."""
        for channel in list(self._live):
            channel.close()
        self._live.clear()
        self._end_spare()
        self._end_zygote()

    def _end_spare(self) -> None:
        if self._spare is not None:
            self._spare.process.end()
            self._spare = None

    def _end_zygote(self) -> None:
        self._end_spare()
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()


class CourseWorker:
    """A worker that loads one submission after another; for the course's own code, which needs no fresh process each."""

    def __init__(self, pool: WorkerPool):
        self.pool = pool
        self._channel: WireChannel | None = None

    @contextlib.contextmanager
    def load(
        self, submission: Submission, limits: Any = None, describe: Callable[[Any], str] | None = None
    ) -> Iterator[Student]:
        """A Student on another submission; the one before is forgotten."""
        limits = limits or Limits()
        if self._channel is None or not self._channel.alive:
            self._channel = self.pool._start(Submission("course", {}), limits)
            self.pool._live.add(self._channel)
        channel = self._channel
        channel.submission, channel.released = submission, []
        channel.begin(limits)
        channel.load("")
        yield Student(channel, describe)

    def close(self) -> None:
        if self._channel is not None:
            self.pool._live.discard(self._channel)
            self._channel.close()


def _folder_of(submission: Submission) -> str:
    """The folder that a worker may read, unless the course itself lies in it."""
    if submission.folder is None:
        return ""
    folder = submission.folder.resolve()
    return "" if folder == ROOT or ROOT.is_relative_to(folder) or _holds_data(str(folder)) else str(folder)


def _holds_data(folder: str) -> bool:
    return any(str(place) == folder or str(place).startswith(folder + os.sep) for place in (DATA, TASKS))


def _course_files(folder: str) -> list[str]:
    """Files of the course that exist and that no worker may open."""
    places = [DATA / "hidden.npz", ROOT / "reference" / "layers.py", ROOT / "grader" / "runner.py", TASKS]
    return [
        str(place)
        for place in places
        if place.exists() and not str(place).startswith(folder + os.sep if folder else "\0")
    ]
