"""`watch`: grade the current stage again at each save, and say what to do next."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.paths import BUILD, STUDENT

if TYPE_CHECKING:
    from grader.records import Sandbox


@click.command("watch")
@click.argument("stage", required=False)
@click.option("--student", type=click.Path(path_type=Path), default=STUDENT, help="Folder of the submission.")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD, help="Where the report and the results go.")
@click.option("--seed", type=int, default=0, help="Seed of the checks' inputs.")
@click.option("--sandbox", type=click.Choice(["auto", "strict", "off"]), default="auto", help="As in grade.")
@click.option("--poll", is_flag=True, help="Look at the files every 100 ms: for folders whose changes are not announced.")
def command(stage: str | None, student: Path, out: Path, seed: int, sandbox: "Sandbox", poll: bool) -> int:
    """Grade a stage at every save: the first that is not done, or the one that is named.

    \b
    Keys: h hint, s the stage's handout, n next stage, b stage before, g whole grade,
          p prints of passing checks, o open the report, r run again, q quit.
    The report is written when it is opened, and when watch ends.
    """
    from grader.running.interrupts import stoppable

    with stoppable():
        from grader.learner.events import Events, single_keys
        from grader.submission import read_submission
        from grader.verbs._course import course_here
        from grader.worker.outside.pool import WorkerPool

        read_submission(student)  # a folder that is not a submission is refused before anything is started
        course = course_here()
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
                return Loop(watched, events, request).run()
        finally:
            events.stop()
            pool.close()
