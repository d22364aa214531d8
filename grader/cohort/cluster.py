"""The same work on a Dask cluster: submissions travel as bytes with their digest, results come back as data.

Every Dask worker thread drives one grading process of its own, exactly as this machine would: a submission that takes
its process down does not take the Dask worker with it. A lost Dask worker's submissions are given to another by Dask.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grader.cohort.course_copy import copy_course
from grader.cohort.extras import need
from grader.cohort.journal import Outcome
from grader.cohort.pool import Event
from grader.cohort.process import CourseBroken, Grader
from grader.cohort.work import ClassSettings, GradeDone, GradeOrder, course_fingerprint
from grader.course.course import VARIABLE, Course
from grader.errors import Refusal
from grader.paths import ENGINE

if TYPE_CHECKING:
    from distributed import Future

#: Submissions that are sent ahead for each of the cluster's threads: enough to keep it busy, little enough to hold.
_AHEAD = 2
_local = threading.local()
_copying = threading.Lock()  #: of this process's threads, one after another


def grade_bytes(data: bytes) -> bytes:
    """What a Dask worker runs: settings and an order as msgpack in, what was done out. Its process lives on for the next.

    The course is that of the Dask worker's own checkout, as it is at the first order: it is graded from a copy.
    """
    settings, order = msgspec.msgpack.decode(data, type=tuple[ClassSettings, GradeOrder])
    grader = getattr(_local, "grader", None)
    if grader is None or grader.settings != settings:
        if grader is not None:
            grader.stop()
        grader = _local.grader = _grader(settings)
    done = grader.grade(order)
    if done.other_course:  # as it was when the copy was made: the checkout may be another by now
        grader.stop()
        grader = _local.grader = _grader(settings)
        done = grader.grade(order)
    return msgspec.msgpack.encode(done)


@functools.cache
def _copies() -> Path:
    folder = tempfile.mkdtemp(prefix="chain-rule-copies-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _grader(settings: ClassSettings) -> Grader:
    with _copying:
        copy = copy_course(Course(Path(os.environ.get(VARIABLE) or ENGINE)), _copies(), str(settings.policy.private or ""))
    return Grader(Course(copy), settings, engine=copy)


def _fingerprint_there(settings: ClassSettings) -> str:
    grader = _grader(settings)
    try:
        return grader.version()
    finally:
        grader.close()


def _far_away(data: bytes) -> bytes:
    from grader.cohort.cluster import grade_bytes

    return grade_bytes(data)


# Sent as code and not by name: a scheduler unpacks what passes through it, and need not have the course installed.
_far_away.__module__ = "__main__"


class Cluster:
    """Grades on the workers of a Dask scheduler.

    address : such as tcp://10.0.0.1:8786
    raises  : Refusal if nobody answers there, or if the cluster has another version of the course
    """

    def __init__(self, address: str, course: Course, settings: ClassSettings, timeout: float = 30) -> None:
        self.settings = settings
        os.environ.setdefault("DASK_CONFIG", str(Path(__file__).with_name("dask.yaml")))  # read by the import
        self.distributed = need("distributed", "--scheduler")
        try:
            self.client = self.distributed.Client(address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise Refusal(f"no Dask scheduler answers at {address} ({error}). Remedy: check the address.") from None
        try:
            self.client.wait_for_workers(1, timeout=timeout)
        except TimeoutError:
            self.close()
            raise Refusal(f"the Dask scheduler at {address} has no workers. Remedy: start dask worker {address}") from None
        self._compare(course)

    def _compare(self, course: Course) -> None:
        mine = course_fingerprint(course)
        try:
            theirs = self.client.run(_fingerprint_there, self.settings)
        except Exception as error:
            self.close()
            raise Refusal(
                f"the cluster's workers cannot grade ({type(error).__name__}: {error}). Remedy: start them in a checkout of "
                "the course, with its environment."
            ) from None
        for worker, fingerprint in sorted(theirs.items()):
            if fingerprint != mine:
                self.close()
                raise Refusal(
                    f"the worker {worker} has another version of the course ({fingerprint[:12]}, here {mine[:12]}). "
                    "Remedy: install the same checkout on every machine."
                )

    def run(self, orders: Iterable[GradeOrder]) -> Iterator[Event]:
        """Grade all orders; results come in order of completion.

        raises : CourseBroken
        """
        source = iter(orders)
        pending: dict[str, GradeOrder] = {}
        running = self.distributed.as_completed(self._submitted(source, pending), loop=self.client.loop)
        while pending:
            future = next(running)
            order = pending.pop(future.key)
            if future.status == "finished":
                done = msgspec.msgpack.decode(future.result(), type=GradeDone)
            else:
                done = self._failed(order, future.status, future.exception() if future.status == "error" else None)
            future.release()
            running.update(self._submitted(source, pending))
            yield done

    def _submitted(self, source: Iterator[GradeOrder], pending: dict[str, GradeOrder]) -> list[Future[bytes]]:
        """As many futures as keep the cluster busy; their orders are pending under their keys."""
        threads = sum(self.client.nthreads().values())
        futures = []
        while len(pending) < _AHEAD * max(1, threads) and (order := next(source, None)) is not None:
            key = f"grade-{order.key}"
            data = msgspec.msgpack.encode((self.settings, order))
            futures.append(self.client.submit(_far_away, data, key=key, pure=False, retries=1))
            pending[key] = order
        return futures

    def _failed(self, order: GradeOrder, status: str, error: Exception | None) -> GradeDone:
        if isinstance(error, CourseBroken):
            raise error
        reason = f"{type(error).__name__}: {error}" if error else f"Dask says {status}"
        if isinstance(error, self.distributed.KilledWorker):
            reason = "every Dask worker that graded it was lost"
        return GradeDone(order.key, order.digest, Outcome("fault", " ".join(reason.split())[:300]))

    def close(self) -> None:
        """Let go of the cluster; what it was grading is given up."""
        self.client.close()
