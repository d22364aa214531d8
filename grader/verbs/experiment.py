"""`experiment`: predict what trainings will do, run them with your own network, and look at both on a page."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from grader.learner.instruments import measure, write_page
from grader.verbs import _course


@click.command("experiment")
@click.argument("name", default="")
@click.option("--predict", default="", help="Your prediction; otherwise you are asked for it.")
@_course.student()
@_course.out("Where the page goes.", "build/experiments")
@_course.sandbox
def command(name: str, predict: str, student: Path, out: Path, sandbox: str) -> int:
    """Predict first, then see: trainings of your own network, side by side on a page.

    The first prediction is kept, and stands on the page whenever the experiment is run again.
    """
    course = _course.course_here()
    begun: list[Any] = []

    def choose(instrument: ModuleType) -> object:
        ask = (lambda: click.prompt("What do you expect?")) if sys.stdin.isatty() else str
        begun.extend(instrument.begin(name, out / f"{name}.json", predict, ask, click.echo))
        return begun[0]

    def keep(out: Path, plots: list[Any], _: object) -> None:
        page = write_page(course, out / f"{name}.html", plots, name=name, question=begun[0].question, predicted=begun[1])
        click.echo(f"Prediction and result are side by side in {page}.")

    return measure("experiments", course, student, out, sandbox, choose=choose, keep=keep)
