"""The mistakes that a stage knows: read as text from tasks/*/misconceptions.py, never imported here.

A misconception is a function, a method (`self` first) or a whole class with one slip in it, written as a learner
would write it and named after the slip; its docstring is a title and a hint. Put in the place of the reference's own,
it gives a *mutant*: a submission whose only fault is known. The file's other top-level functions and constants are
helpers, carried along where they are used; its imports of the course serve editors and linters alone.

`OPEN_NUMBERS` says of some of them which of their numbers a learner may have chosen otherwise: {name: number}.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from grader.course.source_spans import definition_span, need, tree_of
from grader.errors import Refusal
from grader.submission import Submission

T = TypeVar("T")
FILE_NAME = "misconceptions.py"
#: In a course's folder: what its own test has of right answers and of other forms of mistakes.
RIGHT, HELD_OUT = "tests/mistakes/right", "tests/mistakes/held_out"
OPEN = "OPEN_NUMBERS"
_OVERRIDE = "_with_one_mistake"
Number = int | float
Definition = ast.FunctionDef | ast.ClassDef
_MARKS = ("misconception", "right_answer", "held_out")
LONGEST_TITLE = 60  #: in characters: it fits a line of the terminal


def misconception(target: str, *, fails: Sequence[str] = (), alike: str = "") -> Callable[[T], T]:
    """Mark a definition as a misconception of `target`, such as "module.function" or "module.Class.method".

    fails : names of the stage's checks that must see it
    alike : name of a group of misconceptions that give the same answers and share one hint
    """
    return lambda definition: definition


def right_answer(target: str, *, slow: bool = False) -> Callable[[T], T]:
    """Mark a definition as a right answer in another style, for the course's own test.

    slow : training on all images would take hours with it, so that no such training is made
    """
    return lambda definition: definition


def held_out(target: str) -> Callable[[T], T]:
    """Mark a definition as another form of a misconception of that name, which diagnosis never sees."""
    return lambda definition: definition


class BadMisconceptions(Refusal):
    """A misconceptions.py that cannot be used; the message says why, in one sentence."""


@dataclass(frozen=True)
class Misconception:
    """One form of one mistake."""

    stage: str  #: "03_softmax"
    name: str  #: "forgets_the_shift__in_place": unique in its stage
    target: str  #: "module.function"
    title: str  #: "No shift before exp": what it is called wherever somebody reads of it
    hint: str
    fails: tuple[str, ...]
    alike: str
    source: str  #: the definition's text, without decorators
    helpers: str  #: text of the helpers it uses
    line: int
    slow: bool = False  #: of a right answer
    open: Number | None = None  #: the number that may be another one: an epsilon, a rate, the size of a batch, ...
    number: Number | None = None  #: what it was filled with

    @property
    def id(self) -> str:
        """The slip's name, common to all its forms: "forgets_the_shift"."""
        return self.name.split("__")[0]

    @property
    def group(self) -> str:
        """Key of misconceptions that cannot be distinguished: the slip, or its `alike` group."""
        return f"{self.stage}:{self.alike or self.id}"

    @property
    def module(self) -> str:
        return self.target.split(".")[0]

    def filled(self, number: Number) -> "Misconception":
        """The same slip, title and hint, with another number in the place of the open one.

        Which checks see it is not known then, so that it names none.
        """
        lines = self.source.encode().split(b"\n")
        places = [node for node in ast.walk(tree_of(self.source)) if _is_number(node, self.open)]
        for node in sorted(places, key=lambda node: (node.lineno, node.col_offset), reverse=True):
            line, end = lines[node.lineno - 1], node.end_col_offset
            lines[node.lineno - 1] = line[: node.col_offset] + f"({number!r})".encode() + line[end:]
        source = b"\n".join(lines).decode()
        assert self.open is not None
        title, hint = (with_number(text, self.open, number) for text in (self.title, self.hint))
        return replace(self, source=source, title=title, hint=hint, fails=(), number=number)

    def overlaps(self, other: "Misconception") -> bool:
        """Whether one of the two would replace what the other is in."""
        mine, theirs = f"{self.target}.", f"{other.target}."
        return mine.startswith(theirs) or theirs.startswith(mine)

    def override(self) -> str:
        """Python that replaces the target when it stands at the end of the target's module."""
        path = self.target.split(".")[1:]
        new_name = path[0] if len(path) == 1 else _OVERRIDE
        text = re.sub(rf"\b{self.name}\b", new_name, self.source)
        parts = ["import numpy as np", self.helpers, text]
        if len(path) > 1:
            parts.append(f"{'.'.join(path)} = {_OVERRIDE}")
        return "\n\n\n" + "\n\n\n".join(part for part in parts if part) + "\n"


