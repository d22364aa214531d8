"""`notebook`: the course as a Jupyter notebook to work in: handouts, cells that write functions, cells that grade."""

import importlib.util
import json
import os
import re
import sys
import textwrap
from pathlib import Path

import click

from grader import bootstrap
from grader.errors import Refusal
from grader.files import write_atomically
from grader.paths import ENGINE
from grader.verbs import _course

NAME = "chain_rule.ipynb"
#: Its first two cells.
START = Path(__file__).with_name("notebook_start.md")
#: A link or picture that lies beside a handout.
BESIDE = re.compile(r"(\]\(|(?:src|srcset|href)=\")(?![a-z]+:|[#/])([^)\"#\s]+)")


def notebook(folder: Path, student: Path) -> dict[str, object]:
    """A notebook in format 4.5, as the dictionary that is written as JSON; it names all places as seen from its folder."""
    from grader.course.skeleton import pristine, read_claims
    from grader.course.source_spans import definition_span, need

    course = _course.course_here()
    claims, first = read_claims(course.tasks), course.stages[0]
    skeleton, said = pristine(course, claims), START.read_text(encoding="utf-8")
    paths = list(dict.fromkeys(_seen(place, folder) for place in (course.folder, ENGINE)))
    words = {"first": first.id.partition("_")[0], "module": course.modules[0], "title": course.about.title}
    words |= {"course": paths[0], "student": _seen(student, folder), "greeting": course.about.greeting}
    introduction, start = said.format(**words, paths=paths).split("---\n")
    cells = [_cell("markdown", "introduction", introduction), _cell("code", "start", start.strip())]
    for stage in course.stages:
        cells.append(_cell("markdown", f"handout-{stage.id}", _handout(stage.folder, folder)))
        for name in claims.of_stage(stage.id):
            text = skeleton[name.partition(".")[0] + ".py"]
            stub = textwrap.dedent("\n".join(text.split("\n")[slice(*definition_span(need(text, name)))]))
            cells.append(_cell("code", f"write-{name.replace('.', '-')}", f"%%student {name}\n{stub}"))
        cells.append(_cell("code", f"check-{stage.id}", f'check("{stage.id}")'))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _handout(stage: Path, folder: Path) -> str:
    """A stage's handout with formulas as Jupyter reads them, and links and pictures as seen from the notebook's folder."""
    text = (stage / "README.md").read_text(encoding="utf-8").replace("$`", "$").replace("`$", "$")
    text = re.sub(r"```math\n(.*?)```", r"$$\n\1$$", text, flags=re.DOTALL)
    return BESIDE.sub(lambda link: link[1] + _seen(stage / link[2], folder), text)


def _seen(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _cell(kind: str, name: str, text: str) -> dict[str, object]:
    own: dict[str, object] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": {}, "source": text, **own}


@click.command()
@_course.out("File to write.", NAME)
@_course.student("Folder to work in.")
@click.option("--no-open", is_flag=True, help="Install nothing and open nothing.")
def command(out: Path, student: Path, no_open: bool) -> None:
    """Make a notebook to work in, and open it; one that is there already is opened as it is.

    JupyterLab is installed into .venv the first time.
    """
    out = out / NAME if out.is_dir() else out
    if out.exists():
        click.echo(f"{out} is there already and stays as it is. Remedy for a new one: move it away, or OUT=another file.")
    else:
        made = json.dumps(notebook(out.parent.resolve(), student.resolve()), indent=1, ensure_ascii=False)
        write_atomically(out, made + "\n")
        click.echo(f"Written: {out}.")
    if not no_open:
        _open(out)


def _open(path: Path) -> None:
    """JupyterLab in place of this process."""
    try:
        if not bootstrap.provided():
            bootstrap.ensure(["base", "notebook"])
    except bootstrap.SetupFailed as failure:
        raise Refusal(str(failure)) from None
    if importlib.util.find_spec("jupyterlab") is None:
        raise Refusal(
            "this Python has no jupyterlab. Remedy: install requirements/notebook.txt, or open the notebook in an editor."
        )
    os.chdir(path.parent)
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # as in a container
    bootstrap.become([sys.executable, "-m", "jupyterlab", "--log-level=WARN", *root, path.name], dict(os.environ))
