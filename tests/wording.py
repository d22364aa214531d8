"""Words that no learner is told, and where to look for them."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

#: They judge the person or shrink the task, and none of them explains anything.
BANNED = ("wrong", "simply", "just", "obviously")

_WORDS = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)


def banned_words(text: str) -> list[str]:
    """The words of the list that a text uses, in order, in lower case."""
    return [match.lower() for match in _WORDS.findall(text)]


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """The texts in a file that somebody may read, each with its line.

    A `.py` file gives its strings: in the folders of stages the docstrings as well, because they are promises and hints;
    elsewhere docstrings speak to developers. A `.toml` file gives its strings, any other file its lines.
    """
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _strings(ast.parse(source), docstrings=path.name in ("checks.py", "misconceptions.py"))
    elif path.suffix == ".toml":
        for text in _leaves(tomllib.loads(source)):
            yield source[: max(source.find(text[:40]), 0)].count("\n") + 1, text
    else:
        yield from enumerate(source.splitlines(), 1)


def _strings(tree: ast.AST, docstrings: bool) -> Iterator[tuple[int, str]]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = [node.body[0] for node in ast.walk(tree) if isinstance(node, owners) and node.body]
    skipped = {id(first.value) for first in documented if isinstance(first, ast.Expr)} if not docstrings else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
