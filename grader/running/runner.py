"""One check -> one result. A plain function, used alike by pytest, by watch, by the course's own test and by diagnosis.

The states, first that applies: todo (a function it is for still has the stub's body), blocked (what it builds on does
not hold), pass, fail (anything the submission did), error (the grader's own fault).
"""

from __future__ import annotations

import contextlib
import functools
import io
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from grader.course.stage import Check, Stage
from grader.files import write_atomically
from grader.records import Card, CheckResult
from grader.running import scores
from grader.running.checks_package import import_checks
from grader.running.context import Context
from grader.running.follow_through import followed

if TYPE_CHECKING:
    from grader.checks.case import Case
    from grader.worker.outside.proxy import Student
    from grader.worker.outside.transcript import Step

Function = Callable[..., None]


def run_check(check: Check, function: Function, context: Context) -> CheckResult:
    """Run one check on the context's submission.

    raises : nothing but KeyboardInterrupt and the like; whatever happens is in the result
    """
    alone = decided(check, context) or execute(check, function, context)
    return followed(check, alone, context, lambda other: execute(check, function, other))


def decided(check: Check, context: Context) -> CheckResult | None:
    """The result of a check that need not be run: it is still to do, blocked, or known from an equal run."""
    stub = _first_stub(check, context)
    if stub:
        return scores.result(check, "todo", message=_still_to_do(stub, context))
    return scores.blocked_result(check, context.course, context.state.results) or context.recall(check)


def _still_to_do(stub: str, context: Context) -> str:
    file, line = context.place(stub)
    return f"{stub} is still a TODO ({file}, {f'line {line}' if line else 'which is not there yet'})."


def load_checks(stage: Stage) -> Mapping[str, Function]:
    """The check functions of a stage, imported from its folder; raises BadCourse if the file cannot be imported."""
    module = import_checks(stage)
    return {check.id: getattr(module, check.id) for check in stage.checks}


def call_with_fixtures(function: Function, check: Check, fixtures: Mapping[str, Any]) -> None:
    """Call a check with what its parameters name."""
    function(**{name: fixtures[name] for name in check.fixtures})


# --- one execution ----------------------------------------------------------------------------------------------------


class Execution(NamedTuple):
    """One run of a check, to its end or to what stopped it."""

    case: Case
    failure: Exception | None
    transcript: list[Step]
    modules: set[str]  #: that names were asked of
    seconds: float


def execute(check: Check, function: Function, context: Context) -> CheckResult:
    """Run a check on the submission, whatever is known of it."""
    from grader.worker.outside.errors import WorkerDied

    execution = _execution(check, function, context)
    if isinstance(execution.failure, WorkerDied) and execution.failure.killed and context.state.kill(check):
        # A submission that kills its process does so again; a kill from outside was none of its doing.
        context.groups.drop(check)
        execution = _execution(check, function, context)
    context.state.touch(check, execution.modules)
    result = _judged(check, execution, context)
    if execution.failure is not None:  # its frames hold the check's arrays, and the first of them, this one, the failure
        execution.failure.__traceback__ = execution.failure.__context__ = None
    return result


def _execution(check: Check, function: Function, context: Context) -> Execution:
    from grader.checks.case import Case

    stage = context.course.stage(check.stage)
    case = Case(context.seed, check.stage, check.id, context.course.modules)
    student, failure, begun = None, None, time.perf_counter()
    try:
        # Data first: a damaged file is the grader's fault, and no worker is needed to see it.
        fixtures = context.fixtures(check)
        with context.groups.student_for(check, stage, case, context.limits.of(check, stage)) as (student, memo):
            if check.training and context.heard is not None:
                student.listen(functools.partial(context.heard, check))
            student.use_names_of(context.course.about)
            fixtures |= {"student": student, "case": case, "memo": memo}
            with _noted(check, student, context), contextlib.nullcontext() if check.training else student.on_one_cpu():
                call_with_fixtures(function, check, fixtures)
    except Exception as error:
        failure = error
    seconds = round(time.perf_counter() - begun, 6)
    if student is None:
        return Execution(case, failure, [], set(), seconds)
    return Execution(case, failure, list(student.transcript), set(student.modules), seconds)


@contextlib.contextmanager
def _noted(check: Check, student: Student, context: Context) -> Iterator[None]:
    """Where something was put in and the check fails: remember what was read and called of it, as far as can be asked."""
    from grader.worker.outside.errors import StudentError

    try:
        yield
    except Exception:
        if context.submission.put_in is not None:
            context.state.note(check, None)
            with contextlib.suppress(StudentError):  # its worker has ended
                context.state.note(check, student.notes())
        raise


def _judged(check: Check, execution: Execution, context: Context) -> CheckResult:
    """What an execution says of the submission, remembered for diagnosis and the caches."""
    from grader.running import failures

    stub = failures.stub_reached(execution.failure, context)
    if stub:
        return scores.result(check, "todo", message=_still_to_do(stub, context), seconds=execution.seconds)
    evidence = _keep_evidence(check, execution.case, context)
    common: dict[str, Any] = {"seconds": execution.seconds, "notes": list(execution.case.notes)}
    if execution.failure is None:
        card = Card(evidence=evidence) if evidence else None
        printed = failures.first_lines("".join(step.printed for step in execution.transcript))
        return scores.result(check, "pass", card=card, printed=printed, **common)
    told = failures.describe(execution.failure, execution.case, execution.transcript, context.course.tasks)
    if told.state == "fail":
        modules = context.submission.modules
        told.fields["should"] = told.fields.get("should") or check.promise
        seen = [told.fields.get("looks_like", ""), failures.stray_attribute(modules, check.functions)]
        told.fields["looks_like"] = " ".join(filter(None, seen))
        told.fields["source"] = told.fields.get("source") or failures.own_lines(modules, check.functions)
    context.state.fail(check, execution.transcript)
    if context.submission.put_in is None:
        context.state.executions[scores.key(check)] = execution
    if not told.repeatable:
        context.state.cut_short(check)
    common |= {"message": told.message, "broken": told.broken}
    return scores.result(check, told.state, card=told.card(evidence), **common)


def _first_stub(check: Check, context: Context) -> str:
    """The first function the check is for whose body is still the stub's, or whose file may be missing and is."""
    course, submission = context.course, context.submission
    optional = {name for stage in course.stages if stage.optional_files for name in stage.claims}
    there = {module.partition(".")[0] for module in (*submission.modules, *submission.problems)}
    missing = {name for name in optional if name.partition(".")[0] not in there}
    return next((name for name in check.functions if name in missing or context.is_to_do(name)), "")


def _keep_evidence(check: Check, case: Case, context: Context) -> dict[str, str]:
    """Write the arrays that a check left as evidence, as far as there is room; role -> name in the file."""
    arrays: dict[str, Any] = dict(case.stored)
    if context.evidence is None or not arrays:
        return {}
    import numpy as np

    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    if not context.state.has_room(content.tell()):
        return {}
    with contextlib.suppress(OSError):  # a full disk, or another grade has just emptied the folder: no picture is worth a grade
        write_atomically(context.evidence / f"{check.stage}.{check.id}.npz", content.getvalue())
        return {role: role for role in arrays}
    return {}
