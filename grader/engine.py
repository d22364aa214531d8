"""One grade, from a folder to its files: `grade(request)`.

Checks are collected and run by pytest in this process, which never imports the submission; the submission answers from
a worker. What was decided is appended to `results.jsonl` as it happens, and the report is made from those lines.
"""

import contextlib
import os
import platform
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from grader import fingerprint, history, log, scores
from grader.cache import TrainingCache
from grader.course import Course, load_course
from grader.files import write_atomically
from grader.naming import name_mistakes
from grader.records import Report
from grader.request import Request
from grader.session import Observer, Session
from grader.submission import Submission, file_of, read_submission
from grader.task import Stage

#: Variables that would change how pytest or the interpreter behaves; a grade is the same in everyone's shell.
_FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONBREAKPOINT")


class GraderFault(Exception):
    """The grade could not be made, and the submission has nothing to do with it."""


def grade(request: Request, observer: Observer | None = None, pool: Any = None) -> Report:
    """Grade a submission and write `results.jsonl`, `results.json`, `evidence/` and `report.html` to `request.out`.

    pool    : workers to use; one is made, and ended, if none is given
    returns : the report; `complete` is False if it was interrupted
    raises  : NotASubmission, BadCourse, a sandbox's refusal; GraderFault
    """
    begun = time.perf_counter()
    submission = read_submission(request.student)
    course = load_course(request.tasks)
    stages = course.select(request.stages)
    with contextlib.ExitStack() as stack:
        if pool is None:
            from grader.worker.pool import WorkerPool

            pool = WorkerPool(sandbox=request.sandbox)  # starts its zygote while the rest is imported here
            stack.callback(pool.close)
        return _grade(request, observer, pool, submission, course, stages, begun)


def _grade(
    request: Request,
    observer: Observer | None,
    pool: Any,
    submission: Submission,
    course: Course,
    stages: tuple[Stage, ...],
    begun: float,
) -> Report:
    from grader.limits import Limits, calibrate
    from grader.runner import Context, Data

    out = request.out
    _clear(out)
    seed = secrets.randbits(63) if request.secret_seed else request.seed
    mark = submission.fingerprint()
    depends = fingerprint.dependencies(request.tasks, request.reference)
    cache = TrainingCache(fingerprint.key(mark, seed, depends), out / "evidence") if request.caches else None
    limits = Limits(calibrate() * request.time_factor)
    context = Context(course, submission, pool, seed, limits, evidence=out / "evidence")
    if request.training_images:
        context.data = Data(request.training_images)
    if cache is not None:
        context.recall = lambda check: cache.recall(check) if course.stage(check.stage).training else None
    lines = log.Log(out / "results.jsonl", student=submission.name, stages=[stage.id for stage in stages])
    session = Session(stages, context, [lines, *([observer] if observer else [])])
    unnamed = ""
    try:
        _run_pytest(session)
        if session.complete:
            _keep(cache, session)
            unnamed = name_mistakes(session, request.reference, request.patience)
    finally:
        session.close()
        lines.close()
    results = log.replay(out / "results.jsonl").results
    report = scores.report(
        stages,
        results,
        context.place,
        complete=session.complete,
        student=submission.name,
        sandbox=pool.report(),
        seed={"fingerprint": fingerprint.of_text("seed", str(seed))[:16]} if request.secret else {"value": seed},
        environment=_environment(),
        fingerprints={"submission": mark, **depends},
        limits={
            "calibration": limits.scale,
            "stages": {stage.id: {"stage": limits.of_stage(stage), **_longest(limits, stage)} for stage in stages},
        },
        seconds=round(time.perf_counter() - begun, 3),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        curves=_curves(results, out / "evidence"),
        notes=[unnamed] if unnamed else [],
        extra={
            "stages_named": [stage.id for stage in stages] if request.stages else [],
            "course_points": course.points,
            "key": request.key(mark, depends) if request.caches else "",
            "feedback": request.feedback,
            "problems": {file_of(module): why for module, why in submission.problems.items()},
            "repeatable": not context.unrepeatable and all(r.state != "error" for r in results.values()),
            "cached": sorted(cache.used) if cache else [],
        },
    )
    _write(request, report, course)
    return report


