"""`record-times`: the reference's time for every check, written into the task.toml files."""

import re
from pathlib import Path

import click

from grader.course.course import Course, Stage
from grader.errors import Refusal
from grader.files import write_atomically
from grader.running import scores
from grader.running.interrupts import stoppable
from grader.running.limits import Limits, calibrate
from grader.running.session import run_stages
from grader.submission import Submission
from grader.verbs import _course
from grader.worker.outside.pool import WorkerPool


@click.command("record-times")
@click.argument("stages", nargs=-1, metavar="[STAGE]...")
@_course.student("Whose times are recorded.", "reference")
@click.option("--repeats", type=click.IntRange(1), default=3, help="Runs a check; the fastest counts. Trainings run once.")
def command(stages: tuple[str, ...], student: Path, repeats: int) -> int:
    """Run every check on the reference and record its seconds, scaled to the machine that limits refer to.

    A grade allows 20 times the recorded seconds for a unit check and 10 times for a training, never less than a floor.
    """
    course = _course.course_here()
    submission = course.read(student)
    with stoppable(), WorkerPool(course.withheld) as pool:
        scale = calibrate()
        for stage in course.select(stages):
            seconds = measure(stage, course, submission, pool, 1 if stage.training else repeats)
            scaled = {name: round(value / scale, 4) for name, value in seconds.items()}
            path = stage.folder / "task.toml"
            write_atomically(path, with_times(path.read_text(encoding="utf-8"), scaled))
            click.echo(f"{stage.id}: {sum(scaled.values()):.3f} s in all, the slowest check {max(scaled.values()):.3f} s")
    click.echo(f"Recorded in {course.tasks.name}/*/task.toml (this machine: {scale:.2f} times slower than the scale).")
    return 0


def measure(stage: Stage, course: Course, submission: Submission, pool: WorkerPool, repeats: int) -> dict[str, float]:
    """Least seconds of each check of a stage: what else the machine does only makes it slower.

    raises : Refusal if a check does not pass
    """
    times: dict[str, float] = {}
    for _ in range(repeats):
        session = run_stages([stage], pool, submission, course=course, limits=Limits(10.0))
        for check in stage.checks:
            result = session.results[scores.key(check)]
            if result.state != "pass":
                raise Refusal(f"{stage.id}: {check.id} does not pass ({result.message}), so it has no time to record.")
            times[check.id] = min(result.seconds, times.get(check.id, result.seconds))
    return times


def with_times(text: str, seconds: dict[str, float]) -> str:
    """A task.toml's text with `reference_seconds` set in each [[check]] block, everything else kept."""
    blocks = re.split(r"(?m)^(?=\[\[check\]\])", text)
    return "".join(_timed(block, seconds) if block.startswith("[[check]]") else block for block in blocks)


def _timed(block: str, seconds: dict[str, float]) -> str:
    found = re.search(r'(?m)^id\s*=\s*"(\w+)"', block)
    if found is None or found[1] not in seconds:
        return block
    line = f"reference_seconds = {seconds[found[1]]:g}"
    block = re.sub(r"(?m)^reference_seconds\s*=.*\n", "", block)
    return re.sub(r"(?m)^(hints\s*=)", rf"{line}\n\1", block, count=1)
