"""Which known mistake gives exactly these answers?

After the verdicts, a failed check is run again on the misconceptions of the functions that it touched, in a worker that
holds only the course's own code. One that gives the same answers to the same calls, on these inputs and on others, is
the name of the mistake; if several do, or none, there is no name. A false name costs a learner more than none.

Where numbers are drawn at random, a right answer may draw in another order than the reference does. There the runs are
repeated with other draws, and what stays the same from draw to draw is compared: shapes, which rows come, spread, ...

An exception says little: many a slip ends in a ValueError. Where nothing but an exception tells the submission from the
reference, a mistake is its name only if it ends in the same words, and fails the same checks of the same functions.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from grader.course.course import Course
from grader.course.misconceptions import Misconception, apply, load
from grader.course.stage import Check
from grader.diagnosis.random_draws import agree, shows, varies
from grader.diagnosis.runs import ReplayCache, Runs
from grader.diagnosis.same_answers import (
    ALL_OF_HISTORY,
    NO_HISTORY,
    Answer,
    answers,
    comparable,
    history_scope,
    last_words,
    same,
    same_answers,
)
from grader.records import Mistake
from grader.running import scores
from grader.running.context import Context
from grader.running.runner import load_checks
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.protocols import CourseWorker
from grader.worker.outside.transcript import ErrorInfo, Step

BUDGET = 0.5  #: seconds for one failed check
_MEETINGS = 40  #: draws after which a mistake has most likely met the submission in one of thirty places


def diagnose(
    context: Context,
    reference: Submission,
    budget: float = BUDGET,
    stop: Callable[[], bool] = lambda: False,
    heard: ReplayCache | None = None,
    known: Mapping[scores.Key, Mistake] | None = None,
) -> dict[scores.Key, Mistake]:
    """Names for the failed checks of a grade: (stage, check) -> mistake, for those that have one.

    context   : with results and the transcripts of the failed checks
    reference : the course's own answer, into which the misconceptions are put
    budget    : seconds for each failed check
    stop      : whether nobody waits for names any longer; then there are none
    heard     : see `Runs`; for who names many submissions
    known     : names that were found already; they are among those returned
    """
    with context.pool.course_worker() as worker:
        return _Diagnoser(context, reference, worker, budget, stop, heard).names(known or {})


class _Diagnoser:
    def __init__(
        self,
        context: Context,
        reference: Submission,
        worker: CourseWorker,
        budget: float,
        stop: Callable[[], bool],
        heard: ReplayCache | None,
    ):
        self.context, self.reference, self.worker, self.budget, self.stop = context, reference, worker, budget, stop
        self.course: Course = context.course
        self.bank = {stage.id: load(stage.folder) for stage in self.course.stages}
        self.heard = heard
        self._mutants: dict[tuple[str, str], Submission] = {}
        self._runs: dict[tuple[scores.Key, int], Runs] = {}
        self._ends = 0.0
        self.functions = cache(lambda stage: load_checks(self.course.stage(stage)))

    def names(self, given: Mapping[scores.Key, Mistake]) -> dict[scores.Key, Mistake]:
        """Find what matches each failure that has no name yet, then decide, with all of them in view."""
        found: dict[scores.Key, list[Misconception]] = {}
        for stage in self.course.stages:
            for check in stage.checks:
                transcript = None if scores.key(check) in given else self._transcript(check)
                if transcript and not self.stop():
                    self._ends = time.perf_counter() + self.budget
                    found[scores.key(check)] = self._matches(check, answers(transcript), _touched(check, transcript))
        named = dict(given)
        for where, matching in found.items() if not self.stop() else ():
            self._ends = time.perf_counter() + self.budget
            # Where several match, one that another failure has been named after is the likeliest by far.
            known = {mistake.id for mistake in named.values()}
            likely = [m for m in matching if m.id in known]
            mistake = self._decide(where, likely if _groups(likely) == 1 else matching, found)
            if mistake is not None:
                named[where] = mistake
        return named

    def _transcript(self, check: Check) -> Sequence[Step] | None:
        """Of a failed check that can be run again."""
        stopped = scores.key(check) in self.context.state.unrepeatable
        return None if stopped or check.training else self.context.state.transcripts.get(scores.key(check))

    # -- one failed check ----------------------------------------------------------------------------------------------

    def _matches(self, check: Check, given: Sequence[Answer], functions: Iterable[str]) -> list[Misconception]:
        """The misconceptions that answer as the submission did, in this check and with other inputs."""
        try:
            candidates = self._candidates(check, functions)
            exact = self._matches_in_time(check, given, candidates)
            if not exact and (much := history_scope(given)) != ALL_OF_HISTORY:
                exact = self._matches_in_time(check, comparable(given, much), candidates, much)
        except CallTimeout:  # one that was not heard to its end might have matched as well
            return []
        return exact if self._in_time() else []  # so might one that has not been asked yet

    def _matches_in_time(
        self, check: Check, given: Sequence[Answer], candidates: Sequence[Misconception], much: int = ALL_OF_HISTORY
    ) -> list[Misconception]:
        run = self._runs_of(check, much)
        exact = self._kept(candidates, lambda m: run.course(self._mutant(m), expected=given) is not None)
        if exact and run.course(self.reference, expected=given) is None:
            exact = self._kept(exact, lambda m: self._holds_again(run, m))
        elif candidates and self._in_time():
            exact = self._matches_but_for_the_draw(run, given, candidates)
        if exact and self._in_time() and not _shows_values(given, run.course(self.reference) or ()):
            exact = [m for m in exact if self._fails_alike(check, m) and self._says_alike(run, m, given)]
        return exact

    def _kept(self, found: Iterable[Misconception], test: Callable[[Misconception], bool]) -> list[Misconception]:
        """Those that pass a test; the others, and those for which there was no time, are left out."""
        return [m for m in found if self._in_time() and test(m)]

    def _candidates(self, check: Check, functions: Iterable[str]) -> list[Misconception]:
        """Misconceptions of the functions that can be what this check sees, those of its own stage first.

        Not those that another check contradicts; of its own stage, only those that this check is known to see; and of
        later stages none, for those are known to pass here.
        """
        order = {stage.id: k for k, stage in enumerate(self.course.stages)}
        everything = [m for bank in self.bank.values() for m in bank if order[m.stage] <= order[check.stage]]
        own = dict.fromkeys(m for f in functions for m in everything if f == m.target or f.startswith(m.target + "."))
        able = [m for m in own if m.stage != check.stage or check.id in m.fails or not m.fails]
        return sorted((m for m in able if not self._contradicted(m)), key=lambda m: -order[m.stage])

    def _holds_again(self, run: Runs, m: Misconception) -> bool:
        """Whether it answers as the submission does with other inputs, too."""
        again = run.own(other=1)
        return run.course(self._mutant(m), expected=again, other=1) is not None

    def _says_alike(self, run: Runs, m: Misconception, given: Sequence[Answer]) -> bool:
        """Whether it ends in the same words as the submission does."""
        return last_words(run.course(self._mutant(m)) or ()) == last_words(given)

    def _fails_alike(self, check: Check, m: Misconception) -> bool:
        """Whether the submission fails no check of this one's functions but those that this mistake is known to break."""
        about = set(check.functions)
        failed = {
            other.id
            for other in self.course.stage(m.stage).checks
            if about & set(other.functions) and scores.key(other) in self.context.state.transcripts
        }
        return failed <= set(m.fails)

    def _matches_but_for_the_draw(
        self, run: Runs, given: Sequence[Answer], candidates: Sequence[Misconception]
    ) -> list[Misconception]:
        """Those that agree with the submission in everything that does not change from draw to draw."""
        right = run.draws(self.reference)
        if right is None or not varies(right):
            return []
        own = run.own_draws(given)
        if agree(own, right, right):
            return []
        exact, nearly = [], []
        for m in candidates:
            if not self._in_time():
                break
            drawn = run.draws(self._mutant(m), own, right)
            if drawn is None or agree(drawn, right, right):
                continue
            if agree(own, drawn, right):
                exact.append(m)
            elif agree(own, drawn, right, constants=False):
                nearly.append(m)
        found = exact or nearly
        return found if shows(own, right) else [m for m in found if self._meets(run, m, given)]

    def _meets(self, run: Runs, m: Misconception, given: Sequence[Answer]) -> bool:
        """Whether some draw takes it to the very numbers to which some draw takes the submission."""
        own = [comparable(one, NO_HISTORY) for one in run.own_runs(given)]
        for salt in range(_MEETINGS):
            if not self._in_time():
                break
            theirs = comparable(run.course(self._mutant(m), salt=salt) or (), NO_HISTORY)
            if any(same_answers(mine, theirs) for mine in own):
                return True
        return False

    # -- which of several ----------------------------------------------------------------------------------------------

    def _decide(
        self, where: scores.Key, matching: list[Misconception], found: Mapping[scores.Key, list[Misconception]]
    ) -> Mistake | None:
        """The one mistake, if all evidence leaves one (or twins of one group)."""
        left = matching
        if _groups(left) > 1:
            for other, also in found.items():
                both = [m for m in left if m in also]
                left = both if other != where and both else left
        if _groups(left) > 1:
            try:
                left = self._separated(where, left)
            except CallTimeout:
                return None
        if _groups(left) != 1:
            return None
        ids = list(dict.fromkeys(m.id for m in left))
        return Mistake(id=ids[0], hint=left[0].hint, alike=ids[1:])

    def _contradicted(self, m: Misconception) -> bool:
        """Whether a check holds that this mistake is known to break."""
        states = (self.context.state.results.get((m.stage, name)) for name in m.fails)
        return any(result is not None and result.state == "pass" for result in states)

    def _separated(self, where: scores.Key, left: list[Misconception]) -> list[Misconception]:
        """Those that answer as the submission does to all questions about the same functions, failed, blocked or passed."""
        (check,) = (c for c in self.course.stage(where[0]).checks if c.id == where[1])
        near = self._about_the_same(check, left)
        if words := last_words(answers(self.context.state.transcripts[where])):
            run = self._runs_of(check)  # the same kind of exception at the same call: does it say the same?
            left = [m for m in left if last_words(run.course(self._mutant(m)) or ()) == words] or left
        for other in (check, *near):
            if _groups(left) == 1 or other.training or not self._in_time():
                break
            run = self._runs_of(other)
            own = run.own(lenient=True)
            left = [m for m in left if run.course(self._mutant(m), expected=own, lenient=True) is not None] or left
        return left

    def _about_the_same(self, check: Check, left: Iterable[Misconception]) -> list[Check]:
        """The other checks of its stage that are for what these misconceptions are in, or for its class."""
        about = {name for m in left for name in (m.target, _owner(m.target) if m.target.count(".") > 1 else m.target)}
        others = (c for c in self.course.stage(check.stage).checks if c.id != check.id)
        return [c for c in others if about & {*c.functions, *map(_owner, c.functions)}]

    # -- small things --------------------------------------------------------------------------------------------------

    def _in_time(self) -> bool:
        return time.perf_counter() < self._ends and not self.stop()

    def _runs_of(self, check: Check, much: int = ALL_OF_HISTORY) -> Runs:
        where = scores.key(check), much
        if where not in self._runs:
            function = self.functions(check.stage)[check.id]
            self._runs[where] = Runs(self.context, self.worker, check, function, self.heard, much)
        return self._runs[where]

    def _mutant(self, m: Misconception) -> Submission:
        where = m.stage, m.name
        if where not in self._mutants:
            self._mutants[where] = apply(self.reference, m)
        return self._mutants[where]


def _groups(found: Iterable[Misconception]) -> int:
    return len({m.group for m in found})


def _shows_values(given: Sequence[Answer], right: Sequence[Answer]) -> bool:
    """Whether anything but an exception tells these answers from the right ones."""
    for mine, theirs in zip(given, right):
        if mine[:2] != theirs[:2]:
            return True
        if not same(mine[2], theirs[2]):
            return not isinstance(mine[2], ErrorInfo)
    return True


def _owner(function: str) -> str:
    """ "layers.Linear.forward" -> "layers.Linear"."""
    return function.rpartition(".")[0]


def _touched(check: Check, transcript: Sequence[Any]) -> list[str]:
    """The functions that the check is for, then those that it called on the way."""
    return list(dict.fromkeys([*check.functions, *(name for step in transcript for name in step.touched)]))
