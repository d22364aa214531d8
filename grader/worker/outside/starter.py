"""Starts worker processes: forked by a zygote, each ready before it is asked for, or cold where fork is unsafe."""

import contextlib
from typing import Any, NamedTuple

from grader.submission import Submission
from grader.worker import wire
from grader.worker.bounds import TimeLimits
from grader.worker.outside.coldprocess import ColdProcess
from grader.worker.outside.errors import WorkerFault
from grader.worker.outside.process import ForkedProcess, ZygoteClient
from grader.worker.outside.wirechannel import Measured, WireChannel


class Spare(NamedTuple):
    """The next worker, getting ready while the current one works."""

    plan: dict[str, Any]  #: what it is forked for
    shared: dict[int, tuple[str, wire.Array]]  #: the shared arrays that it has, by identity
    process: ForkedProcess


class Starter:
    """Starts workers, and gives them the arrays that all of them share.

    cold   : start each from nothing
    spares : fork the next worker while the current one works
    """

    def __init__(self, cold: bool, spares: bool):
        self.cold, self.spares = cold, spares
        self.shared: dict[str, wire.Array] = {}
        self.spare: Spare | None = None
        self._zygote = None if cold else ZygoteClient()

    def start(self, plan: dict[str, Any], submission: Submission, limits: TimeLimits) -> tuple[WireChannel, Measured]:
        """A fresh worker, and what it measured of itself; raises WorkerFault."""
        started = self._ready(plan, submission, limits)
        if started is None:
            process = ColdProcess(plan) if self.cold else self._forked(plan)
            channel = WireChannel(process, submission, limits)
            started = channel, channel.hello()
        started[0].shared = self.by_identity()
        return started

    def _ready(self, plan: dict[str, Any], submission: Submission, limits: TimeLimits) -> tuple[WireChannel, Measured] | None:
        """The spare worker, if it is what is needed and still alive."""
        spare, self.spare = self.spare, None
        if spare is None:
            return None
        with contextlib.suppress(WorkerFault):  # it may have been killed meanwhile: then another one is made
            same = spare.plan == plan and spare.shared.keys() == self.by_identity().keys()
            if same and spare.process.zygote.alive and spare.process.alive:
                channel = WireChannel(spare.process, submission, limits)
                return channel, channel.hello()
        spare.process.end()
        return None

    def make_spare(self, plan: dict[str, Any]) -> None:
        """Fork the worker that is likely to be asked for next."""
        if self.spares and not self.cold and self.spare is None:
            with contextlib.suppress(WorkerFault):  # what is wrong comes up when a worker is needed
                self.spare = Spare(plan, self.by_identity(), ForkedProcess(self.zygote(), plan, later=True))

    def _forked(self, plan: dict[str, Any]) -> ForkedProcess:
        try:
            return ForkedProcess(self.zygote(), plan)
        except WorkerFault:
            # A submission may have got at the zygote where nothing protects it. One new one, and no more.
            self.close()
            return ForkedProcess(self.zygote(), plan)

    def zygote(self) -> ZygoteClient:
        """The running zygote, started when first needed and again if it is gone."""
        if self._zygote is not None and not self._zygote.alive:
            self.close()
        if self._zygote is None:
            self._zygote = ZygoteClient()
        for name, array in self.shared.items():
            if name not in self._zygote.shared:
                self._zygote.share(name, array)
        return self._zygote

    def share(self, name: str, array: wire.Array) -> None:
        if self.shared.get(name) is array:
            return
        array.flags.writeable = False
        self.shared[name] = array
        if self._zygote is not None:
            self._zygote.shared.discard(name)

    def by_identity(self) -> dict[int, tuple[str, wire.Array]]:
        """The shared arrays as a channel knows them; who holds this keeps them, and so their identities, alive."""
        return {id(array): (name, array) for name, array in self.shared.items()}

    def send_shared(self, channel: WireChannel) -> None:
        """Give a worker that comes from no zygote the arrays that others have from theirs."""
        for name, array in self.shared.items() if self.cold else ():
            channel.share(name, array)

    def close(self) -> None:
        """End the spare worker and the zygote. Another is started if it is needed."""
        if self.spare is not None:
            self.spare.process.end()
            self.spare = None
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
