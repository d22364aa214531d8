"""What the engine uses of a pool of workers.

These are for annotations, cost nothing to import, and are satisfied by shape: nobody has to inherit from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from grader.submission import Submission
    from grader.worker import wire
    from grader.worker.bounds import TimeLimits
    from grader.worker.outside.proxy import Student
    from grader.worker.outside.transcript import Describe


class CourseWorker(Protocol):
    """One worker for the course's own code: each student is on another submission, and the one before is forgotten."""

    def student(
        self, submission: Submission, limits: TimeLimits = ..., describe: Describe | None = None
    ) -> AbstractContextManager[Student]: ...


class Pool(CourseWorker, Protocol):
    """Workers on demand: `pool.WorkerPool`, which confines them, or `local.LocalPool` in this process."""

    def course_worker(self) -> AbstractContextManager[CourseWorker]: ...
    def share(self, name: str, array: wire.Array) -> None: ...
    def rest(self) -> None: ...
    def report(self) -> dict[str, Any]: ...
    def close(self) -> None: ...
