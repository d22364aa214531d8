"""Where a submission failed: the expression, found in its own text, and what the names in it held."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias

from grader.records import SourceLines
from grader.submission import Submission, file_of
from grader.text import clean_name

_LONGEST = 60  #: characters of an expression that is told
_LONGEST_MODULE = 200_000
_MOST_AXES = 8
_KNOWN = re.compile(r"(?:self\.)?[^\W\d]\w{0,60}")
_FUNCTIONS = ("function", "method", "builtin_function_or_method")
_PHRASES = {"NoneType": "None", "str": "a text", "dict": "a dict", "float": "one number", "bool": "True or False"}
_OPERATORS: dict[type[ast.AST], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"},
    **{ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^"},
    **{ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="},
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class NamedValue(NamedTuple):
    """What a name held, as the worker says: an array's shape, a list's length, a whole number itself."""

    kind: str
    sizes: tuple[int, ...] = ()

    @property
    def phrase(self) -> str:
        """What comes after "is"."""
        match self.kind:
            case "ndarray":
                return str(self.sizes) if self.sizes else "one number"
            case "list" | "tuple":
                return f"a {self.kind} of {self.sizes[0]}" if self.sizes else f"a {self.kind}"
            case "int":
                return str(self.sizes[0]) if self.sizes else "one number"
        return _PHRASES.get(self.kind, "a function" if self.kind in _FUNCTIONS else "something else")


class Defined(NamedTuple):
    """A function or a class of the submission."""

    module: str
    node: Function | ast.ClassDef
    owner: ast.ClassDef | None = None

    @property
    def place(self) -> str:
        return f"{file_of(self.module)}, line {self.node.lineno}"

    @property
    def parameters(self) -> list[str]:
        if isinstance(self.node, ast.ClassDef):
            return []
        given = self.node.args
        return [parameter.arg for parameter in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def values_told(told: Iterable[object]) -> dict[str, NamedValue]:
    """What a worker says that names held; what is not of that form is left out."""
    found = {}
    for entry in told:
        if type(entry) is not list or [type(part) for part in entry] != [str, str, list]:
            continue
        name, kind, sizes = entry
        # Sizes that are not whole numbers, or are too long to read, are not a shape.
        plain = len(sizes) <= _MOST_AXES and all(type(size) is int and abs(size) < 1 << 40 for size in sizes)
        if plain and _KNOWN.fullmatch(name) and (len(sizes) == 1 or kind not in ("list", "tuple", "int")):
            found[name] = NamedValue(clean_name(kind, 40), tuple(sizes))
    return found


@lru_cache(maxsize=16)
def parsed(text: str) -> ast.Module | None:
    """The tree of a module; None where it is not Python, nested too deeply, or longer than anybody writes by hand."""
    if len(text) > _LONGEST_MODULE:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def definitions(submission: Submission) -> Iterator[tuple[str, Defined]]:
    """Qualified name ("Layer.forward") and definition of all functions, classes and methods at the top of modules."""
    for module, text in submission.modules.items():
        for node in getattr(parsed(text), "body", ()):
            if isinstance(node, Function | ast.ClassDef):
                yield node.name, Defined(module, node)
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, Function):
                    yield f"{node.name}.{inner.name}", Defined(module, inner, node)


@dataclass(eq=False)
class Place:
    """Where an exception was raised."""

    submission: Submission
    module: str  #: "" if that was in no line of the submission
    span: Sequence[int]  #: line, last line, column and last column of the failing expression, columns in bytes
    seen: Mapping[str, NamedValue]  #: name or "self.name" -> what it held
    holds: Mapping[str, NamedValue]  #: the same for the attributes of the object that lacks one
    frames: Sequence[SourceLines]  #: the learner's lines on the way, outermost first

    @cached_property
    def path(self) -> list[ast.AST]:
        """From the module down to the innermost node around the span."""
        tree = parsed(self.submission.modules.get(self.module, "")) if len(self.span) == 4 else None
        return list(_path(tree, self.span)) if tree else []

    @property
    def node(self) -> ast.AST | None:
        """The innermost expression or statement that holds all of the failing instruction."""
        return self.path[-1] if self.path else None

    @property
    def function(self) -> Function | None:
        return next((node for node in reversed(self.path) if isinstance(node, Function)), None)

    @property
    def owner(self) -> ast.ClassDef | None:
        return next((node for node in reversed(self.path) if isinstance(node, ast.ClassDef)), None)

    def words(self, node: ast.expr) -> str:
        """An expression as it stands in the submission; in backticks, unless it is a name or the like."""
        segment = ast.get_source_segment(self.submission.modules.get(self.module, ""), node) or ""
        text = clean_name(re.sub(r"\r\n?|\n", " ", segment), 500).replace("`", "'")
        text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3].rstrip()}..."
        return f"`{text}`" if " " in text else text

    def value(self, node: ast.expr | None) -> NamedValue | None:
        """What an expression was, as far as that follows from what names held."""
        turned = False
        while isinstance(node, ast.Attribute) and node.attr == "T":
            node, turned = node.value, not turned
        found = self._plain(node)
        return found._replace(sizes=found.sizes[::-1]) if found and turned else found

    def _plain(self, node: ast.expr | None) -> NamedValue | None:
        match node:
            case ast.Name(id=name):
                return self.seen.get(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if f"self.{name}" in self.seen:
                return self.seen[f"self.{name}"]
            case ast.Attribute(value=ast.Name(id=name), attr="shape") if name in self.seen:
                return NamedValue("tuple", (len(self.seen[name].sizes),))
            case ast.Constant(value=None):
                return NamedValue("NoneType")
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return NamedValue(type(node).__name__.lower(), (len(items),))
        return None

    def operands(self) -> tuple[ast.expr, ast.expr, str] | None:
        """Left, right, and what is done to them: "`@`", "`-=`" or "np.dot"; None if the place is no such operation."""
        match self.node:
            case ast.BinOp(left=left, op=operation, right=right):
                return left, right, f"`{_OPERATORS.get(type(operation), '?')}`"
            case ast.AugAssign(target=target, op=operation, value=value):
                return target, value, f"`{_OPERATORS.get(type(operation), '?')}=`"
            case ast.Compare(left=left, ops=[comparison], comparators=[right]):
                return left, right, f"`{_OPERATORS.get(type(comparison), '?')}`"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy")) as func, args=[left, right]):
                return left, right, self.words(func)
            case ast.Call(func=ast.Attribute(value=left, attr=name), args=[right]):
                return left, right, f".{name}"
        return None

    def parent(self, *kinds: type[ast.AST]) -> ast.AST | None:
        """The nearest node around the failing one that is of one of some kinds."""
        return next((node for node in reversed(self.path[:-1]) if isinstance(node, kinds)), None)

    def definition(self, qualified: str) -> Defined | None:
        """The function, method or class of that name; the last one if there are several, as when modules are run."""
        return dict(definitions(self.submission)).get(qualified)

    def set_before(self, name: str) -> ast.Assign | None:
        """The assignment that gave a local name its value most likely: the last one above the failing line, or in it."""
        line = getattr(self.node, "lineno", 0)
        found = [node for node in _assignments(self.function) if node.lineno <= line and name in _targets(node)]
        return max(found, key=lambda node: node.lineno, default=None)

    def sets_attribute(self, owner: ast.AST, name: str) -> list[tuple[str, ast.Assign]]:
        """(method, assignment) for all that give self.name a value."""
        methods = [node for node in getattr(owner, "body", ()) if isinstance(node, Function)]
        return [(m.name, node) for m in methods for node in _assignments(m) if f"self.{name}" in _targets(node)]


#: A kind of exception, the whole of what it says, and what puts it into words; "" if there is nothing to add.
Rule: TypeAlias = tuple[str, str, Callable[[re.Match[str], Place], str]]


def attributes(owner: ast.AST) -> list[str]:
    """The methods of a class, and what they give to self, in order."""
    methods = [node for node in getattr(owner, "body", ()) if isinstance(node, Function)]
    given = [name for m in methods for node in _assignments(m) for name in _targets(node) if name.startswith("self.")]
    return list(dict.fromkeys([*(name.removeprefix("self.") for name in given), *(m.name for m in methods)]))


def names_in(function: Function | None) -> list[str]:
    """Parameters and other names that a function gives a value."""
    nodes = list(ast.walk(function)) if function else []
    stored = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys([*(node.arg for node in nodes if isinstance(node, ast.arg)), *stored]))


def _assignments(function: ast.AST | None) -> list[ast.Assign]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Assign)] if function else []


def _targets(node: ast.Assign) -> list[str]:
    """Names, and attributes of self as "self.name", that an assignment gives a value."""
    found = []
    for target in node.targets:
        for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            match part:
                case ast.Name(id=name):
                    found.append(name)
                case ast.Attribute(value=ast.Name(id="self"), attr=name):
                    found.append(f"self.{name}")
    return found


def _path(tree: ast.Module, span: Sequence[int]) -> Iterator[ast.AST]:
    first, last = (span[0], span[2]), (span[1], span[3])
    node: ast.AST | None = tree
    while node is not None:
        yield node
        inner = ((c, (c.lineno, c.col_offset), (c.end_lineno, c.end_col_offset)) for c in _children(node))
        node = next((child for child, start, end in inner if start <= first and last <= end), None)


def _children(node: ast.AST) -> Iterator[Any]:
    """The nodes directly below that stand somewhere: arguments and comprehensions as such do not."""
    for child in ast.iter_child_nodes(node):
        if hasattr(child, "lineno"):
            yield child
        else:
            yield from _children(child)
