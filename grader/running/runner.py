"""One check -> one result. A plain function, used alike by pytest, by watch, by the course's own test and by diagnosis.

The states, first that applies: todo (a function it is for still has the stub's body), blocked (what it builds on does
not hold), pass, fail (anything the submission did), error (the grader's own fault).
"""

import contextlib
import functools
import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.course.course import Course
from grader.course.skeleton import is_stub, line_of
from grader.course.stage import Check, Stage
from grader.files import write_atomically
from grader.records import Card, CheckResult
from grader.running import scores
from grader.running.checks_package import import_checks
from grader.running.limits import Limits
from grader.submission import Submission

Function = Callable[..., None]

EVIDENCE_BYTES = 1_000_000  #: of a whole submission; what does not fit any more costs its picture


class Memo:
    """What the checks of one group compute once: `memo(key, function)`. A failure is remembered and raised again."""

    def __init__(self) -> None:
        self._kept: dict[Any, tuple[bool, Any]] = {}

    def __call__(self, key: Any, function: Callable[[], Any]) -> Any:
        if key not in self._kept:
            try:
                self._kept[key] = True, function()
            except Exception as failure:
                self._kept[key] = False, failure
        good, value = self._kept[key]
        if good:
            return value
        raise value

    def forget_values(self) -> None:
        """Keep only the failures: the worker that the values point into is gone."""
        self._kept = {key: kept for key, kept in self._kept.items() if not kept[0]}


class Data:
    """The images, loaded when a check first asks for them.

    folder          : the course's folder of data
    training_images : how many to train on, and to validate with, for rehearsals; 0 is all
    """

    def __init__(self, folder: Path, training_images: int = 0):
        self._folder, self._most = folder, training_images

    @functools.cached_property
    def mnist(self) -> Any:
        from grader.course import images as mnist

        images = mnist.open(self._folder)
        if not self._most:
            return images
        some = slice(self._most)
        return images._replace(
            x_train=images.x_train[some],
            y_train=images.y_train[some],
            x_val=images.x_val[some],
            y_val=images.y_val[some],
        )

    @property
    def hidden(self) -> Any:
        """None in a copy of the course that was made without them."""
        from grader.course import images as mnist

        return mnist.hidden(self._folder)


