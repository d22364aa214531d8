"""`notebook`: the handouts as a Jupyter notebook, with one cell after each that grades its stage."""

import json
import re
from pathlib import Path

import click

from grader.paths import BUILD, ENGINE
from grader.verbs._course import course_here

INTRODUCTION = """# Chain Rule

You build a neural network from scratch, one stage at a time. Write each function in its file under `student/`, save, and
run the cell below the handout: it says what passes, what fails, and what the mistake is.

Your code runs in a process of its own, started again by each cell: there is no kernel to restart after an edit.
"""


def cells(student: str | None) -> list[dict[str, object]]:
    """The notebook's cells, in order: an introduction, then each stage's handout and the call that grades it."""
    start = f"import sys\nsys.path.insert(0, {str(ENGINE)!r})\nfrom grader import check"
    content = [_markdown("introduction", INTRODUCTION), _code("start", start)]
    for handout in sorted(course_here().tasks.glob("*/README.md")):
        stage = handout.parent.name
        call = f'check("{stage}")' if student is None else f'check("{stage}", student={student!r})'
        text = handout.read_text(encoding="utf-8").replace("$`", "$").replace("`$", "$")  # as Jupyter reads formulas
        text = re.sub(r"```math\n(.*?)```", r"$$\n\1$$", text, flags=re.DOTALL)
        content += [_markdown(f"handout-{stage}", text), _code(f"check-{stage}", call)]
    return content


def notebook(student: str | None = None) -> dict[str, object]:
    """A notebook in format 4.5, as the dictionary that is written as JSON."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells(student), "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _markdown(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _code(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "code", "id": name, "metadata": {}, "source": text, "outputs": [], "execution_count": None}


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=BUILD / "chain_rule.ipynb", help="File to write.")
@click.option("--student", type=click.Path(file_okay=False), help="Folder to grade instead of student/.")
def command(out: Path, student: str | None) -> None:
    """Make a notebook from the handouts."""
    if out.is_dir():
        out = out / "chain_rule.ipynb"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(notebook(student), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(f"Written: {out}. Open it with Jupyter, beside your files in student/.")
