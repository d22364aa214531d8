"""A worker for the course's own code: the known mistakes, one after another."""

import contextlib
from collections.abc import Callable, Iterator

from grader.submission import Submission
from grader.worker.outside.channel import CallLimits
from grader.worker.outside.protocols import TimeLimits
from grader.worker.outside.proxy import StudentProxy
from grader.worker.outside.transcript import Describe
from grader.worker.outside.wirechannel import WireChannel


class WireCourseWorker:
    """Loads one submission after another in the same process, whosever they are.

    start, end : give a fresh worker that holds nothing, and end one
    """

    def __init__(self, start: Callable[[Submission, TimeLimits], WireChannel], end: Callable[[WireChannel], None]):
        self._start, self._end = start, end
        self._channel: WireChannel | None = None

    @contextlib.contextmanager
    def load(
        self, submission: Submission, limits: TimeLimits | None = None, describe: Describe | None = None
    ) -> Iterator[StudentProxy]:
        """A student on another submission; the one before is forgotten."""
        limits = limits or CallLimits()
        if self._channel is None or not self._channel.alive:
            self._channel = self._start(Submission("course", {}), limits)
        self._channel.load_submission(submission, limits, "")
        yield StudentProxy(self._channel, describe)

    def close(self) -> None:
        if self._channel is not None:
            self._end(self._channel)
