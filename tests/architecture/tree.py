"""The modules of a package, parsed and never imported, and what each of them imports.

A tree is a mapping: dotted name -> Module. Tests read the real one with `read` and make small ones with `parse`.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grader.paths import ROOT

#: An import in a program that is handed to another interpreter as text.
_PROGRAM = re.compile(r"\b(?:from|import) +(grader(?:\.\w+)+)")
_NAME = re.compile(r"grader(?:\.\w+)+")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Import:
    """One imported thing.

    base : dotted name after `from` or `import`, made absolute
    name : what is taken from it; None for `import base`
    top  : runs when the module is loaded, not first in a call
    text : found in a string: the name of a module, or a program
    """

    line: int
    base: str
    name: str | None = None
    top: bool = True
    text: bool = False

    @property
    def full(self) -> str:
        return f"{self.base}.{self.name}" if self.name else self.base

    def within(self, place: str) -> bool:
        """Whether it is of a package or module, or that itself."""
        return f"{self.full}.".startswith(f"{place}.")


@dataclass(frozen=True, eq=False)
class Module:
    """One file.

    package : it is an `__init__.py`
    syntax  : the file, parsed
    """

    name: str
    package: bool
    text: str
    syntax: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def purpose(self) -> str:
        """The docstring's first line, and those after it to the end of a sentence."""
        paragraph = (ast.get_docstring(self.syntax) or "").partition("\n\n")[0]
        return " ".join(re.split(r"(?<=[.?!])\n", paragraph)[0].split())

    @property
    def file(self) -> str:
        """The file's name without its ending."""
        return "__init__" if self.package else self.name.rpartition(".")[2]

    @property
    def imports(self) -> tuple[Import, ...]:
        """Everything that the file imports, wherever in it, in order."""
        return _imports(self)


Tree = Mapping[str, Module]


def parse(texts: Mapping[str, str]) -> Tree:
    """The tree of files: path such as "grader/worker/wire.py" -> text."""
    made = {}
    for path, text in sorted(texts.items()):
        parts = path.removesuffix(".py").split("/")
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        made[name] = Module(name, package, text, ast.parse(text, path))
    return made


@cache
def read(package: str = "grader", root: Path = ROOT) -> Tree:
    """The tree of a folder of the course."""
    files = sorted((root / package).rglob("*.py"))
    return parse({file.relative_to(root).as_posix(): file.read_text("utf-8") for file in files})


def under(tree: Tree, place: str) -> list[Module]:
    """The modules of a package, itself among them."""
    return [module for name, module in tree.items() if f"{name}.".startswith(f"{place}.")]


def target(tree: Tree, found: Import) -> str | None:
    """The module of the tree that an import leads to; None for one from elsewhere.

    raises : ValueError if it should be in the tree and is not
    """
    for name in (found.full, found.base):
        if name in tree:
            return name
    if found.base.partition(".")[0] in {name.partition(".")[0] for name in tree}:
        raise ValueError(f"line {found.line} imports {found.base}, which does not exist. Remedy: name a module there is.")
    return None


def targets(tree: Tree, module: Module) -> set[str]:
    """The other modules of the tree that one imports or names in a string."""
    found = [item for item in module.imports if not item.text or item.base in tree]
    return {name for item in found if (name := target(tree, item)) and name != module.name}


@cache
def _imports(module: Module) -> tuple[Import, ...]:
    return tuple(item for node, top in _walk(module.syntax, True) for item in _of(module, node, top))


def _walk(node: ast.AST, top: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node, and whether it runs when the module is loaded; strings that stand alone, as docstrings do, are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        yield child, top
        yield from _walk(child, top and not isinstance(child, _FUNCTIONS))


def _of(module: Module, node: ast.AST, top: bool) -> Iterable[Import]:
    if isinstance(node, ast.Import):
        return [Import(node.lineno, alias.name, None, top) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = _absolute(module, node)
        return [Import(node.lineno, base, alias.name, top) for alias in node.names]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        named = [node.value] if _NAME.fullmatch(node.value) else _PROGRAM.findall(node.value)
        return [Import(node.lineno, name, None, False, True) for name in named]
    return []


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    """What stands after `from`, with its dots resolved."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    here = parts[: len(parts) - node.level + module.package]
    return ".".join([*here, *([node.module] if node.module else [])])
