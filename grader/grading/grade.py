"""One grade, from a folder to its files: `grade(request)`.

Checks are collected and run by pytest in this process, which never imports the submission; the submission answers from
a worker. What was decided is appended to `results.jsonl` as it happens, and the report is made from those lines.
"""

import contextlib
import time

import msgspec

from grader.course import fingerprint
from grader.course.course import Course
from grader.diagnosis.name_mistakes import name_mistakes
from grader.grading import embedded_data, event_log, repro
from grader.grading.kept_stages import KeptStages, TrainingCache
from grader.grading.request import Request
from grader.grading.summary import summary
from grader.records import Report, cleaned
from grader.running.context import Context, Data
from grader.running.limits import calibrate
from grader.running.pytest_host import run_with_pytest
from grader.running.session import Observer, Session
from grader.worker.outside.protocols import Pool


def grade(
    request: Request,
    observer: Observer | None = None,
    pool: Pool | None = None,
    depends: dict[str, str] | None = None,
    scale: float = 0.0,
    kept: KeptStages | None = None,
) -> Report:
    """Grade a submission and write `results.jsonl`, `results.json`, `evidence/` and `report.html` to the output.

    pool    : workers to use; one is made, and ended, if none is given
    depends : fingerprint.dependencies of the course, if they are known
    scale   : what limits.calibrate says; 0 asks now
    kept    : what is known of the submission's stages; told afterwards what came of them
    returns : the report; `complete` is False if it was interrupted
    raises  : NotASubmission, BadCourse, a sandbox's refusal; GraderFault
    """
    begun = time.perf_counter()
    submission, how = request.course.read(request.student), request.settings
    with contextlib.ExitStack() as stack:
        course = msgspec.structs.replace(request.course)  # its stages may have changed since the grade before
        if pool is None:
            from grader.worker.outside.pool import WorkerPool

            # Its first process starts while the rest is made ready here.
            pool = stack.enter_context(WorkerPool(course.withheld, how.sandbox))
        stages = course.select(request.stages)
        depends = depends or fingerprint.dependencies(course)
        request.output.clear()
        limits, data = how.limits(scale or calibrate()), Data(course, how.training_images)
        named = course, submission, pool, how.seed, limits, data, request.output.evidence
        if kept is None:
            name = fingerprint.key(submission.fingerprint(), how.seed, depends, how.sandbox, how.follow_through)
            kept = TrainingCache(course, name) if how.caches else KeptStages(course, {})
        session = Session(stages, Context(*named, follow_through=how.follow_through), [observer] if observer else [], kept.known)
        _run(session, request, kept)
        report = cleaned(summary(request, session, depends, begun))
        if request.output.repro:
            repro.write(session.context, report.next, request.output.folder)
        request.output.keep(report, whole=len(stages) == len(course.stages), course=course)
    return report


def _run(session: Session, request: Request, kept: KeptStages) -> None:
    """Run all checks, every event in the log; name mistakes once all verdicts are out."""
    submission = session.context.submission
    log = event_log.Log(request.output.log, student=submission.name, stages=[stage.id for stage in session.stages])
    session.observers.insert(0, log)
    if request.output.html:
        from grader.grading.early_start import Early

        session.observers.append(Early(request.output.folder, request.course))
    try:
        run_with_pytest(session)
        if session.complete:
            kept.ask_again(session)
            unnamed = name_mistakes(session, request.course.reference)
            kept.keep(session)
            session.notes += [unnamed] if unnamed else []
            session.notes += _what_is_missing(request.course)
            session.notes += embedded_data.remarks(submission.modules)
    except KeyboardInterrupt:
        pass  # what was decided until then is in the log, and the session knows that it is not complete
    finally:
        session.close()
        log.close()


def _what_is_missing(course: Course) -> list[str]:
    """What a learner's kit leaves to the course's own run."""
    data, sums = course.about.data, course.checksums()
    there = any((course.data / name).exists() or name in sums for name in data.hidden)
    return [data.without_hidden] if data.without_hidden and sums and not there else []
