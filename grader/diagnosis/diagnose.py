"""Which known mistake gives exactly these answers?

After the verdicts, a failed check is run again on the misconceptions of the functions that it touched, in a worker that
holds only the course's own code. One that gives the same answers to the same calls, on these inputs and on others, is
the name of the mistake; if several do, or none, there is no name. A false name costs a learner more than none.

Where numbers are drawn at random, a right answer may draw in another order than the reference does. There the runs are
repeated with other draws, and what stays the same from draw to draw is compared: shapes, which rows come, spread, ...

A number in a mistake may be another one than the bank has: the submission's own are put in its place. And a mistake may
stand beside another: then it is put on top of those that have a name, or compared only in what the failed expectation
rests on. Checks that were not run because of a mistake that has a name are asked for the sake of the next one.

An exception says little: many a slip ends in a ValueError. Where nothing but an exception tells the submission from the
reference, a mistake is its name only if it ends in the same words, and fails the same checks of the same functions.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from grader.course.misconceptions import Misconception
from grader.course.stage import Check
from grader.diagnosis.candidates import Candidates, clean_ratios, fillings
from grader.diagnosis.facts import Fact, facts_of
from grader.diagnosis.matches import all_that_match, groups, likeliest, mistake_of, one_of, separated, shows_values
from grader.diagnosis.runs import BUDGET, Bench, Forms, ReplayCache, Runs
from grader.diagnosis.same_answers import Answer, Answers, answers, in_words_alone, last_words, same
from grader.records import Mistake
from grader.running import scores
from grader.running.context import Context
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout

Named = dict[scores.Key, list[Misconception]]  #: the twins that a check is named after


def diagnose(
    context: Context,
    reference: Submission,
    budget: float = BUDGET,
    stop: Callable[[], bool] = lambda: False,
    heard: ReplayCache | None = None,
) -> dict[scores.Key, Mistake | None]:
    """Names for the failed checks of a grade: (stage, check) -> mistake, for those that have one; None where time ran out.

    context   : with results and the transcripts of the failed checks
    reference : the course's own answer, into which the misconceptions are put
    budget    : seconds for each failed check
    stop      : whether nobody waits for names any longer; then there are none
    heard     : see `Runs`; for who names many submissions
    """
    cache = ReplayCache() if heard is None else heard
    with context.pool.course_worker() as worker:
        return _Diagnoser(Bench(context, reference, worker, budget, stop, cache)).names()


class _Diagnoser:
    def __init__(self, bench: Bench):
        self.bench, self.context, self.course = bench, bench.context, bench.context.course
        self.candidates, self.denied = Candidates(bench.context), dict[scores.Key, Collection[str]]()

    def names(self) -> dict[scores.Key, Mistake | None]:
        """What the stages explain themselves, then what else matches; then what hides behind these."""
        able = self.context.state.transcripts.keys() - self.context.state.unrepeatable
        asked = [check for stage in self.course.stages for check in stage.checks if not check.training]
        failed = {scores.key(check): check for check in asked if scores.key(check) in able}
        facts = {} if self.bench.stop() else self._facts(failed)
        named: Named = {where: fact.twins(self.candidates.bank[where[0]]) for where, fact in facts.items()}
        self._match({w: c for w, c in failed.items() if w not in facts and not in_words_alone(self._heard_of(c)[0])}, named)
        for check in self._hidden_by(named):
            self._note(named, scores.key(check), self._hidden(check, _first(named)))
        told = {where: mistake_of(twins, where[0]) for where, twins in named.items()}
        told |= {where: fact.told(told[where]) for where, fact in facts.items()}
        return {**dict.fromkeys(failed.keys() & self.bench.late), **told}

    def _facts(self, failed: Collection[scores.Key]) -> dict[scores.Key, Fact]:
        told = facts_of(self.context, failed)
        self.denied = {where: fact.not_these for where, fact in told.items()}
        return {where: fact for where, fact in told.items() if fact.name}

    def _match(self, failed: Mapping[scores.Key, Check], named: Named) -> None:
        """Find what matches each failure, then decide, with all of them in view; then look for second mistakes."""
        found = {where: self._matches(check, *self._heard_of(check)) for where, check in failed.items()}
        for where, matching in found.items() if not self.bench.stop() else ():
            known, denied = {m.id for m in _first(named)}, self.denied.get(where, ())
            left = likeliest(where, [m for m in matching if m.id not in denied], found, known)
            self._note(named, where, self._decide(failed[where], left))
        for where, check in failed.items():
            if not found[where]:
                self._note(named, where, self._second(check, *self._heard_of(check), _first(named)))

    def _note(self, named: Named, where: scores.Key, left: list[Misconception]) -> None:
        if left and not self.bench.stop() and left[0].id not in self.denied.get(where, ()):
            named[where] = left

    def _heard_of(self, check: Check) -> tuple[list[Answer], list[str]]:
        """What a failed check heard, and the functions that it is for or called."""
        transcript = self.context.state.transcripts[scores.key(check)]
        return answers(transcript), list(dict.fromkeys([*check.functions, *(n for step in transcript for n in step.touched)]))

    # -- one failed check ----------------------------------------------------------------------------------------------

    def _matches(self, check: Check, given: Answers, functions: Sequence[str]) -> list[Misconception]:
        """The misconceptions that answer as the submission did, in this check and with other inputs.

        First as they stand; then, in a time of their own, with the numbers of the submission's own code.
        """
        found = all_that_match(self.bench, check, given, self.candidates.as_they_stand(check, functions))
        if found is None:
            return []
        forms = self.candidates.filled(check, functions)
        filled = all_that_match(self.bench, check, given, forms) or []
        if not found and not filled:
            own = self.candidates.open(check, functions)
            filled = all_that_match(self.bench, check, given, self._by_ratio(check, given, own)) or []
        return [*found, *self.bench.kept(filled, lambda m: not self._contradicted(m))]

    def _contradicted(self, m: Misconception) -> bool:
        """Whether in a check that holds the submission answers as the reference does, and this mistake does not."""
        for check in self.candidates.passing(m):
            run = self.bench.runs(check)
            own = run.own()
            if run.course(self.bench.reference, expected=own) and not run.course(self.bench.mutant(m), expected=own):
                return True
        return False

    def _by_ratio(self, check: Check, given: Answers, own: Iterable[Misconception]) -> list[Misconception]:
        """Those with an open number, with the one that would make up for a clean factor between the answers."""
        try:
            theirs = [(m, self.bench.runs(check).course(self.bench.mutant(m)) or []) for m in own if self.bench.in_time()]
        except CallTimeout:
            return []
        return [form for m, heard in theirs for form in fillings(m, clean_ratios(m, given, heard))]

    # -- a second mistake ----------------------------------------------------------------------------------------------

    def _second(self, check: Check, given: Answers, functions: Sequence[str], known: Forms) -> list[Misconception]:
        """What a check sees of a submission that has another mistake as well.

        On top of the mistakes that have a name already, all answers must agree; where the other mistake has none, those
        on which the failed expectation rests.

        known : mistakes that other checks have been named after
        """
        self.bench.start(check)
        candidates = self.candidates.as_they_stand(check, functions) + self.candidates.filled(check, functions)
        try:
            left = self._besides(check, given, candidates, known)
            return one_of(self.bench, self._match_at_stake(self.bench.runs(check), candidates)) if left is None else left
        except CallTimeout:
            return []

    def _hidden_by(self, named: Named) -> list[Check]:
        """Checks that were not run because of failures that have a name: of their stages, and core ones of the next."""
        found = []
        for stage in self.course.stages:
            for check in stage.checks:
                result = self.context.state.results.get(scores.key(check))
                by = tuple(result.blocked_by.split(": ")) if result and result.state in ("blocked", "fail") else ()
                near = by[:1] == (stage.id,) or (check.core and by and by[0] in stage.needs)
                if near and by in named and not check.training:
                    found.append(check)
        return found

    def _hidden(self, check: Check, known: Forms) -> list[Misconception]:
        """What a check would see that has not been run because of mistakes that have a name."""
        self.bench.start(check)
        run = self.bench.runs(check)
        try:
            functions = list(dict.fromkeys([*check.functions, *run.own_touched()]))
            candidates = self.candidates.as_they_stand(check, functions) + self.candidates.filled(check, functions)
            left = self._besides(check, run.own(lenient=True), candidates, known, lenient=True) or []
            apart = all(m.stage != check.stage for m in known)
            return left if apart else [m for m in left if self._shows_alone(run, m)]
        except CallTimeout:
            return []

    def _shows_alone(self, run: Runs, m: Misconception) -> bool:
        """Whether some answer is not the right one, but that of this mistake without any other."""
        alone, right = (run.course(code, lenient=True) or () for code in (self.bench.mutant(m), self.bench.reference))
        own = run.own(lenient=True)
        return any(same(a[2], b[2]) and not same(a[2], c[2]) for a, b, c in zip(own, alone, right))

    def _besides(
        self, check: Check, given: Answers, candidates: Forms, known: Forms, lenient: bool = False
    ) -> list[Misconception] | None:
        """Those that match on top of known mistakes; None if none does, though there is more to see than these."""
        run = self.bench.runs(check)
        below = [tuple(known)] * (len(known) > 1) + [(m,) for m in known]
        if any(run.course(self.bench.mutant(*under), expected=given, lenient=lenient) is not None for under in below):
            return []
        for under in below:
            on_top = self._on_top(run, given, candidates, under, lenient)
            if left := [m for m in on_top if m.number is None or self._shows_alone(run, m)]:
                return one_of(self.bench, left if groups(left) == 1 else separated(self.bench, check, left, under))
        return None

    def _on_top(
        self, run: Runs, given: Answers, candidates: Forms, under: tuple[Misconception, ...], lenient: bool
    ) -> list[Misconception]:
        """Those that match where the reference has some other mistakes already."""
        left = [m for m in candidates if not any(m.overlaps(other) for other in under)]
        for other in (0, 1):
            expected = run.own(other=1, lenient=lenient) if other and left else given
            left = self.bench.kept(left, self._answering(run, expected, under, other, lenient))
        below = run.course(self.bench.mutant(*under), lenient=lenient) or ()
        if left and not shows_values(given, below):  # of exceptions only those in the same words
            words = last_words(given)
            left = [m for m in left if last_words(run.course(self.bench.mutant(m, *under), lenient=lenient) or ()) == words]
        return left

    def _match_at_stake(self, run: Runs, candidates: Forms) -> list[Misconception]:
        """Those that agree in what the failed expectation rests on, with these inputs and with others."""
        left = list(candidates)
        for other in (0, 1):
            at_stake = run.own_at_stake(other=other) if left else None
            if at_stake is None or run.course(self.bench.reference, expected=at_stake, other=other) is not None:
                return []
            left = self.bench.kept(left, self._answering(run, at_stake, other=other))
        return left

    def _answering(
        self, run: Runs, expected: Answers, under: Forms = (), other: int = 0, lenient: bool = False
    ) -> Callable[[Misconception], bool]:
        """Whether a misconception gives the expected answers; `other` and `lenient` as of `Runs.course`."""
        options: dict[str, Any] = {"expected": expected, "other": other, "lenient": lenient}
        return lambda m: run.course(self.bench.mutant(m, *under), **options) is not None

    # -- which of several ----------------------------------------------------------------------------------------------

    def _decide(self, check: Check, left: list[Misconception]) -> list[Misconception]:
        self.bench.start(check)
        try:
            return one_of(self.bench, left if groups(left) < 2 else separated(self.bench, check, left))
        except CallTimeout:
            return []


def _first(named: Named) -> list[Misconception]:
    """The mistakes that checks have been named after, each once."""
    return list(dict.fromkeys(left[0] for left in named.values()))
