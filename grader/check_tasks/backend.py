"""Grade the course's own submissions fast: in forked processes, with calls that need no wire.

Submissions that differ in one place only may share a process: that saves forks, and where mistakes are to be named, what
the course's own code answers in the same checks is heard once for all of them.

For code that the course itself brought along (its reference, its misconceptions, its right answers), never for a learner's.
"""

import multiprocessing
import os
import time
import traceback
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import cast

import msgspec
from msgspec import Struct

from grader.course.course import Course, Stage
from grader.course.misconceptions import load
from grader.diagnosis.answer_table import tables_of
from grader.diagnosis.diagnose import diagnose
from grader.diagnosis.known_mistakes import named_by_tables
from grader.diagnosis.runs import ReplayCache
from grader.records import CheckResult, FollowThrough, Mistake
from grader.running.context import Context, Data
from grader.running.limits import Limits
from grader.running.runner import load_checks, run_check
from grader.running.state import RunState
from grader.submission import Submission
from grader.worker.outside.local import LocalPool
from grader.worker.outside.protocols import Pool

TOGETHER = 16  #: submissions that share a process
PROCESSES = 2  #: side by side


class Job(Struct, frozen=True):
    """What is to be graded: some stages of one submission, under some seeds; of these stages one check, if it is named."""

    name: str
    submission: Submission
    stages: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    name_mistakes: bool = False
    together: bool = False  #: whether others of its kind may share its process
    check: str = ""


class JobOutcome(Struct, frozen=True):
    """The results of a job, one dict a seed; `fault` if its process did not get to the end."""

    name: str
    results: list[dict[str, list[CheckResult]]] = []  #: one a seed: stage -> results in the order of task.toml
    seconds: float = 0.0
    fault: str = ""
    asked: dict[str, list[str]] = {}  #: stage -> modules that its checks asked for

    @property
    def first(self) -> dict[str, list[CheckResult]]:
        """The results under the first seed; nothing of a job whose process did not get to the end."""
        return self.results[0] if self.results else {}

    @property
    def checks(self) -> list[tuple[str, CheckResult]]:
        """The same in a row, each with its stage."""
        return [(stage, result) for stage, results in self.first.items() for result in results]

    @property
    def names(self) -> set[str]:
        """Misconceptions that its results name, twins included."""
        return {name for _, r in self.checks if r.mistake for name in (r.mistake.id, *r.mistake.alike)}

    def failed(self, stage: str = "") -> list[str]:
        """Ids of the checks that did not pass, of one stage or of all."""
        return [r.id for where, r in self.checks if stage in ("", where) and r.state != "pass"]


class VerifyContext(Struct, frozen=True):
    """What all jobs have in common.

    reference       : into which misconceptions are put, for their names
    training_images : how many images a training sees; 0 is all
    budget          : seconds for one name; large, so that results do not depend on the load of the machine
    by_tables       : whether the names are those that a kit gives, by the stages' tables
    assumed         : results of stages that a job leaves out, because its submission cannot differ there
    """

    course: Course
    reference: Submission
    training_images: int = 500
    budget: float = 600.0
    by_tables: bool = False
    assumed: tuple[tuple[str, CheckResult], ...] = ()
    follow_through: FollowThrough = "off"


def run_job(job: Job, bench: VerifyContext, pool: Pool | None = None, heard: ReplayCache | None = None) -> JobOutcome:
    """Grade in this process, with local workers unless a pool is given; `heard` as of `diagnose`."""
    begun, runs = time.perf_counter(), []
    asked = defaultdict[str, set[str]](set)
    for seed in job.seeds:
        data = Data(bench.course, bench.training_images)
        known = {(stage, result.id): result for stage, result in bench.assumed if stage not in job.stages}
        workers = pool or LocalPool()
        what = bench.course, job.submission, workers, seed, Limits(3.0), data
        context = Context(*what, state=RunState(known), follow_through=bench.follow_through)
        runs.append(_results(job, bench, context, heard))
        for (stage, _), modules in context.state.touched.items():
            asked[stage] |= modules
        context.close()
    seconds = time.perf_counter() - begun
    return JobOutcome(job.name, runs, seconds, asked={stage: sorted(names) for stage, names in asked.items()})


def _results(job: Job, bench: VerifyContext, context: Context, heard: ReplayCache | None) -> dict[str, list[CheckResult]]:
    """Stage -> results, named if that is asked for."""
    results: dict[str, list[CheckResult]] = {}
    for stage in bench.course.stages:
        for check in (c for c in stage.checks if stage.id in job.stages and job.check in ("", c.id)):
            result = run_check(check, _functions(stage)[check.id], context)
            context.state.decide(check, result)
            results.setdefault(stage.id, []).append(result)
    names: Mapping[tuple[str, str], Mistake | None] = {}
    if job.name_mistakes and bench.by_tables:
        names = named_by_tables(context, tables_of(bench.course, job.stages))
    elif job.name_mistakes:
        names = diagnose(context, bench.reference, bench.budget, heard=heard)
    for (stage_id, check_id), mistake in names.items():
        named = [msgspec.structs.replace(r, mistake=mistake) if r.id == check_id else r for r in results[stage_id]]
        results[stage_id] = named
    return results


def run_jobs(jobs: Iterable[Job], bench: VerifyContext) -> Iterator[JobOutcome]:
    """Grade all jobs, each in a forked process, or a few in one, in the order in which they end."""
    if not hasattr(os, "fork"):
        yield from (run_job(job, bench) for job in jobs)
        return
    for stage in bench.course.stages:
        _functions(stage), load(stage.folder)  # once, before forking: both are kept
    fork, waiting = multiprocessing.get_context("fork"), deque(_batches(jobs))
    running: dict[Connection, tuple[list[Job], ForkProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < PROCESSES:
                batch, (end, start) = waiting.popleft(), fork.Pipe(duplex=False)
                running[end] = batch, fork.Process(target=_grade_together, args=(batch, bench, start))
                running[end][1].start()
                start.close()
            for end in cast(list[Connection], wait(list(running))):
                batch, process = running[end]
                try:
                    yield from msgspec.msgpack.decode(end.recv_bytes(), type=list[JobOutcome])
                except EOFError:
                    if len(batch) > 1:  # one of them ended the process: which one?
                        waiting.extendleft([job] for job in reversed(batch))
                    else:
                        process.join()
                        yield JobOutcome(batch[0].name, fault=f"its process ended with status {process.exitcode}")
                end.close()
                process.join()
                del running[end]
    finally:
        for _, process in running.values():
            process.kill()
            process.join()


def _grade_together(batch: list[Job], bench: VerifyContext, start: Connection) -> None:
    """In a child: grade some jobs, and send what came of them."""
    outcomes, heard = [], ReplayCache()
    for job in batch:
        try:
            outcomes.append(run_job(job, bench, heard=heard))
        except Exception:
            outcomes.append(JobOutcome(job.name, fault=traceback.format_exc(limit=-4)))
    start.send_bytes(msgspec.msgpack.encode(outcomes))


def _batches(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Jobs that go through one process together: a few that may, of one kind; all others alone."""
    for _, alike in groupby(jobs, lambda job: (job.together, job.name_mistakes, job.stages[-1:])):
        some = list(alike)
        size = TOGETHER if some[0].together else 1
        yield from (some[k : k + size] for k in range(0, len(some), size))


_loaded: dict[str, Mapping[str, Callable[..., None]]] = {}


def _functions(stage: Stage) -> Mapping[str, Callable[..., None]]:
    if stage.id not in _loaded:
        _loaded[stage.id] = load_checks(stage)
    return _loaded[stage.id]