def _run_pytest(session: Session) -> None:
    """Have pytest collect and run the session's checks; an interruption leaves the session incomplete."""
    import pytest

    from grader import pytest_plugin

    bridge = _Bridge(session)
    tasks = session.context.course.folder
    folders = list(dict.fromkeys(str(tasks / check.stage) for check in session.order))
    # Only what a grade needs: no plugin of the learner's machine, no configuration, no cache, no capture.
    unused = "terminal logging junitxml pastebin doctest faulthandler unraisableexception threadexception stepwise"
    off = [f"no:{name}" for name in f"{unused} cacheprovider python debugging setuponly setupplan recwarn".split()]
    options = [part for name in off for part in ("-p", name)]
    config = Path(__file__).with_name("grade.ini")
    arguments = ["-c", str(config), "--rootdir", str(tasks.parent), "--noconftest", "--import-mode=importlib", "-s"]
    with _neutral_environment():
        status = pytest.main([*arguments, *options, *folders], plugins=[pytest_plugin, bridge])
    if status == pytest.ExitCode.INTERRUPTED:
        return
    if bridge.problems or not session.complete:
        raise GraderFault(
            " ".join(bridge.problems) or f"pytest ended with status {int(status)} before all was checked."
        )


class _Bridge:
    """Hands the engine's session to the plugin, and keeps what pytest has to complain of."""

    def __init__(self, session: Session):
        self.session = session
        self.problems: list[str] = []

    def pytest_configure(self, config: Any) -> None:
        from grader.pytest_plugin import SESSION

        config.stash[SESSION] = self.session

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        wanted = {(check.stage, check.id) for check in self.session.order}
        items[:] = [item for item in items if (item.stage.id, item.check.id) in wanted]

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.problems.append(str(report.longrepr).strip().splitlines()[-1])

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.problems.append(str(excrepr).strip().splitlines()[-1])


@contextlib.contextmanager
def _neutral_environment() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in _FOREIGN if name in os.environ}
    before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
        if before is not None:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = before
        os.environ.update(kept)


def _keep(cache: TrainingCache | None, session: Session) -> None:
    """Keep the trained stages for an equal run, unless a limit or a death decided anything in them."""
    if cache is None:
        return
    touched = {stage for stage, _ in session.context.unrepeatable}
    for stage in session.stages:
        if stage.training and stage.id not in touched | cache.used:
            cache.keep(stage, {c.id: session.results[scores.key(c)] for c in stage.checks})


def _write(request: Request, report: Report, course: Course) -> None:
    out = request.out
    write_atomically(out / "results.json", msgspec.json.format(msgspec.json.encode(report), indent=1))
    if report.complete:
        whole = len(report.stages) == len(course.stages)
        history.append(out, report, whole)
    if request.html:
        from grader.report import render

        render(report, out)


def _clear(out: Path) -> None:
    """Remove what an earlier grade left, so that nothing of it can be taken for this one's."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out / "evidence", ignore_errors=True)
    for name in ("results.json", "report.html"):
        (out / name).unlink(missing_ok=True)


def _curves(results: scores.Results, evidence: Path) -> dict[str, Any]:
    """The history of a training, from the roles "history:..." that its check left as evidence."""
    for (stage, check), _ in results.items():
        path = evidence / f"{stage}.{check}.npz"
        if not path.exists():
            continue
        import numpy as np

        with np.load(path, allow_pickle=False) as arrays:
            found = {name.partition(":")[2]: arrays[name].tolist() for name in arrays.files if name[:8] == "history:"}
        if found:
            return {"stage": stage, "check": check, "history": found}
    return {}


def _longest(limits: Any, stage: Stage) -> dict[str, float]:
    each = [limits.of(check, stage) for check in stage.checks]
    return {"call": max(limit.call for limit in each), "check": max(limit.check for limit in each)}


def _environment() -> dict[str, Any]:
    return {**fingerprint.environment(), "system": platform.platform(terse=True)}
