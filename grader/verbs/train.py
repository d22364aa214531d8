"""`train`: train what a learner wrote, with their own settings, in a confined worker."""

from pathlib import Path

import click

from grader.learner.instruments import measure
from grader.verbs import _course


@click.command("train")
@_course.student()
@click.option("--data", default=None, help="Other data than the course's own, as its load function takes them.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("plots"), help="Where plots and weights go.")
@click.option("--seed", type=int, default=0, help="Seed of the weights and of the order of the data.")
@_course.sandbox
def command(student: Path, data: str | None, out: Path, seed: int, sandbox: str) -> int:
    """Train what you wrote: a line per epoch, a diagnosis, then plots and the trained weights.

    The grader measures after each epoch by itself: train need not print. Exit status 2 if something has to be written
    first, or if the training stops with an exception.
    """
    return measure("own_training", _course.course_here(), student, out, sandbox, seed, data)
