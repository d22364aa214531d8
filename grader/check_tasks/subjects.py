"""What the course tests itself with: mutants, right answers, and answers that earn nothing."""

import ast
import symtable
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from grader.course.course import Course
from grader.course.misconceptions import Misconception, apply, helpers_of, load, parse
from grader.course.skeleton import restore_stub
from grader.course.source_spans import find, line_of
from grader.course.source_spans import parse as tree_of
from grader.submission import Submission, read_submission

#: In a course's folder.
RIGHT, HELD_OUT = "tests/mistakes/right", "tests/mistakes/held_out"


def mutants(course: Course, reference: Submission) -> dict[str, tuple[Misconception, Submission]]:
    """The reference with one misconception in it, by "stage:name"."""
    bank = [m for stage in course.stages for m in load(stage.folder)]
    return {f"{m.stage}:{m.name}": (m, apply(reference, m)) for m in bank}


def right_answers(course: Course, reference: Submission, slow: bool = True) -> dict[str, Submission]:
    """Whole submissions, and single functions in another style put into the reference, by name.

    What a stage claims and a whole submission lacks is the reference's, so that a new stage changes no right answer.

    slow : also those with which training on all images would take hours
    """
    folder = course.folder / RIGHT
    if not folder.is_dir():
        return {}
    claims = course.claimed_by()
    found = {
        path.name: completed(read_submission(path), reference, claims)
        for path in sorted(folder.iterdir())
        if _is_submission(path)
    }
    for path in sorted(folder.glob("*.py")):
        for form in parse(path.read_text(encoding="utf-8"), path.stem):
            if slow or not form.slow:
                found[form.name] = apply(reference, form)
    return found


def completed(submission: Submission, reference: Submission, names: Iterable[str]) -> Submission:
    """The submission with those of some names that it lacks from the reference, and with what they need there.

    A module that is missing comes whole, a function or class at the end of its module, a method at the end of its class.
    """
    texts, todo = dict(submission.modules), list(names)
    while todo:
        name = todo.pop(0)
        module = name.partition(".")[0]
        source, own = reference.modules.get(module), texts.get(module)
        if source is None or module in submission.problems:
            continue
        if own is None:
            texts[module] = added = source
        elif "." in name and not _has(own, name) and line_of(source, name):
            has_class = name.count(".") > 1 and find(tree_of(own), name.rpartition(".")[0]) is not None
            wanted = name if has_class else ".".join(name.split(".")[:2])
            added = helpers_of(source, wanted, _bound(own))
            texts[module] = restore_stub(own.rstrip("\n") + f"\n\n\n{added}\n" if added else own, source, wanted)
        else:
            continue
        todo += _imported(added)
    return replace(submission, modules=texts)


def _has(text: str, name: str) -> bool:
    """Whether a module binds a name, however it does so: by a definition, an import, an assignment.

    A class that is imported, made by a call or derived from another is taken to have all of its methods.
    """
    tree = tree_of(text)
    if tree is None:
        return True  # nothing can be added to it
    _, top, *method = name.split(".")
    node = find(tree, f".{top}")
    plain = isinstance(node, ast.ClassDef) and not (node.bases or node.keywords or node.decorator_list)
    if not (plain and method):
        return top in _bound(text)
    # self.step = ... and SGD.step = ... count as well
    stored = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)}
    return method[0] in stored | _bound(text, top)


def _bound(text: str, inside: str = "") -> set[str]:
    """The names that a module binds, or a class of it."""
    table = symtable.symtable(text, "<right answer>", "exec")
    scopes = [scope for scope in table.get_children() if scope.get_name() == inside] if inside else [table]
    return {s.get_name() for scope in scopes for s in scope.get_symbols() if s.is_assigned() or s.is_imported()}


def _imported(text: str) -> list[str]:
    """What a text asks of the other modules of its submission: `from .data import load_mnist` is data.load_mnist."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) and node.level == 1]
    return [f"{node.module}.{alias.name}" if node.module else alias.name for node in nodes for alias in node.names]


def held_out(course: Course, reference: Submission) -> dict[str, tuple[Misconception, Submission]]:
    """Second implementations of misconceptions, which `diagnose` has never seen, by "stage:name"."""
    found = {}
    for stage in course.stages:
        path = course.folder / HELD_OUT / f"{stage.id}.py"
        if path.is_file():
            for m in parse(path.read_text(encoding="utf-8"), stage.id):
                found[f"{m.stage}:{m.name}"] = (m, apply(reference, m))
    return found


def degenerate(course: Course, reference: Submission) -> dict[str, tuple[str, Submission]]:
    """All functions of a stage answering without an idea, by "stage:kind"; kinds as in DEGENERATE."""
    found = {}
    for stage in course.stages:
        functions = [claim for claim in stage.claims if not claim.rpartition(".")[2].isupper()]
        for kind, change in DEGENERATE.items():
            texts = dict(reference.modules)
            for name in functions:
                module, *path = name.split(".")
                where, names = ".".join(path), {"change": change, "path": ".".join(path)}
                text = _AT_BIRTH if where.endswith("__init__") else _LATER
                texts[module] += _CHANGES + text.format(**names)
            if functions:
                found[f"{stage.id}:{kind}"] = (stage.id, reference.replaced(texts, f"{stage.id}-{kind}"))
    return found


#: What becomes of the right answer, by name.
DEGENERATE = {
    "zeros": "_each(lambda v: v * 0, right)",
    "its input": "([a for a in arguments if isinstance(a, np.ndarray)] or [None])[0]",
    "a constant": "1.0",
    "another shape": "_each(lambda v: np.asarray(v)[None], right)",
}

_CHANGES = """

import copy
import numpy as np

def _each(change, value):
    if isinstance(value, dict):
        return {name: _each(change, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_each(change, item) for item in value]
    if isinstance(value, (int, float, np.number, np.ndarray)):
        return change(value)
    return None if value is None else [_each(change, item) for item in map(list, value)]

def _around(method, change):
    def changed(*arguments, **named):
        kept = [np.copy(a) for a in arguments[1] if isinstance(a, np.ndarray)] if method.__name__ == "step" else []
        if method.__name__ == "train":
            arguments = (copy.deepcopy(arguments[0]), *arguments[1:])  # the caller's network stays as it is
        right = method(*arguments, **named)
        for array, was in zip(arguments[1], kept) if kept else ():
            array[...] = was  # what works in place does nothing
        for name in ("dW", "db") if method.__name__ == "backward" else ():
            if hasattr(arguments[0], name):
                setattr(arguments[0], name, change(getattr(arguments[0], name), arguments))
        return change(right, arguments)
    return changed
"""

_LATER = """
{path} = _around({path}, lambda right, arguments: {change})
"""

_AT_BIRTH = """
def _born(self, *arguments, _init={path}, **named):
    _init(self, *arguments, **named)
    for name, right in list(vars(self).items()):
        value = (lambda right, arguments: {change})(right, (right,))
        setattr(self, name, value if not isinstance(right, list) else [])
{path} = _born
"""


def _is_submission(path: Path) -> bool:
    return path.is_dir() and path.name[0] not in "._" and (path / "layers.py").is_file()
