"""The report of a run, from the lines of its log."""

import platform
import time
from datetime import UTC, datetime

from grader.course import fingerprint
from grader.course.stage import Stage
from grader.grading import curves, event_log
from grader.grading.request import Request
from grader.records import Extra, Report
from grader.running import scores
from grader.running.limits import Limits
from grader.running.session import Session
from grader.submission import file_of


def summary(request: Request, session: Session, depends: dict[str, str], begun: float) -> Report:
    """What `results.json` will hold of a run that has ended.

    depends : fingerprint.dependencies
    begun   : time.perf_counter at its start
    """
    vars(platform.uname()).setdefault("processor", "")  # else a process is started to learn what is known: the machine
    context, stages, out, how = session.context, session.stages, request.output, request.settings
    mark = context.submission.fingerprint()
    results = event_log.replay(out.log)
    secret = fingerprint.of_text("seed", str(context.seed))[:16]
    return scores.report(
        stages,
        results,
        context.place,
        complete=session.complete,
        student=context.submission.name,
        sandbox=context.pool.report(),
        seed={"fingerprint": secret} if how.hide_seed else {"value": context.seed},
        environment={**fingerprint.environment(), "system": platform.platform(terse=True)},
        fingerprints={"submission": mark, **depends},
        limits={"calibration": context.limits.scale, "stages": {s.id: _longest(context.limits, s) for s in stages}},
        seconds=round(time.perf_counter() - begun, 3),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        curves=curves.of_results(context.course, results, out.evidence),
        notes=session.notes,
        extra=Extra(
            stages_named=[stage.id for stage in stages] if request.stages else [],
            key=request.key(mark, depends) if how.caches else "",
            feedback=how.feedback,
            problems={file_of(module): why for module, why in context.submission.problems.items()},
            repeatable=not context.state.unrepeatable and all(r.state != "error" for r in results.values()),
        ),
    )


def _longest(limits: Limits, stage: Stage) -> dict[str, float]:
    call, whole = map(max, zip(*(limits.of(check, stage) for check in stage.checks)))
    return {"stage": limits.of_stage(stage), "call": call, "check": whole}
