"""The next worker, getting ready while the current one works."""

from typing import Any, NamedTuple

from grader.worker.outside.process import ForkedProcess


class Spare(NamedTuple):
    """A worker that was asked for ahead of time."""

    plan: dict[str, Any]  #: what it is forked for
    shared: dict[int, tuple[str, Any]]  #: the shared arrays that it has, by identity
    process: ForkedProcess

    def fits(self, plan: dict[str, Any], shared: dict[int, tuple[str, Any]]) -> bool:
        """Whether it is alive, and what is needed now."""
        same = self.plan == plan and self.shared.keys() == shared.keys()
        return same and self.process.zygote.alive and self.process.alive
