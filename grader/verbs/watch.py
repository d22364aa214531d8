"""`watch`: grade the current stage again at each save, and say what to do next."""

from pathlib import Path

import click

from grader.records import Sandbox
from grader.running.interrupts import stoppable
from grader.verbs import _course


@click.command("watch")
@click.argument("stage", required=False)
@_course.student()
@_course.out("Where the report and the results go.")
@click.option("--seed", type=int, default=0, help="Seed of the checks' inputs.")
@_course.sandbox
@click.option("--poll", is_flag=True, help="Look at the files every 100 ms: for folders whose changes are not announced.")
def command(stage: str | None, student: Path, out: Path, seed: int, sandbox: Sandbox, poll: bool) -> int:
    """Grade a stage at every save: the first that is not done, or the one that is named.

    \b
    Keys: h hint, s the stage's handout, n next stage, b stage before, g whole grade,
          p prints of passing checks, o open the report, r run again, q quit.
    The report is written when it is opened, and when watch ends.
    """
    with stoppable():
        from grader.learner.events import Events, single_keys
        from grader.worker.outside.pool import WorkerPool

        course = _course.course_here()
        course.read(student)  # a folder that is not a submission is refused before anything is started
        pool = WorkerPool(course.withheld, sandbox)
        events = Events(student, poll)
        try:
            from grader.grading.output import Output
            from grader.grading.request import Request, Settings
            from grader.learner.watch_loop import Loop
            from grader.learner.watched import Watched

            chosen = course.select([stage])[0] if stage else None
            request = Request(course, student, Output(out, repro=True), settings=Settings(seed, sandbox=sandbox))
            watched = Watched(student, course, pool, seed=seed, stage=chosen, out=request.output)
            with single_keys() as keys:
                events.start(keys)
                return Loop(watched, events, request, pool.ready).run()
        finally:
            events.stop()
            pool.close()
