"""What the course tests itself with: mutants, right answers, and answers that earn nothing."""

import ast
import symtable
from collections.abc import Iterable
from dataclasses import replace

from grader.course.course import Course
from grader.course.misconceptions import HELD_OUT, RIGHT, Misconception, apply, helpers_of, load, parse
from grader.course.skeleton import restore_stub
from grader.course.source_spans import find, line_of
from grader.course.source_spans import parse as tree_of
from grader.course.stage import Check
from grader.course.substitutes import names_in, put_in, unit_of
from grader.submission import Submission, file_of, read_submission

DEGENERATE = "tests/mistakes/degenerate.py"  #: in a course's folder
#: What becomes of the right answer, by the names that it has there.
_ITS_INPUT = "its input"
KINDS = ("zeros", _ITS_INPUT, "a constant", "nothing", "another shape")


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
        if path.is_dir() and path.name[0] not in "._" and any((path / file_of(module)).is_file() for module in course.modules)
    }
    forms = [form for path in sorted(folder.glob("*.py")) for form in parse(path.read_text(encoding="utf-8"), path.stem)]
    return found | {form.name: apply(reference, form) for form in forms if slow or not form.slow}


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
    files = {stage.id: course.folder / HELD_OUT / f"{stage.id}.py" for stage in course.stages}
    bank = [m for stage, path in files.items() if path.is_file() for m in parse(path.read_text(encoding="utf-8"), stage)]
    return {f"{m.stage}:{m.name}": (m, apply(reference, m)) for m in bank}


def degenerate(course: Course, reference: Submission) -> dict[str, tuple[str, Submission]]:
    """All functions of a stage answering without an idea, by "stage:kind"."""
    functions = {stage.id: [name for name in stage.claims if not name.rpartition(".")[2].isupper()] for stage in course.stages}
    return {
        f"{stage}:{kind}": (stage, without_an_idea(course, reference, names, kind))
        for stage, names in functions.items()
        for kind in _kinds(course)
        if names
    }


def _kinds(course: Course) -> tuple[str, ...]:
    return KINDS if (course.folder / DEGENERATE).is_file() else ()


def without_an_idea(course: Course, reference: Submission, functions: Iterable[str], kind: str) -> Submission:
    """The reference with some of its functions answering as KINDS says; how they are changed, the course says."""
    changes, texts = (course.folder / DEGENERATE).read_text(encoding="utf-8"), dict(reference.modules)
    for module, _, path in (name.partition(".") for name in functions):
        texts[module] += "" if changes in texts[module] else f"\n\n{changes}"
        change = "from_birth" if path.endswith("__init__") else "around"
        texts[module] += f"\n{path} = _{change}({path}, _KINDS[{kind!r}])\n"
    return reference.replaced(texts, kind)


def with_all_but_its_own(course: Course, reference: Submission) -> dict[str, tuple[Check, Submission]]:
    """For each check and kind, what it is for answering without an idea, and everything else that can be put in put in."""
    right, found = names_in(course.tasks), {}
    for check in (check for stage in course.stages if not stage.training for check in stage.checks):
        own = {unit_of(name, right) for name in check.functions}
        others = put_in(course.tasks, tuple(name for name in right if name not in own))
        making = all(name.endswith("__init__") for name in check.functions)
        for kind in _kinds(course):
            if not (making and kind == _ITS_INPUT):  # what it is made of is the right one
                code = without_an_idea(course, reference, check.functions, kind)
                found[f"{check.stage}:{check.id}:{kind}"] = check, replace(code, put_in=others)
    return found
