"""The tables of docs/authors.md, made from the code: keys of the TOML files, and what a check can do.

python -m tests.course.author_page --write
"""

import ast
import inspect
import re
import sys

import msgspec

from grader.checks.case import Case
from grader.course.about import About, DataTable, Fixture
from grader.course.explain import _wanted
from grader.course.stage import CheckTable, LimitTable, StageTable, StageText
from grader.paths import ROOT
from grader.worker.outside.proxy import Student

PAGE = ROOT / "docs" / "authors.md"
TABLES = (About, DataTable, Fixture, StageTable, CheckTable, LimitTable, Case, Student)
#: Of a Student, what the engine alone calls.
ENGINES = ("begin", "listen", "on_one_cpu")
MARK = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- /\1 -->\n", re.DOTALL)


def filled(text: str) -> str:
    """The page with what stands between its marks made anew."""
    known = {kind.__name__: kind for kind in TABLES}
    return MARK.sub(lambda found: f"<!-- {found[1]} -->\n{table(known[found[1]])}<!-- /{found[1]} -->\n", text)


def table(kind: type) -> str:
    """The rows of a kind as Markdown."""
    rows = keys(kind) if issubclass(kind, msgspec.Struct) else methods(kind)
    head = (
        ("key", "what it has to be", "without it", "what it says")
        if issubclass(kind, msgspec.Struct)
        else ("call", "what it does")
    )
    lines = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in (head, ["---"] * len(head), *rows))
    return "".join(f"| {line} |\n" for line in lines)


def keys(kind: type[msgspec.Struct]) -> list[tuple[str, str, str, str]]:
    """Key, what it has to be, its default, and the comment at its field."""
    comments = {**_comments(StageText), **_comments(kind)} if kind is StageTable else _comments(kind)
    rows = []
    for field in msgspec.structs.fields(kind):
        default = "" if field.default in (msgspec.NODEFAULT, None) else _plain(field.default)
        default = "must be there" if field.required else default
        rows.append((f"`{field.name}`", _kind(field.type), default, comments[field.name]))
    return rows


def _kind(kind: object) -> str:
    """A type in words; of a list also what is in it."""
    inner = [part for part in getattr(kind, "__args__", ()) if part not in (..., type(None))]
    told = _wanted(kind)
    return f"{told} of: {_wanted(inner[0])}" if told == "a list" and inner and inner[0] is not str else told


def _plain(default: object) -> str:
    return (
        ""
        if default in ("", (), {}, 0, 0.0) or isinstance(default, msgspec.Struct)
        else default
        if isinstance(default, str)
        else str(default).lower()
    )


def _comments(kind: type) -> dict[str, str]:
    """Field -> what stands behind `#:` in its line, or in the line before."""
    lines = inspect.getsource(kind).splitlines()
    found = {}
    for before, line in zip(["", *lines], lines):
        if name := re.match(r"    (\w+): ", line):
            own, above = (
                line.partition("  #: ")[2],
                before.strip().removeprefix("#: ") if before.strip().startswith("#: ") else "",
            )
            found[name[1]] = own or above
    return found


def methods(kind: type) -> list[tuple[str, str]]:
    """Public methods in the order of the file, with the first line of their docstrings."""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(tree, ast.ClassDef)
    rows = []
    for node in tree.body:
        told = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) and node.name[0] != "_" else None
        if told and node.name not in ENGINES:
            rows.append((f"`{kind.__name__.lower()}.{node.name}({_arguments(node.args)})`", told.partition("\n")[0]))
    return rows


def _arguments(arguments: ast.arguments) -> str:
    """Parameters with their defaults, without types and without self."""
    for each in ast.walk(arguments):
        if isinstance(each, ast.arg):
            each.annotation = None
    return ast.unparse(arguments).removeprefix("self").removeprefix(", ")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