def with_number(text: str, open_number: Number, number: Number) -> str:
    """A text with another number where it says the open one."""
    return re.sub(rf"(?<![\w.]){re.escape(f'{open_number:g}')}(?![\w]|\.\d)", f"{number:g}", text)


def load(stage_folder: Path) -> list[Misconception]:
    """The misconceptions of one stage, in the order of the file; none if it has no such file. Raises BadMisconceptions."""
    path = stage_folder / FILE_NAME
    return list(parse(path.read_text(encoding="utf-8"), stage_folder.name)) if path.is_file() else []


def apply(submission: Submission, mistake: Misconception) -> Submission:
    """`submission` with the mistake in it: same modules, the override appended to the target's.

    raises : BadMisconceptions if the submission has no such module
    """
    if mistake.module not in submission.modules:
        raise BadMisconceptions(f"{mistake.stage}: {mistake.name} is for {mistake.target}, but there is no such module.")
    text = submission.modules[mistake.module].rstrip("\n") + mistake.override()
    number = "" if mistake.number is None else f"({mistake.number!r})"
    return submission.replaced({mistake.module: text}, f"{mistake.stage}-{mistake.name}{number}")


@lru_cache(maxsize=64)
def parse(text: str, stage: str) -> tuple[Misconception, ...]:
    """What the text of a misconceptions.py (or of a file of right answers) holds; raises BadMisconceptions."""
    try:
        tree = tree_of(text)
    except SyntaxError as problem:
        raise BadMisconceptions(f"tasks/{stage}/{FILE_NAME} has a syntax error in line {problem.lineno}.") from None
    lines = text.splitlines()
    marked = [(node, mark) for node in tree.body if (mark := _mark(node))]
    helpers = {name: node for node in tree.body if not _mark(node) for name in _defined(node)}
    open_numbers = _open_numbers(tree, stage)
    found: dict[str, Misconception] = {}
    told: dict[str, tuple[str, str]] = {}
    for node, mark in marked:
        assert isinstance(node, Definition)
        where = f"tasks/{stage}/{FILE_NAME}, line {node.lineno}: {node.name}"
        target, named = _arguments(mark, where)
        fails, alike, slow = tuple(named.get("fails", ())), named.get("alike", ""), named.get("slow") is True
        if node.name in found:
            raise BadMisconceptions(f"{where} appears twice. Every form needs a name of its own.")
        title, hint = _told(node, mark, told, alike or node.name.split("__")[0], where)
        # The text begins below the decorators; those that are not ours belong to it.
        others = [f"@{ast.unparse(other)}\n" for other in node.decorator_list if other is not mark]
        source = "".join(others) + _text(node, lines)
        extra = _used_helpers(source, helpers, lines)
        number = _own_number(node, open_numbers, where)
        found[node.name] = Misconception(
            stage, node.name, target, title, hint, fails, alike, source, extra, node.lineno, slow, number
        )
    if open_numbers:
        raise BadMisconceptions(f"tasks/{stage}/{FILE_NAME}: {OPEN} names {min(open_numbers)}, which is not a misconception.")
    return tuple(found.values())


def _own_number(node: Definition, open_numbers: dict[str, Number], where: str) -> Number | None:
    """The open number of a definition, if it has one; it is taken out of those of the file."""
    number = open_numbers.pop(node.name, None)
    if number is not None and not any(_is_number(inner, number) for inner in ast.walk(node)):
        raise BadMisconceptions(f"{where} has no number {number!r}, which {OPEN} says is open.")
    return number


