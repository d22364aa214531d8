"""Two versions of a function beside each other: lines aligned, what differs marked, coloured by Pygments."""

import ast
import contextlib
import difflib
import io
import itertools
import textwrap
import tokenize
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from grader.course.source_spans import Function, definition_span, parse

#: Of Pygments' token types, what the page tells apart: start of the type's name -> class.
KINDS = (
    ("Token.Comment", "c"), ("Token.Literal.String", "s"), ("Token.Literal.Number", "n"), ("Token.Keyword", "k"),
    ("Token.Operator.Word", "k"), ("Token.Name.Function", "f"), ("Token.Name.Class", "f"),
)  # fmt: skip
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Piece(NamedTuple):
    """A run of characters of one line."""

    text: str
    kind: str = ""  #: class of the token
    changed: bool = False  #: whether the other side has something else here


class Line(NamedTuple):
    number: int
    pieces: list[Piece]


class LinePair(NamedTuple):
    """Two lines that stand beside each other; None where one side has none."""

    left: Line | None
    right: Line | None
    same: bool


class Definition(NamedTuple):
    """A function or method, or the statements of a module outside of any."""

    name: str  #: "module.Class.method"
    first: int
    lines: list[str]
    meaning: str  #: its tree without docstrings: equal for code that differs in comments and layout alone


def definitions(module: str, source: str) -> dict[str, Definition]:
    """Functions and methods by name, in the order of the file; a file that Python cannot read is one definition."""
    lines, tree = source.splitlines(), parse(source)
    with contextlib.suppress(RecursionError):  # nested too deeply to be written again
        if tree is not None:
            return {found.name: found for found in _walk(module, tree.body, lines)}
    return {module: Definition(module, 1, lines, source)}


def _walk(path: str, body: Sequence[ast.stmt], lines: list[str]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _walk(f"{path}.{node.name}", node.body, lines)
        elif isinstance(node, Function):
            first, end = definition_span(node)
            yield Definition(f"{path}.{node.name}", first + 1, lines[first:end], ast.dump(_without_docstring(node)))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            first, end = definition_span(node)
            yield Definition(f"{path}.{node.targets[0].id}", first + 1, lines[first:end], ast.dump(node))


def _without_docstring(node: Function) -> ast.AST:
    bare = ast.parse(ast.unparse(node)).body[0]
    for inner in ast.walk(bare):
        if isinstance(inner, _DOCUMENTED) and ast.get_docstring(inner) is not None:
            inner.body = inner.body[1:] or [ast.Pass()]
    return bare


def code_lines(source: str) -> int:
    """Lines that hold code: not empty, no comment, no docstring. 0 if Python cannot read it."""
    if (tree := parse(source)) is None:
        return 0
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    counted: set[int] = set()
    silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    for token in tokens:
        if token.type not in silent:
            counted.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            counted -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(counted)


def beside(left: Definition | None, right: Definition | None) -> list[LinePair]:
    """The two aligned line by line; in lines that were changed, the pieces that differ are marked."""
    a, b = (side or Definition("", 1, [], "") for side in (left, right))
    old, new = _coloured(dedented(a.lines)), _coloured(dedented(b.lines))
    bare_a, bare_b = ([line.strip() for line in side.lines] for side in (a, b))
    matcher = difflib.SequenceMatcher(None, bare_a, bare_b, autojunk=False)
    rows: list[LinePair] = []
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        for i, j in itertools.zip_longest(range(i1, i2), range(j1, j2)):
            if what != "equal" and i is not None and j is not None:
                old[i], new[j] = _marked(old[i], new[j])
            left_line = None if i is None else Line(a.first + i, old[i])
            right_line = None if j is None else Line(b.first + j, new[j])
            rows.append(LinePair(left_line, right_line, what == "equal"))
    return rows


def dedented(lines: list[str]) -> list[str]:
    """The lines without the indentation that all of them share."""
    return textwrap.dedent("\n".join(lines)).split("\n") if lines else []


def _coloured(lines: list[str]) -> list[list[Piece]]:
    from pygments.lexers import PythonLexer

    rows: list[list[Piece]] = [[] for _ in lines] or [[]]
    at = 0
    for type_, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(lines)):
        kind = next((kind for start, kind in KINDS if str(type_).startswith(start)), "")
        for n, part in enumerate(text.split("\n")):
            at += n > 0
            if part and at < len(rows):
                rows[at].append(Piece(part, kind))
    return rows[: len(lines)]


def _marked(old: list[Piece], new: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    matcher = difflib.SequenceMatcher(None, [piece.text for piece in old], [piece.text for piece in new], autojunk=False)
    same_old = {i for block in matcher.get_matching_blocks() for i in range(block.a, block.a + block.size)}
    same_new = {j for block in matcher.get_matching_blocks() for j in range(block.b, block.b + block.size)}
    return _with_marks(old, same_old), _with_marks(new, same_new)


def _with_marks(line: list[Piece], same: set[int]) -> list[Piece]:
    return [piece._replace(changed=k not in same and bool(piece.text.strip())) for k, piece in enumerate(line)]
