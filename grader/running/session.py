"""A run over the checks of some stages: in which order, with which budget, and who is told.

Cheap stages come before any that trains, core checks before those that build on them. Of the stages that the chosen ones
need, only the core checks are run, and they are not part of the result.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from grader.course.course import Course
from grader.course.stage import Check, Stage
from grader.records import CheckResult
from grader.running import scores
from grader.running.context import Context
from grader.running.follow_through import followed
from grader.running.interrupts import stop_if_asked
from grader.running.runner import Function, decided, execute, load_checks, run_check
from grader.submission import Submission
from grader.worker.outside.protocols import Pool

Known = Callable[[Check, Context], CheckResult | None]  #: the result of a check that is known already, if it is


class Observer:
    """What may be told of a run, as it happens. Every method does nothing here."""

    def planned(self, checks: list[Check]) -> None:
        """All checks that will be run, in order."""

    def started(self, check: Check, limit: float) -> None:
        """A check begins; it may take `limit` seconds."""

    def running(self, check: Check, limit: float) -> None:
        """The submission is about to be run for this check: it is neither to do nor blocked nor known."""

    def printed(self, check: Check, text: str) -> None:
        """What a training prints, piece by piece, while it runs."""

    def finished(self, check: Check, result: CheckResult) -> None:
        """A check is decided."""

    def named(self, check: Check, result: CheckResult) -> None:
        """The mistake of a failed check was recognised: the same result with its name."""


def order(course: Course, stages: Iterable[Stage]) -> list[Check]:
    """The checks of the given stages, and the core checks of those they need, in the order of running."""
    chosen = list(stages)
    every = {stage.id: stage for stage in course.stages}
    ids = {stage.id for stage in chosen}

    def late(stage: Stage) -> bool:
        return stage.training or any(late(every[need]) for need in stage.needs)

    included = [s for s in course.stages if s.id in ids or s in course.needed_by(chosen)]
    checks: list[Check] = []
    for stage in sorted(included, key=late):
        wanted = [check for check in stage.checks if stage.id in ids or check.core]
        checks += sorted(wanted, key=lambda check: not check.core)
    return checks


class Session:
    """Runs checks one by one and keeps what they gave.

    known : asked for each check in its turn; what it gives is the result, and nothing is run
    """

    def __init__(self, stages: Iterable[Stage], context: Context, observers: Iterable[Observer] = (), known: Known | None = None):
        self.stages = tuple(stages)
        self.context = dataclasses.replace(context, heard=self._printed)
        self.order = order(context.course, self.stages)
        self.observers, self._known = list(observers), known
        self.notes: list[str] = []  #: remarks on the whole run
        self._spent: dict[tuple[str, bool], float] = {}

    @property
    def results(self) -> Mapping[scores.Key, CheckResult]:
        return self.context.state.results

    @property
    def complete(self) -> bool:
        """Whether every check has its result."""
        return all(scores.key(check) in self.results for check in self.order)

    def begin(self) -> None:
        """Tell the observers what is to come."""
        for observer in self.observers:
            observer.planned(self.order)

    def prepare(self, check: Check) -> None:
        """Run what a check builds on, as far as it has not been run."""
        course = self.context.course
        while (by := scores.blocker(check, course, self.results)) is not None and scores.key(by) not in self.results:
            self.prepare(by)
            self.run(by, load_checks(course.stage(by.stage))[by.id])

    def run(self, check: Check, function: Function) -> CheckResult:
        """Run one check, tell the observers before and after, and remember its result."""
        stop_if_asked()
        context = self.context
        if self._known and (known := self._known(check, context)) is not None:
            self.keep(check, known)
            return known
        limit = context.limits.of(check, context.course.stage(check.stage)).check
        for observer in self.observers:
            observer.started(check, limit)
        run = partial(self._executed, check, function, limit)
        alone = decided(check, context) or run(context)
        result = followed(check, alone, context, run, partial(self.complete_before, check))
        self.keep(check, result)
        return result

    def again(self, check: Check) -> CheckResult:
        """Run a check once more as it came to the result that it has, for what it hears; the result stays."""
        stage = self.context.course.stage(check.stage)
        limit = self.context.limits.of(check, stage).check
        return self._executed(check, load_checks(stage)[check.id], limit, self.context.as_run(check))

    def keep(self, check: Check, result: CheckResult) -> None:
        """Take a result as a check's own, and tell the observers."""
        self.context.state.decide(check, result)
        for observer in self.observers:
            observer.finished(check, result)

    def rename(self, check: Check, result: CheckResult) -> None:
        """Replace a failed check's result by the same one with its mistake named."""
        self.context.state.decide(check, result)
        for observer in self.observers:
            observer.named(check, result)

    def close(self) -> None:
        """End all workers; what was decided stays."""
        self.context.close()

    def complete_before(self, check: Check) -> None:
        """Run what is missing before a check that did not pass: what is put in, and whether a training counts, follows from
        it. Of a training that is all stages before it, else those that it needs.
        """
        course, state = self.context.course, self.context.state
        state.completed.add(scores.key(check))
        needed = course.needed_by([course.stage(check.stage)])
        for stage in course.stages if check.training else needed:
            missing = [c for c in stage.checks if scores.key(c) not in self.results and not stage.training]
            for other in sorted(missing, key=lambda check: not check.core):
                known = self._known(other, self.context) if self._known else None
                state.decide(other, known or run_check(other, load_checks(stage)[other.id], self.context))
                state.forget(other)

    def _executed(self, check: Check, function: Function, limit: float, context: Context) -> CheckResult:
        """Run a check, if its stage has time left."""
        allowed = context.limits.of_stage(context.course.stage(check.stage))
        budget = check.stage, context.submission.put_in is not None
        spent = self._spent.get(budget, 0.0)
        if spent > allowed:
            context.state.cut_short(check)
            message = f"Not run: earlier checks used this stage's {allowed:.0f} s."
            return scores.result(check, "fail", message=message)
        for observer in self.observers:
            observer.running(check, limit)
        begun = time.perf_counter()
        result = execute(check, function, context)
        self._spent[budget] = spent + time.perf_counter() - begun
        return result

    def _printed(self, check: Check, text: str) -> None:
        for observer in self.observers:
            observer.printed(check, text)


def run_stages(
    stages: Iterable[Stage],
    pool: Pool,
    submission: Submission,
    *,
    course: Course,
    functions: Mapping[str, Mapping[str, Function]] | None = None,
    observers: Iterable[Observer] = (),
    stop: Callable[[CheckResult], bool] = lambda result: False,
    **context: Any,  # noqa: ANN401
) -> Session:
    """Run stages in this process's own loop, without pytest.

    functions : stage id -> check id -> function, to import no checks.py again
    stop      : whether to end after a result
    context   : further fields of `Context`: seed, limits, data, evidence, ...
    returns   : the closed session; `.results` by (stage, check), `.context.state.transcripts` of what failed
    """
    session = Session(stages, Context(course, submission, pool, **context), observers)
    loaded = dict(functions or {})
    session.begin()
    try:
        for check in session.order:
            if check.stage not in loaded:
                loaded[check.stage] = load_checks(course.stage(check.stage))
            if stop(session.run(check, loaded[check.stage][check.id])):
                break
    finally:
        session.close()
    return session
