"""`experiment`: predict what trainings will do, run them with your own network, and look at both on a page."""

from pathlib import Path
from typing import Any

import click

from grader.errors import Refusal
from grader.paths import BUILD, STUDENT


@click.command("experiment")
@click.argument("name", default="")
@click.option("--predict", default="", help="Your prediction; otherwise you are asked for it.")
@click.option("--student", type=click.Path(path_type=Path), default=STUDENT, help="Folder of the submission.")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD / "experiments", help="Where the page goes.")
@click.option("--sandbox", type=click.Choice(["auto", "strict", "off"]), default="auto", help="As in grade.")
def command(name: str, predict: str, student: Path, out: Path, sandbox: str) -> int:
    """Predict first, then see: trainings of your own network, side by side on a page.

    The first prediction is kept, and stands on the page whenever the experiment is run again.
    """
    from grader.learner.instruments import measure, write_page
    from grader.running.interrupts import stoppable
    from grader.verbs._course import course_here

    course = course_here()
    about: dict[str, str] = {}

    def choose(instrument: Any) -> Any:  # noqa: ANN401
        if name not in instrument.EXPERIMENTS:
            known = ", ".join(instrument.EXPERIMENTS)
            raise Refusal(f"{f'{name!r} is no experiment' if name else 'which experiment?'} Remedy: one of {known}.")
        chosen = instrument.EXPERIMENTS[name]
        about.update(question=chosen.question, predicted=_predicted(out / f"{name}.json", chosen.question, predict))
        return chosen

    def keep(out: Path, plots: list[Any], _: object) -> None:
        click.echo(
            f"Prediction and result stand side by side in {write_page(out, name, course, plots=plots, **about)}."
        )

    with stoppable():
        return measure("experiments", course, student, out, sandbox, choose=choose, keep=keep)


def _predicted(path: Path, question: str, given: str) -> str:
    """The prediction that is kept, or else the one given or asked for now, which is kept from here on."""
    import json
    import sys

    from grader.files import write_atomically

    click.echo(question)
    if path.exists():
        try:
            text = str(json.loads(path.read_text("utf-8"))["prediction"])
        except (ValueError, KeyError, TypeError):
            raise Refusal(f"{path} cannot be read. Remedy: remove it, and predict anew.") from None
        click.echo(f"You predicted: {text}")
        return text
    if not given.strip() and not sys.stdin.isatty():
        raise Refusal("say first what you expect to see. Remedy: --predict 'what you expect'.")
    text = given.strip() or click.prompt("What do you expect?").strip()
    write_atomically(path, json.dumps({"question": question, "prediction": text}, indent=1) + "\n")
    return text
