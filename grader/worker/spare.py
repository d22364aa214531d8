"""The next worker, getting ready while the current one works."""

from typing import Any, NamedTuple

from grader.worker.process import ForkedProcess


class Spare(NamedTuple):
    """A worker that was asked for ahead of time."""

    plan: dict[str, Any]  #: what it is forked for
    shared: int  #: how many shared arrays it has
    process: ForkedProcess

    def fits(self, plan: dict[str, Any], shared: int) -> bool:
        """Whether it is alive, and what is needed now."""
        return self.plan == plan and self.shared == shared and self.process.zygote.alive and self.process.alive
