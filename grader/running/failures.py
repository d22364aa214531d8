"""What stopped a check -> what the learner is told, and whether the submission or the grader is at fault."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.records import Card, CheckState, SourceLines
from grader.text import clean

if TYPE_CHECKING:
    from grader.checks.case import Case
    from grader.running.context import Context
    from grader.worker.outside.transcript import Step

PRINTED_LINES = 20
MOST_OWN_LINES = 24

#: The room that works on a learner's values for a check: what is raised there is the values' doing. Everything else of the
#: grader is machinery, and what that raises is our own fault.
JUDGES = "grader.checks."

#: What Python raises when a check works on a value that is not of the kind it expects.
_UNUSABLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, AssertionError)


@dataclass
class FailureText:
    """A check's failure in words.

    repeatable : False if a limit or the end of a process decided, so that another run could differ
    broken     : the file that could not be imported, if that is why
    """

    state: CheckState
    message: str
    repeatable: bool = True
    fields: dict[str, Any] = field(default_factory=dict)  #: of the card
    broken: str = ""

    def card(self, evidence: dict[str, str]) -> Card:
        return Card(**self.fields, evidence=evidence)


def describe(failure: BaseException, case: Case, transcript: list[Step], tasks: Path) -> FailureText:
    """Sort one exception out of a check into the submission's doing or our own, and word it.

    tasks : folder of the checks and of what they share
    """
    from grader.checks.compare import Unmet
    from grader.worker.outside.errors import CallTimeout, ModuleBroken, ProtocolViolation, StudentError, WorkerDied, WorkerFault

    ran = case.script(transcript)
    printed = first_lines(transcript[-1].printed) if transcript else ""
    if isinstance(failure, Unmet):
        card = {"ran": ran, "should": failure.should, "gave": failure.gave, "looks_like": failure.looks_like}
        return FailureText("fail", failure.message, fields={**card, "printed": printed})
    if isinstance(failure, StudentError):
        card = {"ran": ran, "gave": str(failure), "printed": first_lines(failure.printed) or printed}
        repeatable = not isinstance(failure, (CallTimeout, WorkerDied, ProtocolViolation))
        broken = failure.file if isinstance(failure, ModuleBroken) else ""
        return FailureText("fail", str(failure), repeatable, {**card, "source": list(failure.frames)}, broken)
    if isinstance(failure, WorkerFault):
        return FailureText("error", f"The grader could not run this check: {clean(str(failure))}", False, {"ran": ran})
    if isinstance(failure, _UNUSABLE) and transcript and _in_a_check(failure, tasks):
        # The course's own test shows that no check does this with the answers of right code.
        what = clean(f"{type(failure).__name__}: {failure}", 300)
        message = f"The check could not use what {transcript[-1].target} returned: {what}."
        return FailureText("fail", message, fields={"ran": ran, "gave": message, "printed": printed})
    sentence = clean(f"{type(failure).__name__}: {failure}", 500)
    own = "".join(traceback.format_exception(failure)[-3:])
    message = f"This is the grader's own fault, not yours: {sentence}"
    source = [SourceLines(file="grader", first=1, lines=clean(own, 4000).splitlines())]
    return FailureText("error", message, False, {"ran": ran, "source": source})


def stub_reached(failure: BaseException | None, context: Context) -> str:
    """The function whose stub ended the call, where a check met one on its way that it is not for; "" otherwise."""
    from grader.course.skeleton import stub_statement
    from grader.worker.outside.errors import StudentError

    if not isinstance(failure, StudentError) or failure.type_name != "NotImplementedError":
        return ""
    claims, told = context.course.claimed_by(), f'"{failure.message}"'
    return next((n for n, stage in claims.items() if told in stub_statement(stage, n) and context.is_to_do(n)), "")


def first_lines(text: str, limit: int = PRINTED_LINES) -> str:
    """The first lines of a text, then how many more there are."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    if len(lines) <= limit:
        return "\n".join(lines)
    more = len(lines) - limit
    return "\n".join([*lines[:limit], f"... and {more} more line{'s' if more > 1 else ''}"])


def _in_a_check(failure: BaseException, tasks: Path) -> bool:
    """Whether a check's own work raised it, not our machinery that the check called.

    The innermost frame that is a check author's or ours decides: NumPy's frames below it say nothing.
    """
    folder = tasks.resolve()
    for frame in reversed([frame for frame, _ in traceback.walk_tb(failure.__traceback__)]):
        module = str(frame.f_globals.get("__name__"))
        if folder in Path(frame.f_code.co_filename).resolve().parents or module.startswith(JUDGES):
            return True
        if module.partition(".")[0] == "grader":
            return False
    return False


def stray_attribute(modules: Mapping[str, str], functions: Iterable[str]) -> str:
    """A sentence on `self.dw` where `self.dW` is meant: set by a function that failed, read by nobody, and spelled as
    another attribute of the object but for capitals and underscores; "" if there is none.
    """
    from grader.course.source_spans import find, parse

    for name in functions:
        path, _, method = name.rpartition(".")
        owner = find(parse(modules.get(path.partition(".")[0], "")), path)
        for attribute, other in _spelled_alike(owner, method) if isinstance(owner, ast.ClassDef) else ():
            return clean(f"{method} sets self.{attribute}, which nothing reads. Did you mean self.{other}?", 300)
    return ""


def _spelled_alike(owner: ast.ClassDef, method: str) -> Iterator[tuple[str, str]]:
    """(attribute that the method sets and the class never reads, one set before it with the same letters)."""
    found = [use for part in owner.body for use in _uses_of_self(part)]
    read = {attribute for attribute, stored, _ in found if not stored}
    first = {_letters(attribute): attribute for attribute, stored, where in found if stored and where == "__init__"}
    for attribute in (attribute for attribute, stored, where in found if stored and where == method):
        other = first.get(_letters(attribute), attribute)
        if other != attribute and attribute not in read:
            yield attribute, other


def _uses_of_self(part: ast.stmt) -> Iterator[tuple[str, bool, str]]:
    """(attribute of self, whether it is set, method) for all in a part of a class."""
    for node in ast.walk(part):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield node.attr, isinstance(node.ctx, ast.Store), getattr(part, "name", "")


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def own_lines(modules: Mapping[str, str], functions: Iterable[str]) -> list[SourceLines]:
    """The bodies of the functions that a failed check is about, as they stand in the submission; no line is marked.

    MOST_OWN_LINES in all: whoever reads a failure wants to see a few lines, not a file.
    """
    from grader.course.source_spans import SkeletonError, body_span, find, parse

    found: list[SourceLines] = []
    for name in functions:
        module = name.partition(".")[0]
        text = modules.get(module, "")
        node = find(parse(text), name)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        try:
            first, end = body_span(node, text, name)
        except SkeletonError:
            continue
        lines = [clean(line, 300) for line in text.splitlines()[first:end]]
        if sum(len(shown.lines) for shown in found) + len(lines) <= MOST_OWN_LINES:
            found.append(SourceLines(f"{module}.py", first + 1, lines, [], name.partition(".")[2]))
    return found