@dataclass
class Context:
    """What the checks of one grade have in common.

    results     : filled by whoever runs the checks; decides what is blocked
    evidence    : folder for the arrays behind a result, or None to keep none
    transcripts : of checks that failed, for diagnosis
    recall      : gives the kept result of an equal earlier run, or None
    """

    course: Course
    submission: Submission
    pool: Any
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
    data: Any = None  #: the course's own if none is given
    evidence: Path | None = None
    evidence_left: int = EVIDENCE_BYTES
    results: dict[scores.Key, CheckResult] = field(default_factory=dict)
    transcripts: dict[scores.Key, list] = field(default_factory=dict)
    touched: dict[scores.Key, set[str]] = field(default_factory=dict)  #: modules that a check asked for names of
    unrepeatable: set[scores.Key] = field(default_factory=set)  #: ended by a limit or a death: never kept
    killed: set[scores.Key] = field(default_factory=set)  #: run a second time, because a worker was killed
    recall: Callable[[Check], CheckResult | None] = lambda check: None
    heard: Callable[[Check, str], None] | None = None  #: told what a training prints, while it prints
    _groups: dict[tuple[str, str], "_Group"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = self.data or Data(self.course.data)

    def place(self, function: str) -> tuple[str, int]:
        """(file, line) of a function in the submission, line 0 if it is not there."""
        module = function.partition(".")[0]
        return f"{self.submission.name}/{module}.py", line_of(self.submission.modules.get(module, ""), function)

    def close(self) -> None:
        """End all workers that groups still hold, and the one that waits for a next check."""
        while self._groups:
            self._groups.popitem()[1].close()
        self.pool.rest()


def run_check(check: Check, function: Function, context: Context) -> CheckResult:
    """Run one check on the context's submission.

    raises : nothing but KeyboardInterrupt and the like; whatever happens is in the result
    """
    return decided(check, context) or execute(check, function, context)


def decided(check: Check, context: Context) -> CheckResult | None:
    """The result of a check that need not be run: it is still to do, blocked, or known from an equal run."""
    stub = _first_stub(check, context)
    if stub:
        return scores.result(check, "todo", message=_still_to_do(stub, context))
    return scores.blocked_result(check, context.course, context.results) or context.recall(check)


def _still_to_do(stub: str, context: Context) -> str:
    file, line = context.place(stub)
    return f"{stub} is still a TODO ({file}, line {line})."


def load_checks(stage: Stage) -> Mapping[str, Function]:
    """The check functions of a stage, imported from its folder.

    raises : BadCourse if the file cannot be imported
    """
    module = import_checks(stage)
    return {check.id: getattr(module, check.id) for check in stage.checks}


def call_with_fixtures(function: Function, check: Check, fixtures: Mapping[str, Any]) -> None:
    """Call a check with what its parameters name."""
    function(**{name: fixtures[name] for name in check.fixtures})


# --- one execution ----------------------------------------------------------------------------------------------------


def execute(check: Check, function: Function, context: Context) -> CheckResult:
    """Run a check on the submission, whatever is known of it."""
    from grader.checks.case import Case
    from grader.running import failures

    stage = context.course.stage(check.stage)
    case = Case(context.seed, check.stage, check.id)
    student, begun = None, time.perf_counter()
    failure: BaseException | None = None
    try:
        # Data first: a damaged file is our own affair, and no worker is needed to see it.
        fixtures = {name: getattr(context.data, name) for name in check.fixtures if name in ("mnist", "hidden")}
        if "mnist" in fixtures:  # so that no call has to send them
            for name in ("x_train", "x_val"):
                context.pool.share(name, getattr(fixtures["mnist"], name))
        with _student(check, stage, case, context) as (student, memo):
            if check.training and context.heard is not None:
                student.listen(functools.partial(context.heard, check))
            fixtures |= {"student": student, "case": case, "memo": memo}
            with contextlib.nullcontext() if check.training else student.close_by():
                call_with_fixtures(function, check, fixtures)
    except Exception as error:
        failure = error
    where = scores.key(check)
    if getattr(failure, "killed", False) and where not in context.killed:
        # A submission that kills its process does so again; a kill from outside was none of its doing.
        context.killed.add(where)
        context._groups.pop((check.stage, check.group), _Group()).close()
        return execute(check, function, context)
    seconds = round(time.perf_counter() - begun, 6)
    transcript = list(student.transcript) if student is not None else []
    context.touched[where] = set(student.modules) if student is not None else set()
    stub = failures.stub_reached(failure, context)
    if stub:
        return scores.result(check, "todo", message=_still_to_do(stub, context), seconds=seconds)
    told = failures.describe(failure, case, transcript, context.course.tasks) if failure is not None else None
    if told is not None and told.state == "fail":
        told.fields["should"] = told.fields.get("should") or check.promise
        told.fields["source"] = told.fields.get("source") or failures.own_lines(
            context.submission.modules, check.functions
        )
    evidence = _keep_evidence(check, case, context)
    common: dict[str, Any] = {"seconds": seconds, "notes": list(case.notes)}
    if told is None:
        card = Card(evidence=evidence) if evidence else None
        return scores.result(check, "pass", card=card, printed=failures.printed_by(transcript), **common)
    context.transcripts[where] = transcript
    if not told.repeatable:
        context.unrepeatable.add(where)
    common |= {"message": told.message, "broken": told.broken}
    return scores.result(check, told.state, card=told.card(evidence), **common)


class _Group:
    """One worker and one memo that the checks of a group share."""

    def __init__(self) -> None:
        self.memo = Memo()
        self.student: Any = None
        self.case: Any = None
        self.left = 1  #: checks still to come
        self._stack = contextlib.ExitStack()

    def describe(self, value: Any) -> str:
        return self.case.describe(value)

    def open(self, check: Check, stage: Stage, case: Any, context: Context) -> Any:
        """The group's worker, with the limits of this check."""
        self.case = case
        limits = context.limits.of(check, stage)
        if self.student is None:
            opened = context.pool.student(context.submission, limits, self.describe)
            self.student = self._stack.enter_context(opened)
        else:
            self.student.begin(limits)
        return self.student

    def lose(self) -> None:
        """The worker ended in the middle of a check: the next check of the group gets a new one."""
        self.close()
        self.student = None
        self.memo.forget_values()

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def _student(check: Check, stage: Stage, case: Any, context: Context) -> Iterator[tuple[Any, Memo]]:
    """A fresh worker for a check, or its group's."""
    from grader.worker.outside.errors import CallTimeout, ProtocolViolation, WorkerDied

    name = (check.stage, check.group)
    group = context._groups.get(name) if check.group else None
    if group is None:
        group = _Group()
        if check.group:
            group.left = sum(other.group == check.group for other in stage.checks)
            context._groups[name] = group
    try:
        yield group.open(check, stage, case, context), group.memo
    except (CallTimeout, WorkerDied, ProtocolViolation):
        group.lose()
        raise
    finally:
        group.left -= 1
        if group.left <= 0:
            context._groups.pop(name, None)
            group.close()


def _first_stub(check: Check, context: Context) -> str:
    """The first function the check is for whose body is still the stub's."""
    claims = context.course.claimed_by()
    for name in check.functions:
        source = context.submission.modules.get(name.partition(".")[0])
        if source is not None and name in claims and is_stub(source, name, claims[name]):
            return name
    return ""


def _keep_evidence(check: Check, case: Any, context: Context) -> dict[str, str]:
    """Write the arrays that a check left as evidence, as far as there is room; role -> name in the file."""
    arrays = dict(case.stored)
    if context.evidence is None or not arrays:
        return {}
    import numpy as np

    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    if content.tell() > context.evidence_left:
        return {}
    context.evidence_left -= content.tell()
    write_atomically(context.evidence / f"{check.stage}.{check.id}.npz", content.getvalue())
    return {role: role for role in arrays}