def _open_numbers(tree: ast.Module, stage: str) -> dict[str, Number]:
    """Name of a misconception -> its number that may be another one."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [OPEN]:
            try:
                return dict(ast.literal_eval(node.value))
            except (ValueError, TypeError):
                raise BadMisconceptions(f"tasks/{stage}/{FILE_NAME}: {OPEN} is a dict of names and numbers.") from None
    return {}


def _is_number(node: ast.AST, number: Number | None) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and type(node.value) is type(number) and node.value == number


def _told(node: Definition, mark: ast.Call, told: dict[str, tuple[str, str]], key: str, where: str) -> tuple[str, str]:
    """Title and hint from a docstring; a later form of a slip, and a twin, may leave it out and share the first one's."""
    if _name_of(mark) != "misconception":
        return "", ""
    title, _, hint = (ast.get_docstring(node) or "\n\n".join(told.get(key, ()))).partition("\n\n")
    hint = " ".join(hint.split())
    if not title or not hint or "\n" in title:
        raise BadMisconceptions(f"{where} needs a docstring: a title, an empty line, and the hint for the learner.")
    if len(title) > LONGEST_TITLE:
        raise BadMisconceptions(f"{where} has a title of {len(title)} characters; the most is {LONGEST_TITLE}. Shorten it.")
    if (title, hint) != told.setdefault(key, (title, hint)):
        raise BadMisconceptions(f"{where} has another title or hint than its twin. Give both the same, or leave it out.")
    if [other for other, _ in told.values()].count(title) > 1:
        raise BadMisconceptions(f"{where} has the title of another mistake: {title!r}. Give each one its own.")
    return title, hint


def helpers_of(text: str, name: str, known: set[str]) -> str:
    """Text of what a definition of a module uses of that module, imports too, but for the names that are `known` already."""
    tree, lines = tree_of(text), text.splitlines()
    first, last = definition_span(need(text, name))
    own = name.split(".")[1]
    helpers = {n: node for node in tree.body for n in _defined(node) if n not in known | {own}}
    return _used_helpers("\n".join(lines[first:last]), helpers, lines)


def _mark(node: ast.stmt) -> ast.Call | None:
    marks = node.decorator_list if isinstance(node, Definition) else []
    return next((mark for mark in marks if isinstance(mark, ast.Call) and _name_of(mark) in _MARKS), None)


def _name_of(mark: ast.Call) -> str:
    return mark.func.id if isinstance(mark.func, ast.Name) else ""


def _arguments(mark: ast.Call, where: str) -> tuple[str, dict[str, Any]]:
    try:
        (target,) = (ast.literal_eval(argument) for argument in mark.args)
        named = {str(word.arg): ast.literal_eval(word.value) for word in mark.keywords}
    except ValueError:
        raise BadMisconceptions(f"{where}: write plain values in @misconception(target, fails=[...]).") from None
    allowed = {"slow"} if _name_of(mark) == "right_answer" else {"fails", "alike"}
    if not isinstance(target, str) or not 2 <= len(target.split(".")) <= 3 or set(named) - allowed:
        raise BadMisconceptions(f"{where}: @misconception takes a target such as 'module.function', fails and alike.")
    return target, named


def _defined(node: ast.stmt) -> Iterator[str]:
    """Names that a helper statement defines; imports of the course itself are for linters and define nothing here."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        origin = node.names[0].name if isinstance(node, ast.Import) else str(node.module)
        if origin.partition(".")[0] not in ("grader", "reference"):
            yield from (alias.asname or alias.name for alias in node.names)
    elif isinstance(node, Definition):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _used_helpers(source: str, helpers: dict[str, ast.stmt], lines: list[str]) -> str:
    """Text of the helpers that a definition uses, directly or through others, in the order of the file."""
    used: dict[str, ast.stmt] = {}
    todo = [source]
    while todo:
        for name in set(re.findall(r"\w+", todo.pop())) & (helpers.keys() - used.keys()):
            used[name] = helpers[name]
            todo.append(_text(helpers[name], lines))
    ordered = sorted(used.values(), key=lambda helper: helper.lineno)
    return "\n\n\n".join(_text(helper, lines) for helper in ordered)


def _text(node: ast.stmt, lines: list[str]) -> str:
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])
