"""What a course can put in the place of a learner's function: the names in its toolbox, and the texts that a worker needs."""

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.course.stage import TOOLBOX
from grader.submission import Substitutes

_MODULE, _LIST = "substitutes", "SUBSTITUTES"


def unit_of(name: str, units: Iterable[str]) -> str:
    """What is put in for a function: a unit of its name, or the class that it is a method of; "" if there is none."""
    return next((unit for unit in units if name == unit or name.startswith(f"{unit}.")), "")


@functools.cache
def substitutes_of(tasks: Path) -> Substitutes:
    """All that the toolbox of a folder of stages has, as syntax: nothing of it is run here."""
    path = tasks / TOOLBOX / f"{_MODULE}.py"
    if not path.is_file():
        return Substitutes((), {})
    body = ast.parse(path.read_text("utf-8")).body
    used = {alias.name for node in body if isinstance(node, ast.ImportFrom) and node.level for alias in node.names}
    files = [path, *(file for file in sorted(path.parent.glob("*.py")) if file.stem in used)]
    return Substitutes(tuple(_listed(body)), {file.stem: file.read_text("utf-8") for file in files})


def _listed(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The keys of the list."""
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and ast.unparse(node.targets[0]) == _LIST:
            yield from (ast.literal_eval(key) for key in node.value.keys if key is not None)
