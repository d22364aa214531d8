"""One mistake costs one stage: a check behind it is run again with something right in the mistake's place.

Order of what is tried, until one passes: the submission as it is; with everything put in that is to do, or fails a core
check, in the stages before; with everything put in that has not passed every check there, whether it fails one or nobody
knows. What a check is for is never put in. A failure counts as the learner's own only if it says something: all that was
put in was called, and nothing beyond the contract was read of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from grader.course.stage import Check, Stage
from grader.course.substitutes import names_in, put_in, unit_of
from grader.records import CheckResult
from grader.running import scores

if TYPE_CHECKING:
    from grader.running.context import Context

Names = tuple[str, ...]
Run = Callable[["Context"], CheckResult]

_TOLD = ("pass", "error")  #: what comes of an attempt is told, and ends them
OWN_SHARE = 0.5  #: of the points of the unit stages: from here on trainings with something put in count


def followed(
    check: Check, alone: CheckResult, context: Context, run: Run, complete: Callable[[], None] = lambda: None
) -> CheckResult:
    """The result of a check that did not pass as the submission stands.

    alone    : what came of it, or why it was not run
    run      : runs the check in a context, whatever is known of it
    complete : runs what is missing of the stages before, of which what is put in follows
    """
    if context.follow_through == "off" or alone.state not in ("blocked", "fail", "todo"):
        return alone
    if _is_its_own_affair(check, context):
        return alone
    complete()
    steps, blocked = _steps(check, context), alone.state == "blocked"
    if not steps:
        return alone
    if blocked and (known := context.recall(check)) is not None:
        return known
    if blocked and _may_pass_as_it_is(check, context):
        as_it_is = run(context)
        if as_it_is.state in _TOLD:
            return as_it_is
        context.state.forget(check)
    return _with_substitutes(check, alone, steps, context, run)


def seen_of_others(stage: Stage, context: Context) -> str:
    """All that a stage's results depend on of other stages', as they are before the first of its checks."""
    course, needed = context.course, {need.id for need in context.course.needed_by([stage])}
    asked = needed | {course.claimed_by().get(name) for check in stage.checks for name in check.functions}
    before = course.stages[: [s.id for s in course.stages].index(stage.id)]
    core = [scores.outcome(c, context.state.results) for s in before if s.id in asked for c in s.checks if c.core]
    cut = sorted(where for where in context.state.unrepeatable if where[0] in needed)
    put = [put_in(course.tasks, names) for any_check in (False, True) if (names := _wrong(before, context, any_check))]
    return repr((core, cut, put, bool(put) and stage.training and _has_its_share(context)))


def _with_substitutes(check: Check, alone: CheckResult, steps: Iterable[Names], context: Context, run: Run) -> CheckResult:
    """The first pass with something put in; else a failure that says something, or what there was without."""
    result, heard = alone, context.state.transcripts.get(scores.key(check))
    for names in steps:
        tried = run(context.putting_in(names))
        if tried.state in _TOLD:
            context.state.forget(check)
            return _passed(check, tried, alone, names, context)
        result = _failed(check, tried, alone, names, context) if alone.state == "blocked" else alone
    if not result.substituted:  # a name is looked for where a failure is told, in what was heard then
        context.state.fail(check, heard) if heard is not None else context.state.forget(check)
    return result


def _is_its_own_affair(check: Check, context: Context) -> bool:
    """Whether a check's own functions are to do, or fail the core checks that it builds on."""
    unmet = (core for core in _core(check, context) if not scores.passed(core, context.state.results))
    return any(map(context.is_to_do, check.functions)) or any(unmet)


def _may_pass_as_it_is(check: Check, context: Context) -> bool:
    """Whether a blocked check is tried with nothing put in: not where a core check of its functions did not pass so, or
    a limit ended one of its stage, or of those that it needs."""
    own = context.course.stage(check.stage)
    ids = {stage.id for stage in (own, *context.course.needed_by([own]))}
    hopeless = any(stage in ids for stage, _ in context.state.unrepeatable)
    return not hopeless and all(scores.passed_alone(core, context.state.results) for core in _core(check, context))


