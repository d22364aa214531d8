"""How large things are: functions, modules, names that are taken twice."""

import ast
import math
from collections import defaultdict
from collections.abc import Sequence

from tests.architecture.tree import Module, Tree


def functions(tree: Tree) -> list[tuple[int, str]]:
    """(lines, place) of every function, from `def` to its last line, docstring included; the longest first."""
    found = [
        (node.end_lineno - node.lineno + 1, f"{module.name}.{name}")
        for module in tree.values()
        for name, node in _definitions(module, (ast.FunctionDef, ast.AsyncFunctionDef))
        if node.end_lineno is not None
    ]
    return sorted(found, key=lambda item: (-item[0], item[1]))


def sizes(tree: Tree) -> list[tuple[int, str]]:
    """(lines, name) of every module, the longest first."""
    return sorted(((module.lines, name) for name, module in tree.items()), key=lambda item: (-item[0], item[1]))


def classes(tree: Tree) -> dict[str, list[str]]:
    """Name of a class -> the modules that define one of that name."""
    found = defaultdict(list)
    for module in tree.values():
        for name, _ in _definitions(module, (ast.ClassDef,)):
            found[name.rpartition(".")[2]].append(module.name)
    return dict(sorted(found.items()))


def p90(numbers: Sequence[int]) -> int:
    """The smallest of the numbers that nine in ten do not exceed; 0 if there are none."""
    return sorted(numbers)[math.ceil(0.9 * len(numbers)) - 1] if numbers else 0


def _definitions(module: Module, kinds: tuple[type, ...]) -> list[tuple[str, ast.stmt]]:
    """(name with the names around it, node) of every definition of some kinds."""
    found = []

    def look(node: ast.AST, around: str) -> None:
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            name = f"{around}.{child.name}".lstrip(".") if named else around
            if isinstance(child, kinds):
                found.append((name, child))
            look(child, name)

    look(module.syntax, "")
    return found
