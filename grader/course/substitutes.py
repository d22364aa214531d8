"""What a course can put in the place of a learner's function: the names in its toolbox, and the texts that a worker needs."""

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.course.source_spans import tree_of
from grader.course.stage import TOOLBOX
from grader.submission import Substitutes

_MODULE, _LIST = "substitutes", "SUBSTITUTES"


def unit_of(name: str, units: Iterable[str]) -> str:
    """What is put in for a function: a unit of its name, or the class that it is a method of; "" if there is none."""
    return next((unit for unit in units if name == unit or name.startswith(f"{unit}.")), "")


@functools.cache
def names_in(tasks: Path) -> tuple[str, ...]:
    """All that the toolbox of a folder of stages can put in, in its order; read as syntax, nothing is run."""
    lists = filter(None, map(_entries, _body(tasks, _MODULE)))
    return tuple(_text(key) for entries in lists for key in entries.keys if key is not None)


@functools.cache
def put_in(tasks: Path, names: tuple[str, ...]) -> Substitutes:
    """Some of it, with the texts that it needs and no line more: what is not put in, no submission can look up."""
    body = _body(tasks, _MODULE)
    for node in body:
        if isinstance(node, ast.ClassDef):
            _leave_methods(node, names)
        elif (entries := _entries(node)) is not None:
            left = [(key, value) for key, value in zip(entries.keys, entries.values) if key and _text(key) in names]
            entries.keys, entries.values = [key for key, _ in left], [value for _, value in left]
    kept = _used(body, {_LIST, "GIVEN", "CONTRACT"})
    imported = {alias.name for node in kept.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    others = {name: _used(_body(tasks, name), _asked(kept, name)) for name in sorted(imported) if _body(tasks, name)}
    return Substitutes(names, {name: ast.unparse(tree) for name, tree in {_MODULE: kept, **others}.items()})


def _leave_methods(node: ast.ClassDef, names: tuple[str, ...]) -> None:
    """Take out of a class what is not put in, where it is put in by methods; of __init__ its parameters stay."""
    methods = {name.rpartition(".")[2] for name in names if name.count(".") > 1 and name.split(".")[1] == node.name}
    functions = [part for part in node.body if isinstance(part, ast.FunctionDef)] if methods else []
    for part in functions:
        if part.name == "__init__" and part.name not in methods:
            part.body = [ast.Pass()]
        elif part.name not in methods:
            node.body.remove(part)


def _body(tasks: Path, module: str) -> list[ast.stmt]:
    path = tasks / TOOLBOX / f"{module}.py"
    return tree_of(path.read_text("utf-8")).body if path.is_file() else []


def _entries(node: ast.stmt) -> ast.Dict | None:
    is_list = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _LIST
    return node.value if is_list and isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) else None


def _text(key: ast.expr) -> str:
    return str(ast.literal_eval(key))


def _asked(kept: ast.Module, module: str) -> set[str]:
    """What is used of another module: module.name, or imported by its name."""
    used = {
        ast.unparse(node).partition(".")[2]
        for node in ast.walk(kept)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == module
    }
    named = [node for node in kept.body if isinstance(node, ast.ImportFrom) and str(node.module).endswith(f".{module}")]
    return used | {alias.name for node in named for alias in node.names}


def _used(body: list[ast.stmt], wanted: set[str]) -> ast.Module:
    """The statements that define what is wanted, and what these use in turn; all imports stay."""
    places = {name: node for node in body for name in _defined(node)}
    kept, front = list[ast.stmt](), list(wanted)
    while front:
        node = places.get(front.pop())
        if node is not None and node not in kept:
            kept.append(node)
            front += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return ast.Module([node for node in body if node in kept or isinstance(node, ast.Import | ast.ImportFrom)], [])


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        yield from (ast.unparse(target) for target in (node.targets if isinstance(node, ast.Assign) else [node.target]))
