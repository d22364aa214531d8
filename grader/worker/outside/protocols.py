"""What the engine and the checks use of a pool of workers, and of a submission in one of them.

These are for annotations, cost nothing to import, and are satisfied by shape: nobody has to inherit from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized
    from contextlib import AbstractContextManager

    import numpy as np

    from grader.submission import Submission
    from grader.worker.outside.handles import Module, Remote, RngMaker, SharedArray
    from grader.worker.outside.transcript import Describe, Step


class TimeLimits(Protocol):
    """Seconds that a submission has."""

    @property
    def call(self) -> float:
        """For each call."""

    @property
    def check(self) -> float:
        """For all calls of one check together."""


class Student(Protocol):
    """A submission in a worker, as a check sees it; `proxy.StudentProxy` says what each of these does.

    transcript : what was asked since the current check began
    earlier    : what was asked before that
    modules    : those that names were asked of
    """

    rng: RngMaker
    transcript: list[Step]
    earlier: list[Step]
    modules: set[str]

    def __getattr__(self, name: str) -> Module: ...
    @property
    def alive(self) -> bool: ...
    @property
    def pid(self) -> int | None: ...
    def listen(self, heard: Callable[[str], None]) -> None: ...
    def on_one_cpu(self) -> AbstractContextManager[None]: ...
    def begin(self, limits: TimeLimits) -> None: ...
    def put(self, value: object) -> Remote: ...
    def fetch(self, remote: Remote) -> Any: ...
    def fill(self, remote: Remote, *where: object) -> None: ...
    def fill_all(self, writes: Sequence[tuple[Remote, str, object]]) -> None: ...
    def ref(self, remote: Remote, name: str) -> Remote: ...
    def item(self, remote: Remote, index: object) -> Remote: ...
    def read(self, names: Sequence[tuple[Remote, str]]) -> list[Any]: ...
    def take(self, value: object, limit: int = 1000) -> list[Any]: ...
    def length(self, value: Sized | Remote) -> int: ...
    def kind(self, value: object) -> str: ...
    def has(self, owner: Remote | Module, name: str) -> bool: ...
    def have(self, owners: Sequence[Remote], name: str) -> list[bool]: ...
    def having(self, owner: Remote, name: str, wanted: str, limit: int = 1000) -> list[Remote]: ...
    def same_memory(self, a: Remote, b: Remote) -> bool: ...
    def shared(self, name: str) -> SharedArray: ...


class CourseWorker(Protocol):
    """One worker for the course's own code, one submission after another."""

    def load(
        self, submission: Submission, limits: TimeLimits | None = None, describe: Describe | None = None
    ) -> AbstractContextManager[Student]:
        """A student on another submission; the one before is forgotten."""


class Pool(Protocol):
    """Workers on demand: `pool.WorkerPool` confines them, `local.LocalPool` runs the code in this process."""

    def student(
        self, submission: Submission, limits: TimeLimits | None = None, describe: Describe | None = None
    ) -> AbstractContextManager[Student]:
        """A student whose modules are newly loaded.

        describe : array or other plain value -> Python text, for the transcript
        raises   : WorkerFault if no worker can be started
        """

    def course_worker(self) -> AbstractContextManager[CourseWorker]:
        """One worker for the course's own code, whichever submission it is."""

    def share(self, name: str, array: np.ndarray[Any, Any]) -> None:
        """Give an array, which must not be changed afterwards, to all workers started from now on."""

    def rest(self) -> None:
        """No more checks of the current submission are to come."""

    def report(self) -> dict[str, Any]:
        """What a worker withholds: {"level", "probes", "layers", "summary", ...}."""

    def close(self) -> None:
        """End all workers. May be called again."""
