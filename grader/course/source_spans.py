"""Where a name's definition and body stand in a source text, and how to exchange just that part.

Names are `module.function`, `module.Class.method` or `module.NAME`. Everything outside the exchanged lines is kept to
the byte.
"""

import ast
import re
import warnings
from functools import lru_cache
from typing import Any

from grader.errors import Refusal

Function = ast.FunctionDef | ast.AsyncFunctionDef
Span = tuple[int, int]  #: lines as a slice: from the first, up to and without the second, counted from 0


class SkeletonError(Refusal):
    """A claim that cannot be blanked or put back; the message says which and why."""

    lead = "the skeleton cannot be built"


#: A whole number that Python reads, and can neither write nor dump again; one of so many decimal digits it does not even read.
_TOO_LONG = re.compile(r"0[xXoObB][0-9a-fA-F_]{3500}")


def tree_of(source: str | bytes) -> ast.Module:
    """`ast.parse`, asked again if it says that it lost count of its depth: a thread that imports makes trees as well."""
    try:
        return ast.parse(source)
    except SystemError:  # CPython counts for all threads together
        return ast.parse(source)


@lru_cache(maxsize=32)
def parse(source: str | bytes) -> ast.Module | None:
    """The tree of a text, None where it is not Python (a syntax error, a NUL byte, not UTF-8, nested too deeply, endless digits)."""
    try:
        source = source if isinstance(source, str) else source.decode("utf-8-sig")
        if _TOO_LONG.search(source):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in somebody's string do not matter to who reads it
            return tree_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def find(tree: ast.Module | None, name: str) -> Any:  # noqa: ANN401
    """The last definition or assignment of a name: the one that counts when the module is run; None if absent."""
    node: Any = tree
    for part in name.split(".")[1:]:
        if not isinstance(node, ast.Module | ast.ClassDef):
            return None
        node = next((s for s in reversed(node.body) if _defines(s, part)), None)
    return node


def need(source: str, name: str) -> Any:  # noqa: ANN401
    """`find` in a text; a name that is not there is an error."""
    tree = parse(source)
    if tree is None:
        raise SkeletonError(f"{name.partition('.')[0]}.py does not parse, so {name} cannot be found in it.")
    node = find(tree, name)
    if node is None:
        raise SkeletonError(f"{name} is claimed, but {name.partition('.')[0]}.py defines no such name.")
    return node


def line_of(source: str, name: str) -> int:
    """The line of a name's definition, counted from 1; 0 where there is none."""
    node = find(parse(source), name)
    return node.lineno if node else 0


def _defines(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    return isinstance(node, Function | ast.ClassDef) and node.name == name


def definition_span(node: Any) -> Span:  # noqa: ANN401
    """All lines of a definition, decorators included."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return first - 1, node.end_lineno


def statements(node: Function) -> list[ast.stmt]:
    """A function's body without its docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def body_span(node: Function, source: str, name: str) -> Span:
    """Lines of a body: all after the docstring (or the signature), comments before the first statement included."""
    body = statements(node)
    if not body:
        raise SkeletonError(f"{name} has a docstring and no body: there is nothing to blank.")
    if len(body) < len(node.body):
        first = node.body[0].end_lineno or 0
    else:
        before = source.split("\n")[: body[0].lineno - 1]
        while len(before) > node.lineno and before[-1].strip()[:1] in ("", "#"):
            before.pop()
        first = len(before)
    if body[0].lineno <= first or body[0].lineno == node.lineno:
        raise SkeletonError(f"{name}: the body stands on a line of its docstring or signature; give it its own line.")
    return first, node.end_lineno or 0


def replace_lines(source: str, span: Span, new: list[str]) -> str:
    """The text with some of its lines exchanged."""
    lines = source.split("\n")
    return "\n".join([*lines[: span[0]], *new, *lines[span[1] :]])


def replace_value(source: str, node: ast.Assign, new: str) -> str:
    """The text with the right-hand side of an assignment exchanged (offsets of a tree count bytes of UTF-8)."""
    data = source.encode()
    starts = [0]
    for line in data.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    value = node.value
    begin = starts[value.lineno - 1] + value.col_offset
    end = starts[(value.end_lineno or 0) - 1] + (value.end_col_offset or 0)
    return (data[:begin] + new.encode() + data[end:]).decode()
