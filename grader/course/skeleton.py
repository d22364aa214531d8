"""The reference with holes: function bodies blanked by source span, everything outside of the definitions kept to the byte.

A claimed name is `module.function`, `module.Class.method` or `module.NAME` (a value that `task.toml` gives a starting
value for). A stub shows the contract: the signature without the parameters that `task.toml` lists as beyond it, and the
docstring. The numbered comments of a body are its steps, and the first hint. What stands for a body follows from the
stage and the name alone, so that grading needs no reference.
"""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from grader.course import source_spans
from grader.course.course import Course
from grader.course.source_spans import Function, SkeletonError
from grader.errors import Refusal

#: The folder in which a course that is handed out without its reference keeps the skeleton's files.
SKELETON = "skeleton"
#: In that folder: the steps of each claimed function.
STEPS = "steps.json"
#: A numbered comment, with the lines of comment that continue it.
_STEP = re.compile(r"^ *# (\d+\. .*(?:\n *#(?! \d+\. ).*)*)", re.MULTILINE)
#: Lies in a folder that was handed out, and lists what was written there.
KIT_MARK = ".kit"


@dataclass(frozen=True)
class Claims:
    """Who asks for what: the stage of each claimed name, and what claimed values start from."""

    stages: dict[str, str]  #: "module.function" -> "03_sums"
    starting_values: dict[str, Any] = field(default_factory=dict)  #: "train.HYPERPARAMETERS" -> {...}
    beyond: dict[str, Sequence[str]] = field(default_factory=dict)  #: "train.train" -> parameters that no stub shows

    def of_module(self, module: str) -> list[str]:
        return [name for name in self.stages if name.partition(".")[0] == module]

    def of_stage(self, stage_id: str) -> list[str]:
        return [name for name, stage in self.stages.items() if stage == stage_id]


def read_claims(tasks: Path) -> Claims:
    """The claims of all stages of a folder, in their order; raises BadCourse."""
    claims = Claims({}, {}, {})
    for stage in Course(tasks.parent, stages_in=tasks).stages:
        claims.stages.update(dict.fromkeys(stage.claims, stage.id))
        claims.starting_values.update(stage.starting_values)
        claims.beyond.update(stage.beyond)
    return claims


def stub_statement(stage_id: str, function: str) -> str:
    """The one statement that stands for a body that is still to be written."""
    return f'raise NotImplementedError("{stage_id}: {function} is still a TODO")'


@lru_cache(maxsize=512)  # asked of the same function before each of its checks
def is_stub(source: str, function: str, stage_id: str) -> bool:
    """Whether a function's body is still its stub, compared as syntax (docstring and comments do not count).

    A function that is missing, or a file that does not parse, is not a stub: somebody changed it.
    """
    node = source_spans.find(source_spans.parse(source), function)
    if not isinstance(node, Function):
        return False
    stub, body = source_spans.tree_of(stub_statement(stage_id, function)).body, source_spans.statements(node)
    try:
        return len(body) == len(stub) and [ast.dump(s) for s in body] == [ast.dump(s) for s in stub]
    except RecursionError:  # a body nested too deeply to be compared is not the stub
        return False


def build(reference: Path | None, claims: Claims) -> dict[str, str]:
    """The text of every file of the skeleton: `{"losses.py": "...", ...}`, proved to be the reference with holes."""
    try:
        texts = read_sources(reference) if reference is not None else {}
        known = {name.partition(".")[0] + ".py" for name in claims.stages}
        if missing := sorted(known - set(texts)):
            where = f"there is no such file in {reference or 'reference/'}"
            raise SkeletonError(f"{', '.join(missing)}: claimed by a task.toml, but {where}.")
        return {file: blank(text, file.removesuffix(".py"), claims) for file, text in texts.items()}
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SkeletonError(str(error)) from error


def pristine(course: Course, claims: Claims) -> dict[str, str]:
    """The skeleton as learners first got it: built from the reference, or kept beside the course where that is absent."""
    if course.reference is not None:
        return build(course.reference, claims)
    if texts := read_sources(course.folder / SKELETON):
        return texts
    raise Refusal("The skeleton is not here: neither reference/ nor skeleton/ is. Download the course again.")


