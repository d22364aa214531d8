"""What in a submission's text deserves a look: reaching for what a submission has no business with. Nothing is run."""

import ast
import re
import tomllib
from collections.abc import Mapping, Set
from pathlib import Path

from grader.course.source_spans import parse
from grader.grading.embedded_data import UNREMARKABLE, data_in

#: What is looked for in imports, strings and calls, and what is said of it.
_SIGNS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_MOST_BYTES = 1_000_000


def read_signs(files: Mapping[str, bytes], given: Set[tuple[str, str]] = frozenset()) -> list[str]:
    """What a submission's text shows, such as "layers.py imports the reference (line 3)", each kind once a file.

    given : what the skeleton's files show already, as `kinds` gives it
    """
    found: dict[tuple[str, str], int] = {}
    for path in sorted(files):
        for sign, line in _of_file(files[path]):
            if (path, sign) not in given:
                found.setdefault((path, sign), line)
    return [f"{path} {sign}" + (f" (line {line})" if line else "") for (path, sign), line in found.items()]


def kinds(files: Mapping[str, bytes]) -> frozenset[tuple[str, str]]:
    """Which signs which file shows."""
    return frozenset((path, sign) for path in files for sign, _ in _of_file(files[path]))


def _of_file(source: bytes) -> list[tuple[str, int]]:
    if len(source) > _MOST_BYTES:
        return [("is unusually big", 0)]
    if (tree := parse(source)) is None:
        return []
    signs: list[tuple[str, int]] = []
    if len(source) > UNREMARKABLE and data_in(source.decode("utf-8", "replace")) > UNREMARKABLE:
        signs.append(("contains much data in strings and numbers", 0))
    return signs + [(sign, getattr(node, "lineno", 0)) for node in ast.walk(tree) for sign in _of_node(node)]


def _of_node(node: ast.AST) -> list[str]:
    modules: list[str] = []
    match node:
        case ast.Import(names=names):
            modules = [name.name for name in names]
        case ast.ImportFrom(level=0, module=str(module)):
            modules = [module]
        case ast.Constant(value=str(text)) if len(text) < 300:
            return [meaning for pattern, meaning in _SIGNS["texts"].items() if re.search(pattern, text)]
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _SIGNS["calls"]:
            return [_SIGNS["calls"][name]]
    return [
        f"imports {_SIGNS['imports'][first]}" for module in modules if (first := module.partition(".")[0]) in _SIGNS["imports"]
    ]
