"""`check-gradients`: a learner's own gradient check, used on their own layers, loss and network."""

from pathlib import Path

import click

from grader.learner.instruments import measure
from grader.verbs import _course


@click.command("check-gradients")
@_course.student()
@click.option("--out", type=click.Path(path_type=Path), default=Path("plots"), help="Where the plot goes.")
@click.option("--seed", type=int, default=0, help="Seed of the inputs.")
@_course.sandbox
def command(student: Path, out: Path, seed: int, sandbox: str) -> int:
    """Use your numerical_gradient and relative_error on your layers, loss and network: a table, and a plot over eps.

    Exit status 1 if a gradient differs from its slopes, 2 if the check itself is still to do.
    """
    return measure("gradient_table", _course.course_here(), student, out, sandbox, seed)