def steps(course: Course, claims: Claims) -> dict[str, str]:
    """How to write each claimed function, a step a line: {"01_box/box.fill": "1. ..."}.

    They are the reference's numbered comments, or lie beside the skeleton where there is no reference.
    """
    if course.reference is not None:
        texts = read_sources(course.reference)
        found = {
            f"{stage}/{name}": _steps(texts.get(name.partition(".")[0] + ".py", ""), name)
            for name, stage in claims.stages.items()
        }
        return {name: told for name, told in found.items() if told}
    path = course.folder / SKELETON / STEPS
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.is_file() else {}
    except msgspec.MsgspecError as error:
        raise Refusal(f"{path} cannot be read: {error}. Remedy: restore or delete it.") from None


def _steps(source: str, name: str) -> str:
    node = source_spans.find(source_spans.parse(source), name)
    if not isinstance(node, Function):
        return ""
    body = source.split("\n")[slice(*source_spans.body_span(node, source, name))]
    return "\n".join(re.sub(r"\n *# *", " ", step) for step in _STEP.findall("\n".join(body)))


def read_sources(folder: Path) -> dict[str, str]:
    """The Python files directly in a folder, line endings as they are."""
    return {path.name: path.read_bytes().decode("utf-8") for path in sorted(folder.glob("*.py"))}


def blank(source: str, module: str, claims: Claims) -> str:
    """One file of the reference with the bodies of all claimed functions replaced by their stubs."""
    names, file = claims.of_module(module), f"{module}.py"
    if not names:  # as it is, whether it is Python or not
        return source
    text = source
    for name in names:
        text = _blank_one(text, name, claims)
    whole = put_back_all({file: text}, {file: source}, names)[file]
    if ast.dump(source_spans.tree_of(whole)) != ast.dump(source_spans.tree_of(source)):
        raise SkeletonError(f"{module}.py: putting the definitions back does not give the reference again.")
    return text


def put_back_all(student: Mapping[str, str], reference: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Fill whole definitions (or values) into the files of a package, `{"losses.py": text}` in and out."""
    texts = dict(student)
    for name in names:
        file = name.partition(".")[0] + ".py"
        texts[file] = restore_stub(texts[file], reference[file], name)
    return texts


def restore_stub(student_source: str, skeleton_source: str, function: str) -> str:
    """Replace a whole definition by another file's, signature and docstring included; add it where it is missing."""
    wanted = source_spans.definition_span(source_spans.need(skeleton_source, function))
    lines = skeleton_source.split("\n")[wanted[0] : wanted[1]]
    tree = source_spans.parse(student_source)
    if tree is None:
        raise SkeletonError(f"{function.partition('.')[0]}.py does not parse, so one function alone cannot be restored.")
    node = source_spans.find(tree, function)
    if node is not None:
        return source_spans.replace_lines(student_source, source_spans.definition_span(node), lines)
    owner = function.rpartition(".")[0]
    if "." not in owner:
        return student_source.rstrip("\n") + "\n\n\n" + "\n".join(lines) + "\n"
    holder = source_spans.find(tree, owner)
    if holder is None:  # the class is gone as well: all of it comes back
        return restore_stub(student_source, skeleton_source, owner)
    return source_spans.replace_lines(student_source, (holder.end_lineno, holder.end_lineno), ["", *lines])


def _blank_one(source: str, name: str, claims: Claims) -> str:
    node = source_spans.need(source, name)
    if isinstance(node, ast.Assign):
        if name not in claims.starting_values:
            raise SkeletonError(f"{name} is a value: give it a starting value in {claims.stages[name]}/task.toml.")
        return source_spans.replace_value(source, node, _literal(claims.starting_values[name]))
    if not isinstance(node, Function):
        raise SkeletonError(f"{name} is a class: claim its methods.")
    body, end = source_spans.body_span(node, source, name)
    start, _ = source_spans.definition_span(node)
    head = "\n".join(source.split("\n")[start:body]) + "\n"
    for parameter in claims.beyond.get(name, ()):
        for pattern in (rf",\s*{parameter}=[^,)]+", rf"(?m)^ *{parameter} +: .*\n"):
            head, found = re.subn(pattern, "", head)
            if found != 1:
                raise SkeletonError(
                    f"{name}: {parameter} is beyond the contract. Remedy: give it a default, and one line of the docstring."
                )
    stub = " " * node.body[0].col_offset + stub_statement(claims.stages[name], name)
    return source_spans.replace_lines(source, (start, end), [head + stub])


def _literal(value: object) -> str:
    """A starting value as Python source, strings in double quotes as elsewhere in the course."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_literal(v)}' for key, v in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else repr(value)
