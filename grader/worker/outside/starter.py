"""Starts worker processes: forked by a zygote, or cold where fork is unsafe."""

from typing import Any

from grader.submission import Submission
from grader.worker import wire
from grader.worker.bounds import TimeLimits
from grader.worker.outside.coldprocess import ColdProcess
from grader.worker.outside.errors import WorkerFault
from grader.worker.outside.process import ForkedProcess, ZygoteClient
from grader.worker.outside.wirechannel import Measured, WireChannel


class Starter:
    """Starts workers, and gives them the arrays that all of them share.

    cold : start each from nothing
    """

    def __init__(self, cold: bool):
        self.cold = cold
        self.shared: dict[str, wire.Array] = {}
        self._zygote = None if cold else ZygoteClient()

    def start(self, plan: dict[str, Any], submission: Submission, limits: TimeLimits) -> tuple[WireChannel, Measured]:
        """A fresh worker, and what it measured of itself; raises WorkerFault."""
        channel = WireChannel(ColdProcess(plan) if self.cold else self._forked(plan), submission, limits)
        measured = channel.hello()
        channel.shared = self.by_identity()
        return channel, measured

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
        """End the zygote. Another is started if it is needed."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
