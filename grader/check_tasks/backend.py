"""Grade the course's own submissions fast: in forked processes, with calls that need no wire.

Submissions that differ in one place only may share a process: that saves forks, and where mistakes are to be named, what
the course's own code answers in the same checks is heard once for all of them.

For code that the course itself brought along (its reference, its misconceptions, its right answers), never for a learner's.
"""

import os
import selectors
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from grader.course.course import Course, Stage
from grader.course.misconceptions import load
from grader.diagnosis.diagnose import diagnose
from grader.diagnosis.runs import ReplayCache
from grader.records import CheckResult
from grader.running.context import Context, Data
from grader.running.limits import Limits
from grader.running.runner import load_checks, run_check
from grader.running.state import RunState
from grader.submission import Submission
from grader.worker.outside.local import LocalPool

TOGETHER = 16  #: submissions that share a process


class Job(Struct, frozen=True):
    """What is to be graded: some stages of one submission, under some seeds."""

    name: str
    submission: Submission
    stages: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    name_mistakes: bool = False
    together: bool = False  #: whether others of its kind may share its process


class JobOutcome(Struct, frozen=True):
    """The results of a job, one dict a seed; `fault` if its process did not get to the end."""

    name: str
    results: list[dict[str, list[CheckResult]]] = []  #: one a seed: stage -> results in the order of task.toml
    seconds: float = 0.0
    fault: str = ""
    asked: dict[str, list[str]] = {}  #: stage -> modules that its checks asked for

    def failed(self, stage: str = "", run: int = 0) -> list[str]:
        """Ids of the checks that did not pass, of one stage or of all."""
        stages = [stage] if stage else list(self.results[run])
        return [r.id for s in stages for r in self.results[run].get(s, []) if r.state != "pass"]

    def points(self, run: int = 0) -> int:
        return sum(r.points for results in self.results[run].values() for r in results)


class VerifyContext(Struct, frozen=True):
    """What all jobs have in common.

    reference       : into which misconceptions are put, for their names
    training_images : how many images a training sees; 0 is all
    budget          : seconds for one name; large, so that results do not depend on the load of the machine
    assumed         : results of stages that a job leaves out, because its submission cannot differ there
    """

    course: Course
    reference: Submission
    training_images: int = 500
    budget: float = 600.0
    assumed: tuple[tuple[str, CheckResult], ...] = ()


def run_job(job: Job, bench: VerifyContext, pool: Any = None, heard: ReplayCache | None = None) -> JobOutcome:
    """Grade in this process, with local workers unless a pool is given; `heard` as of `diagnose`."""
    begun, runs = time.perf_counter(), []
    asked: dict[str, list[str]] = {}
    for seed in job.seeds:
        data = Data(bench.course.data, bench.training_images)
        known = {(stage, result.id): result for stage, result in bench.assumed if stage not in job.stages}
        workers = pool or LocalPool()
        context = Context(bench.course, job.submission, workers, seed, Limits(3.0), data, state=RunState(known))
        stages = [stage for stage in bench.course.stages if stage.id in job.stages]
        results = {stage.id: [_result(stage, check, context) for check in stage.checks] for stage in stages}
        if job.name_mistakes:
            names = diagnose(context, bench.reference, bench.budget, heard=heard)
            for stage in stages:
                results[stage.id] = [_named(result, names.get((stage.id, result.id))) for result in results[stage.id]]
        for (stage_id, _), modules in context.state.touched.items():
            asked[stage_id] = sorted({*asked.get(stage_id, []), *modules})
        context.close()
        runs.append(results)
    return JobOutcome(job.name, runs, time.perf_counter() - begun, asked=asked)


def run_jobs(jobs: Iterable[Job], bench: VerifyContext, processes: int = 2) -> Iterator[JobOutcome]:
    """Grade all jobs, each in a forked process, or a few in one, in the order in which they end."""
    if not hasattr(os, "fork"):
        yield from (run_job(job, bench) for job in jobs)
        return
    for stage in bench.course.stages:
        _functions(stage), load(stage.folder)  # once, before forking: both are kept
    waiting = deque(_batches(jobs))
    running: dict[int, tuple[list[Job], int, bytearray]] = {}
    selector = selectors.DefaultSelector()
    try:
        while True:
            while len(running) < processes and waiting:
                batch = waiting.popleft()
                pid, end = _fork(batch, bench)
                running[end] = (batch, pid, bytearray())
                selector.register(end, selectors.EVENT_READ)
            if not running:
                return
            for key, _ in selector.select():
                batch, pid, text = running[key.fd]
                part = os.read(key.fd, 1 << 20)
                if part:
                    text += part
                    continue
                selector.unregister(key.fd)
                os.close(key.fd)
                del running[key.fd]
                _, status = os.waitpid(pid, 0)
                if not status and text:
                    yield from msgspec.msgpack.decode(bytes(text), type=list[JobOutcome])
                elif len(batch) == 1:
                    yield JobOutcome(batch[0].name, fault=f"its process ended with status {status}")
                else:  # one of them ended the process: which one?
                    waiting.extendleft([job] for job in reversed(batch))
    finally:
        for end, (_, pid, _) in running.items():
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            os.close(end)


def _batches(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Jobs that go through one process together: a few that may, of one kind; all others alone."""
    batch: list[Job] = []
    for job in jobs:
        if batch and (not job.together or _kind(job) != _kind(batch[0]) or len(batch) >= TOGETHER):
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch


def _kind(job: Job) -> tuple[Any, ...]:
    return job.together, job.name_mistakes, job.stages[-1:]


def _fork(batch: list[Job], bench: VerifyContext) -> tuple[int, int]:
    """A child that grades some jobs; their results come out of the file descriptor that is returned with its pid."""
    end, start = os.pipe()
    pid = os.fork()
    if pid:
        os.close(start)
        return pid, end
    status = 1
    try:
        os.close(end)
        outcomes, heard = [], ReplayCache()
        for job in batch:
            try:
                outcomes.append(run_job(job, bench, heard=heard))
            except Exception:
                outcomes.append(JobOutcome(job.name, fault=traceback.format_exc(limit=-4)))
        with open(start, "wb") as pipe:
            pipe.write(msgspec.msgpack.encode(outcomes))
        status = 0
    finally:
        os._exit(status)


_loaded: dict[str, Mapping[str, Callable[..., None]]] = {}


def _functions(stage: Stage) -> Mapping[str, Callable[..., None]]:
    """The stage's checks, loaded once."""
    if stage.id not in _loaded:
        _loaded[stage.id] = load_checks(stage)
    return _loaded[stage.id]


def _result(stage: Stage, check: Any, context: Context) -> CheckResult:
    result = run_check(check, _functions(stage)[check.id], context)
    context.state.decide(check, result)
    return result


def _named(result: CheckResult, diagnosis: Any) -> CheckResult:
    if diagnosis is None or diagnosis.mistake is None:
        return result
    return msgspec.structs.replace(result, mistake=diagnosis.mistake)
