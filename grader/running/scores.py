"""Results -> points, blocked checks, states of stages and the next step. Pure functions: nothing is run or read here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from grader.course.course import Course
from grader.course.stage import Check, Stage
from grader.records import CheckResult, CheckState, NextStep, Report, StageResult

Key = tuple[str, str]  #: (stage id, check id)
Results = Mapping[Key, CheckResult]


def key(check: Check) -> Key:
    return check.stage, check.id


def blocker(check: Check, course: Course, results: Results) -> Check | None:
    """What keeps a check from being run: the first core check it depends on that did not pass.

    A stage's need is met when all core checks of the needed stages pass. A check that is not core counts only if the
    core checks of its own functions, in its own stage, pass. Dependencies that were never run count as not passed.
    """
    stage = course.stage(check.stage)
    before = sorted(course.needed_by([stage]), key=lambda need: need.id not in stage.needs)  # its own needs first
    needed = [core for need in before for core in need.checks if core.core]
    return next((core for core in (*needed, *beside(check, course)) if not passed_alone(core, results)), None)


def beside(check: Check, course: Course) -> list[Check]:
    """The core checks of a check's own functions, in its own stage, if it is not core itself."""
    own = course.stage(check.stage).checks if not check.core else ()
    return [core for core in own if core.core and not set(core.functions).isdisjoint(check.functions)]


def blocked_result(check: Check, course: Course, results: Results) -> CheckResult | None:
    """The result of a check that cannot be run yet; None if nothing blocks it.

    What it names is followed down to a check that is not blocked itself.
    """
    by = blocker(check, course, results)
    if by is None:
        return None
    found = results.get(key(by))
    stage_id, _, name = (found.blocked_by if found and found.blocked_by else f"{by.stage}: {by.id}").partition(": ")
    cause = results.get((stage_id, name))
    if cause is None:
        state = f"\u201c{_bare(by.promise)}\u201d was not checked"
    elif cause.state == "todo":
        state = cause.message.rstrip(".").partition(" (")[0]
    else:
        state = f"\u201c{_bare(cause.promise)}\u201d fails"
    if stage_id == check.stage:
        message = f"Not checked yet: {state}, and this builds on it."
    else:
        message = f"Not checked yet: needs {stage_id}, where {state}."
    return result(check, "blocked", message=message, blocked_by=f"{stage_id}: {name}")


def result(check: Check, state: CheckState, **fields: Any) -> CheckResult:  # noqa: ANN401
    """A result with everything that follows from the check alone; points are full if it passed, else none."""
    return CheckResult(
        id=check.id,
        promise=check.promise,
        state=state,
        points=check.points if state == "pass" else 0,
        max_points=check.points,
        functions=list(check.functions),
        core=check.core,
        hints=list(check.hints),
        **fields,
    )


def stage_state(states: Iterable[CheckState]) -> CheckState:
    """Pass if all pass; error if any is; fail if any passed or failed; todo if any is; else blocked."""
    seen = set(states)
    if seen == {"pass"}:
        return "pass"
    if "error" in seen:
        return "error"
    if seen & {"pass", "fail"}:
        return "fail"
    return "todo" if "todo" in seen else "blocked"


def stage_result(stage: Stage, results: Results) -> StageResult | None:
    """One stage's checks in the order of its task.toml; None while none of them has a result."""
    checks = [results[key(check)] for check in stage.checks if key(check) in results]
    if not checks:
        return None
    return StageResult(
        id=stage.id,
        title=stage.title,
        state=stage_state(check.state for check in checks),
        points=sum(check.points for check in checks),
        max_points=stage.points,
        checks=checks,
        needs=list(stage.needs),
        seconds=round(sum(check.seconds for check in checks), 6),
    )


Place = Callable[[str], tuple[str, int]]  #: name of a function -> (file, line) in the submission


def next_step(stages: Iterable[StageResult], claims: Mapping[str, Sequence[str]], place: Place) -> NextStep | None:
    """The first thing, in course order, that the learner can do something about; None if there is none.

    Within a stage that goes by the order in which its functions are to be written, then by the order of its checks; of
    checks that nothing builds on, one whose mistake has a name comes before one whose has none.

    claims : stage id -> the functions it asks for, in order
    """
    for stage in stages:
        order = list(claims.get(stage.id, ()))
        # What failed with something put in comes after what that was put in for.
        open_checks = [check for check in stage.checks if check.state in ("todo", "fail") and not check.substituted]
        if not open_checks:
            continue
        nameless = {c.id for c in open_checks if c.state == "fail" and not c.core and c.mistake is None}
        check = min(open_checks, key=lambda check: (_latest(check, order), check.id in nameless))
        file, line = place(function_of(check))
        if check.state == "todo":
            text = check.message + " It is the next thing to write."
        elif check.broken:  # nothing of that file is known, whatever the check is about
            text = check.message
            file, line = f"{file.rpartition('/')[0]}/{check.broken}".lstrip("/"), _marked_line(check)
        else:
            text = f"{stage.id}: \u201c{_bare(check.promise)}\u201d fails."
        return NextStep(stage=stage.id, check=check.id, text=text, file=file, line=line)
    return None


def report(stages: Iterable[Stage], results: Results, place: Place = lambda name: ("", 0), **meta: Any) -> Report:  # noqa: ANN401
    """The report of the given stages; `meta` holds the remaining fields of a Report as they are."""
    stages = list(stages)
    done = [graded for stage in stages if (graded := stage_result(stage, results)) is not None]
    return Report(
        score=sum(stage.points for stage in done),
        max_score=sum(stage.max_points for stage in done),
        stages=done,
        next=next_step(done, {stage.id: stage.claims for stage in stages}, place),
        **meta,
    )


def passed(check: Check, results: Results) -> bool:
    """Whether a check passed, with or without something put in."""
    found = results.get(key(check))
    return found is not None and found.state == "pass"


def passed_alone(check: Check, results: Results) -> bool:
    """Whether a check passed with the submission as it is."""
    return passed(check, results) and not results[key(check)].substituted


def outcome(check: Check, results: Results) -> object:
    """All that another check's result can depend on of this one's."""
    found = results.get(key(check))
    return found and (check.stage, check.id, found.state, found.substituted, found.blocked_by)


def function_of(check: CheckResult) -> str:
    """The function to look at: the one that the check waits for, else the last of its own that it called, or the first of them."""
    ran = check.card.ran if check.card else ""
    return _to_write(check) or max(check.functions, key=lambda name: ran.rfind(_called(name)))


def _called(function: str) -> str:
    """How a call of it begins: `.name(`, and `Class(` where the name is __init__."""
    *_, owner, name = function.split(".")
    return f"{owner}(" if name == "__init__" else f".{name}("


def _to_write(check: CheckResult) -> str:
    return next((name for name in check.functions if check.state == "todo" and check.message.startswith(name)), "")


def _marked_line(check: CheckResult) -> int:
    """The line of the broken file that its card marks last, 0 if there is none."""
    sources = [source for source in (check.card.source if check.card else []) if source.file == check.broken]
    return next((source.marked[-1] for source in reversed(sources) if source.marked), 0)


def _latest(check: CheckResult, order: Sequence[str]) -> int:
    """Where a check stands in the order of writing: at the function that is to do, else at the last one it is for."""
    names = [_to_write(check)] if _to_write(check) else check.functions
    return max((order.index(name) for name in names if name in order), default=0)


def _bare(promise: str) -> str:
    return promise.rstrip(".")
