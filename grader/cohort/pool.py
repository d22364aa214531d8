"""Submissions over all cores of this machine: one thread a grading process, results as they come."""

import os
import queue
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from grader.cohort.process import Grader
from grader.cohort.work import ClassSettings, GradeDone, GradeOrder
from grader.course.course import Course
from grader.errors import Refusal


class StageReached(msgspec.Struct, frozen=True):
    """A submission has reached a stage."""

    key: str
    stage: str
    lane: int  #: which of the processes grades it


Event = StageReached | GradeDone


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ProcessPool:
    """A fixed number of grading processes.

    jobs : how many submissions are graded side by side; 0 is one a core
    """

    def __init__(self, course: Course, settings: ClassSettings, jobs: int, scratch: Path, logs: Path) -> None:
        if os.name == "nt":  # a grading process inherits its socket, which Windows does not know
            raise Refusal("a class is graded on Linux or macOS. Remedy: on Windows, run the same command in WSL.")
        self.jobs = jobs or cores()
        logs.mkdir(parents=True, exist_ok=True)
        self.graders = [Grader(course, settings, scratch, logs / f"grader-{lane}.log") for lane in range(self.jobs)]
        self._stop = threading.Event()

    def run(self, orders: Iterable[GradeOrder]) -> Iterator[Event]:
        """Grade all orders; events come in order of happening. Only as many orders are held as are being graded.

        raises : CourseBroken, after the first sign that nothing can be graded
        """
        source, lock = iter(orders), threading.Lock()
        events: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()

        def lane(number: int, grader: Grader) -> None:
            try:
                while not self._stop.is_set():
                    with lock:
                        order = next(source, None)
                    if order is None:
                        break

                    def reached(stage: str, key: str = order.key) -> None:
                        events.put(StageReached(key, stage, number))

                    events.put(grader.grade(order, reached))
            except BaseException as error:  # handed to the caller's thread, which raises it
                events.put(error)
            finally:
                events.put(None)

        threads = [threading.Thread(target=lane, args=pair, daemon=True) for pair in enumerate(self.graders)]
        for thread in threads:
            thread.start()
        try:
            for _ in threads:  # each ends with a None
                until_one_ends: Iterator[Event | BaseException] = iter(events.get, None)
                for event in until_one_ends:
                    if isinstance(event, BaseException):
                        raise event
                    yield event
        finally:
            self._stop.set()
            self.close()

    def close(self) -> None:
        """End all processes; what they were grading is not finished."""
        self._stop.set()
        for grader in self.graders:
            grader.close()
