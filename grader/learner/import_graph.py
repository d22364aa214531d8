"""Which of a submission's modules a check's answers can depend on, from their import statements.

For `watch` alone: what passed and depends on nothing that changed is not run again. A grade runs everything.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import lru_cache

from grader.course.source_spans import parse
from grader.submission import Submission

#: Names by which code could reach other modules or files unseen by a reader of its import statements.
_UNSEEN = {
    "importlib", "__import__", "exec", "eval", "compile", "open", "runpy", "pkgutil", "sys", "os", "pathlib", "io", "inspect",
    "builtins", "__builtins__", "globals", "linecache", "load", "loadtxt", "genfromtxt", "fromfile", "memmap",
}  # fmt: skip


class Imports:
    """The imports of one submission, read once."""

    def __init__(self, submission: Submission):
        self.texts = {**submission.modules, **submission.problems}
        self._direct = {name: self._read(name) for name in self.texts}

    def fingerprint(self, modules: Iterable[str]) -> str:
        """SHA-256 of the texts of some modules and of all that they import, directly or not."""
        digest = hashlib.sha256()
        for name in sorted(self.closure(modules)):
            content = self.texts.get(name, "").encode("utf-8", "surrogatepass")
            digest.update(f"{name}\0{name in self.texts}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()

    def closure(self, modules: Iterable[str]) -> set[str]:
        """Those modules and all that they import; every module there is, where that cannot be told by reading."""
        reached, front = set(), list(modules)
        while front:
            name = front.pop()
            if name not in reached:
                reached.add(name)
                front += self._direct.get(name, ())
        return reached

    def _read(self, name: str) -> set[str]:
        found = _names(self.texts[name])
        if found & _UNSEEN or "*" in found:
            return set(self.texts)
        # A part of a dotted name stands for every module that has it: too many are better than too few.
        return {module for module in self.texts if found & set(module.split("."))}


@lru_cache(maxsize=64)  # most of a submission's files are the same at the next save
def _names(text: str) -> frozenset[str]:
    """All names in a text, imported or used; none where it is not Python, and so cannot be imported at all."""
    tree = parse(text)
    found: set[str] = set()
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            found |= {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.ImportFrom):
            found |= set((node.module or "").split("."))
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return frozenset(found)