def _core(check: Check, context: Context) -> list[Check]:
    """The core checks of a check's own functions: of its own stage, and for a training of the stage that asks for them."""
    course, own = context.course, set(check.functions)
    claimed = {stage.id for stage in course.stages if check.training and not own.isdisjoint(stage.claims)}
    trained = [c for id in claimed for c in course.stage(id).checks if c.core and not own.isdisjoint(c.functions)]
    return [*scores.beside(check, course), *trained]


def _steps(check: Check, context: Context) -> list[Names]:
    """What is put in, one attempt after another; nothing if it would be what the check is for."""
    stages = context.course.stages
    before = stages[: [stage.id for stage in stages].index(check.stage)]
    found = list(dict.fromkeys(filter(None, (_wrong(before, context, any_check) for any_check in (False, True)))))
    own = _units(check.functions, context)
    if check.training:  # the learner's own training is what it is about, whatever else of it fails
        found = [left for names in found if (left := tuple(name for name in names if name not in own))]
    return [] if any(own.intersection(names) for names in found) else found


def _wrong(stages: Iterable[Stage], context: Context, any_check: bool) -> Names:
    """What can be put in of what is to do, or fails a core check; or has not passed every check."""
    results, names, unmet = context.state.results, dict[str, None](), ("fail", "blocked") if any_check else ("fail",)
    for stage in stages:
        failed = {
            name
            for check in stage.checks
            if (any_check or check.core) and (r := results.get(scores.key(check))) and r.state in unmet
            for name in check.functions
        }
        names |= dict.fromkeys(name for name in stage.claims if name in failed or context.is_to_do(name))
    return tuple(unit for unit in names_in(context.course.tasks) if unit in _units(names, context))


def _units(names: Iterable[str], context: Context) -> set[str]:
    return {unit_of(name, names_in(context.course.tasks)) for name in names} - {""}


def _passed(check: Check, result: CheckResult, alone: CheckResult, names: Names, context: Context) -> CheckResult:
    """A pass with something put in: what it counts, and behind what it stood."""
    if result.state == "error":
        return result
    counts = context.follow_through == "full" and (not check.training or _has_its_share(context))
    points = check.points if counts else 0
    return msgspec.structs.replace(result, points=points, points_alone=0, substituted=list(names), blocked_by=alone.blocked_by)


def _failed(check: Check, result: CheckResult, alone: CheckResult, names: Names, context: Context) -> CheckResult:
    """A failure with something put in, if it says something; else the check stays blocked, and is told why."""
    notes = context.state.notes(check)
    if notes is None or result.broken or result.state != "fail":
        return alone
    beyond, called = notes
    missed = [name for name in names if name in _needed(check, names, context) and name not in called]
    if not (beyond or missed):
        return msgspec.structs.replace(result, substituted=list(names), blocked_by=alone.blocked_by)
    from grader.checks import phrases

    told = f"{alone.message} With a correct {phrases.listed(names)} it fails as well, which is not conclusive: "
    told += "your code reads {}, which the contract does not have." if beyond else "your code never calls {}."
    return msgspec.structs.replace(alone, message=told.format(phrases.listed(beyond or missed)))


def _needed(check: Check, names: Names, context: Context) -> set[str]:
    """Of what is put in, what a check's stage needs at first hand: not what only something else put in would need."""
    needed, front = set[str](), [*context.course.stage(check.stage).needs]
    while front:
        stage = context.course.stage(front.pop())
        units = _units(stage.claims, context)
        needed |= units.intersection(names)
        if not units or not units <= set(names):
            front += stage.needs
    return needed


def _has_its_share(context: Context) -> bool:
    unit = {stage.id: stage.points for stage in context.course.stages if not stage.training}
    earned = sum(r.points_alone for (stage, _), r in context.state.results.items() if stage in unit)
    return earned >= OWN_SHARE * sum(unit.values())
