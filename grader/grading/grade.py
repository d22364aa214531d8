"""One grade, from a folder to its files: `grade(request)`.

Checks are collected and run by pytest in this process, which never imports the submission; the submission answers from
a worker. What was decided is appended to `results.jsonl` as it happens, and the report is made from those lines.
"""

import contextlib
import platform
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from grader.course import fingerprint
from grader.course.course import Course
from grader.course.stage import Stage
from grader.diagnosis.name_mistakes import name_mistakes
from grader.files import write_atomically
from grader.grading import curves, embedded_data, event_log, history
from grader.grading.request import Request
from grader.grading.training_cache import TrainingCache
from grader.records import Report
from grader.running import scores
from grader.running.context import Context, Data
from grader.running.limits import Limits, calibrate
from grader.running.pytest_host import GraderFault, run_with_pytest
from grader.running.session import Observer, Session
from grader.submission import Submission, file_of, read_submission

__all__ = ["GraderFault", "Observer", "Request", "grade"]


def grade(request: Request, observer: Observer | None = None, pool: Any = None) -> Report:
    """Grade a submission and write `results.jsonl`, `results.json`, `evidence/` and `report.html` to `request.out`.

    pool    : workers to use; one is made, and ended, if none is given
    returns : the report; `complete` is False if it was interrupted
    raises  : NotASubmission, BadCourse, a sandbox's refusal; GraderFault
    """
    begun = time.perf_counter()
    submission = read_submission(request.student)
    with contextlib.ExitStack() as stack:
        course = msgspec.structs.replace(request.course)  # its stages may have changed since the grade before
        if pool is None:
            from grader.worker.outside.pool import WorkerPool

            # Its first process starts while the rest is made ready here.
            pool = WorkerPool(course.withheld, request.sandbox)
            stack.callback(pool.close)
        stages = course.select(request.stages)
        depends = request.depends or fingerprint.dependencies(course)
        _clear(request.out)
        context = _context(request, course, submission, pool)
        cache = _cache(request, context, depends)
        session = _run(request, stages, context, observer, cache)
        report = _report(request, stages, session, depends, cache, begun)
        _write(request, report, whole=len(stages) == len(course.stages))
        return report


def _context(request: Request, course: Course, submission: Submission, pool: Any) -> Context:
    seed = secrets.randbits(63) if request.secret_seed else request.seed
    limits = Limits((request.scale or calibrate()) * request.time_factor, rehearsal=request.training_images > 0)
    data = Data(course.data, request.training_images)
    return Context(course, submission, pool, seed, limits, data, evidence=request.out / "evidence")


def _what_is_missing(data: Path) -> list[str]:
    """What a learner's kit leaves to the course's own run."""
    from grader.course.images import DamagedData, has_hidden

    try:
        if has_hidden(data):
            return []
    except DamagedData:  # the checks that need the data say so
        return []
    return ["The course's own run also judges your network on images that nobody has seen, and names known mistakes."]


def _cache(request: Request, context: Context, depends: dict[str, str]) -> TrainingCache | None:
    """The kept results of trainings, hooked into the context; None if none may be used."""
    if not request.caches:
        return None
    name = fingerprint.key(context.submission.fingerprint(), context.seed, depends, request.sandbox)
    cache = TrainingCache(name, context.evidence, request.course.memory)
    context.recall = lambda check: cache.recall(check) if context.course.stage(check.stage).training else None
    return cache


def _run(
    request: Request,
    stages: tuple[Stage, ...],
    context: Context,
    observer: Observer | None,
    cache: TrainingCache | None,
) -> Session:
    """Run all checks, every event in the log; name mistakes once all verdicts are out."""
    lines = event_log.Log(
        request.out / "results.jsonl", student=context.submission.name, stages=[stage.id for stage in stages]
    )
    session = Session(stages, context, [lines, *([observer] if observer else [])])
    if request.html:
        from grader.grading.early_start import Early

        session.observers.append(Early(request.out))
    try:
        run_with_pytest(session)
        if session.complete:
            _keep(cache, session)
            session.notes += filter(None, [name_mistakes(session, request.course.reference, request.patience)])
            session.notes += _what_is_missing(request.course.data)
            session.notes += embedded_data.remarks(context.submission.modules)
    except KeyboardInterrupt:
        pass  # what was decided until then is in the log, and the session knows that it is not complete
    finally:
        session.close()
        lines.close()
    return session


def _report(
    request: Request,
    stages: tuple[Stage, ...],
    session: Session,
    depends: dict[str, str],
    cache: TrainingCache | None,
    begun: float,
) -> Report:
    """The report, from the lines of the log."""
    context, limits = session.context, session.context.limits
    mark = context.submission.fingerprint()
    results = event_log.replay(request.out / "results.jsonl").results
    secret = fingerprint.of_text("seed", str(context.seed))[:16]
    return scores.report(
        stages,
        results,
        context.place,
        complete=session.complete,
        student=context.submission.name,
        sandbox=context.pool.report(),
        seed={"fingerprint": secret} if request.secret else {"value": context.seed},
        environment={**fingerprint.environment(), "system": platform.platform(terse=True)},
        fingerprints={"submission": mark, **depends},
        limits={
            "calibration": limits.scale,
            "stages": {stage.id: {"stage": limits.of_stage(stage), **_longest(limits, stage)} for stage in stages},
        },
        seconds=round(time.perf_counter() - begun, 3),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        curves=curves.of_results(context.course, results, request.out / "evidence"),
        notes=session.notes,
        extra={
            "stages_named": [stage.id for stage in stages] if request.stages else [],
            "course_points": context.course.points,
            "key": request.key(mark, depends) if request.caches else "",
            "feedback": request.feedback,
            "problems": {file_of(module): why for module, why in context.submission.problems.items()},
            "repeatable": not context.unrepeatable and all(r.state != "error" for r in results.values()),
            "cached": sorted(cache.used) if cache else [],
        },
    )


def _keep(cache: TrainingCache | None, session: Session) -> None:
    """Keep the trained stages for an equal run, unless a limit or a death decided anything in them."""
    if cache is None:
        return
    touched = {stage for stage, _ in session.context.unrepeatable}
    for stage in session.stages:
        if stage.training and stage.id not in touched | cache.used:
            cache.keep(stage, {c.id: session.results[scores.key(c)] for c in stage.checks})


def _write(request: Request, report: Report, whole: bool) -> None:
    out = request.out
    write_atomically(out / "results.json", msgspec.json.format(msgspec.json.encode(report), indent=1))
    if report.complete and whole:
        history.append(out, report)
    if request.html:
        from grader.report import render

        render(report, out)


def _clear(out: Path) -> None:
    """Remove what an earlier grade left, so that nothing of it can be taken for this one's."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out / "evidence", ignore_errors=True)
    for name in ("results.json", "report.html"):
        (out / name).unlink(missing_ok=True)


def _longest(limits: Limits, stage: Stage) -> dict[str, float]:
    each = [limits.of(check, stage) for check in stage.checks]
    return {"call": max(limit.call for limit in each), "check": max(limit.check for limit in each)}
