"""New stubs for a learner's file: what the skeleton has now and had not, put beside what the learner wrote."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from grader.course.skeleton import restore_stub
from grader.course.source_spans import Function, SkeletonError, find, parse, replace_lines

_Import = ast.Import | ast.ImportFrom


def add_stubs(mine: str, before: str, now: str, claims: Sequence[str]) -> tuple[str, list[str]]:
    """The learner's text with the definitions that are new in the skeleton; no line of it is changed.

    before, now : the skeleton's text of that file as it was handed out, and as it is
    claims      : the file's claimed names
    returns     : the text, and the names of what was added
    raises      : SkeletonError if the text does not parse, before or afterwards
    """
    module = claims[0].partition(".")[0] if claims else "module"
    defined = [f"{module}.{name}" for node in _body(now) for name in _bound([node]) if not isinstance(node, _Import)]
    new = [name for name in dict.fromkeys([*defined, *claims]) if not _has(before, name) and find(parse(now), name)]
    text = mine
    added: list[str] = []
    for name in new:
        owner = name.rpartition(".")[0]
        elsewhere = "." in owner and _has(text, owner) and not isinstance(find(parse(text), owner), ast.ClassDef)
        if _has(text, name) or elsewhere:
            continue
        text = restore_stub(text, now, name)
        added.append(name)
        if parse(text) is None:
            raise SkeletonError(f"{module}.py does not parse with {name}.")
    return (_with_imports(text, before, now), added) if added else (mine, [])


def _has(text: str, name: str) -> bool:
    """Whether a text binds a name, in whatever way."""
    nodes = _body(text)
    for part in name.split(".")[1:-1]:
        holder = next((node for node in reversed(nodes) if isinstance(node, ast.ClassDef) and node.name == part), None)
        nodes = holder.body if holder is not None else []
    return name.rpartition(".")[2] in set(_bound(nodes))


def _body(text: str) -> list[ast.stmt]:
    tree = parse(text)
    return tree.body if tree is not None else []


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that some statements bind where they stand: not inside of functions and classes."""
    for node in nodes:
        if isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, _Import):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.Lambda):
            yield from _bound(ast.iter_child_nodes(node))


def _with_imports(text: str, before: str, now: str) -> str:
    """The imports that are new in the skeleton, below the text's first."""
    body = _body(text)
    known = {ast.dump(node) for node in [*_body(before), *body]}
    bound = set(_bound(body))
    new = [node for node in _body(now) if isinstance(node, _Import) and ast.dump(node) not in known]
    lines = [ast.unparse(node) for node in new if not bound.issuperset(_bound([node]))]
    opening = [node for node in body if isinstance(node, _Import)] or (
        body[:1] if ast.get_docstring(ast.Module(body, [])) else []
    )
    place = opening[0].end_lineno or 0 if opening else 0
    return replace_lines(text, (place, place), lines)
