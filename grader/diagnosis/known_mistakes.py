"""Which known mistake gives exactly these answers? Asked of the stages' tables, where nothing has to be replayed.

A failed check's answers are looked up as digests. The submission alone is run again: with other inputs, by which twins
part, and with other draws where it answers at random. What the tables name is what a replay would name; what they leave
open, because the decision needs the mistakes' code, has no name here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

from grader.course.stage import Check
from grader.diagnosis.answer_table import OTHERS, SEED, AnswerTable, KnownAnswers, KnownMistake, RightAnswers
from grader.diagnosis.digests import Digest, digest, digest_text
from grader.diagnosis.drawn_digests import agrees_with, plain, shows_more, unpacked
from grader.diagnosis.facts import facts_of
from grader.diagnosis.matches import fails_alike, groups, likeliest, mistake_of, one_group
from grader.diagnosis.random_draws import features
from grader.diagnosis.runs import PROBE, Functions, Runs, checks_and_probes, probes
from grader.diagnosis.same_answers import (
    ALL_OF_HISTORY,
    NO_HISTORY,
    VALIDATION_ONLY,
    Answer,
    answers,
    comparable,
    history_scope,
    is_history,
    last_words,
    readings,
)
from grader.records import Mistake
from grader.running import scores
from grader.running.context import Context
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.transcript import ErrorInfo


def named_by_tables(
    context: Context, tables: Mapping[str, AnswerTable], stop: Callable[[], bool] = lambda: False
) -> dict[scores.Key, Mistake]:
    """Names for the failed checks of a grade: (stage, check) -> mistake, for those that a table knows.

    context : with results and the transcripts of the failed checks, graded with the tables' seed
    tables  : by stage
    stop    : whether nobody waits for names any longer; then there are none
    """
    if context.seed != SEED:
        return {}
    asked = _lookups(context, tables)
    named = {} if stop() else _explained(context, asked)
    found = {where: lookup.matches() for where, lookup in asked.items() if not stop()}
    if stop():
        return {}
    for where, matching in found.items():
        able = [m for m in matching if not any(lookup.denies(m, found[of]) for of, lookup in asked.items())]
        able = [m for m in able if m.id not in asked[where].denied and asked[where].confirms(m)]
        left = likeliest(where, able, found, {mistake.id for mistake in named.values()})
        if left := one_group(asked[where].separated(left)):
            named[where] = mistake_of(left)
    return named


def _explained(context: Context, asked: dict[scores.Key, "_Lookup"]) -> dict[scores.Key, Mistake]:
    """What the stages explain themselves; this is taken out of what is asked of the tables."""
    found: dict[scores.Key, Mistake] = {}
    for where, fact in facts_of(context, asked, {lookup.check.stage: lookup.functions for lookup in asked.values()}).items():
        asked[where].denied = fact.not_these
        if fact.name:
            found[where] = fact.told(mistake_of(fact.twins(asked.pop(where).table.mistakes.values())))
    return found


def _lookups(context: Context, tables: Mapping[str, AnswerTable]) -> dict[scores.Key, "_Lookup"]:
    """For each failed check of a stage with a table, but those that a limit decided."""
    failed = context.state.transcripts.keys() - context.state.unrepeatable
    checks = [check for stage in context.course.stages if stage.id in tables for check in stage.checks]
    read = {stage: checks_and_probes(context.course.stage(stage)) for stage in {stage for stage, _ in failed} & tables.keys()}
    return {scores.key(c): _Lookup(context, tables[c.stage], c, read[c.stage]) for c in checks if scores.key(c) in failed}


class _Lookup:
    """One failed check and what a table says of it."""

    def __init__(self, context: Context, table: AnswerTable, check: Check, functions: Functions):
        self.context, self.table, self.check, self.functions = context, table, check, functions
        self.stage = context.course.stage(check.stage)
        self.given = answers(context.state.transcripts[scores.key(check)])
        self.denied: Collection[str] = ()
        self._runs = cache(lambda check: Runs(context, None, check, self.functions[check.id]))
        self._contradicted = cache(self._is_contradicted)

    def matches(self) -> list[KnownMistake]:
        """The mistakes that answer as the submission did, in this check and with other inputs."""
        lines = self.table.known.get(self.check.id, ())
        able = [line for line in lines if not all(map(self._contradicted, line.names.split()))]
        try:
            for much in dict.fromkeys((ALL_OF_HISTORY, history_scope(self.given))) if able else ():
                if found := self._matches(comparable(self.given, much), much, able, self.table.right[self.check.id]):
                    return [self.table.mistakes[name] for name in found]
        except CallTimeout:  # what was not heard to its end might have been another answer
            pass
        return []

    def denies(self, m: KnownMistake, found: Sequence[KnownMistake]) -> bool:
        """Whether this check is known to see a mistake by its values, and heard others.

        Of what is drawn it cannot say, unless another number stands in the mistake: then it matched draw by draw.

        found : what `matches` gave
        """
        right = self.table.right.get(self.check.id)
        drawn = right is None or (right.told and m.number is None)
        if drawn or m in found or self.table.mistakes.get(m.name) is not m:
            return False
        lines = (line for line in self.table.known[self.check.id] if m.name in line.names.split())
        return any(first for line in lines for first in line.answers[:: len(OTHERS)])

    def confirms(self, m: KnownMistake) -> bool:
        """Whether what was not run hears a mistake with another number, too, where it is known to: one factor looks like
        another as long as a single check sees it."""
        heard = self.context.state.transcripts
        unheard = [c for c in self.stage.checks if c.id in self.table.fails[m.name] and scores.key(c) not in heard]
        if m.number is None or not unheard:
            return True
        lines = [line for line in self.table.known[unheard[0].id] if line.names == m.name]
        try:
            own = self._runs(unheard[0]).own()
        except CallTimeout:
            return False
        scopes = {much: digest(comparable(own, much)) for much in (ALL_OF_HISTORY, VALIDATION_ONLY)}
        return any(line.agrees(told, much) for line in lines for much, told in scopes.items())

    def separated(self, left: list[KnownMistake]) -> list[KnownMistake]:
        """Those that answer as the submission does to all questions by which they part, failed, blocked or passed."""
        if groups(left) > 1 and last_words(self.given):
            left = [m for m in left if m.name in self._in_the_same_words()] or left
        for check in (self.check, *self.stage.checks, *probes(self.check, self.functions)):
            told = {m.name: self.table.all.get((check.id, m.name), "") for m in left}
            if groups(left) < 2 or not all(told.values()):
                continue
            try:
                own = self._all_answers(check)
            except CallTimeout:
                return []
            agreeing = [m for m in left if own.agrees(Digest.read(told[m.name]))]
            # What a probe hears depends on no draw.
            left = agreeing if agreeing or check.id.startswith(PROBE) else left
        return left

    def _all_answers(self, check: Check) -> Digest:
        """Of the submission to all questions of a check or a probe."""
        much = NO_HISTORY if check.id.startswith(PROBE) else ALL_OF_HISTORY
        return digest(comparable(self._runs(check).own(lenient=True), much))

    def _in_the_same_words(self) -> set[str]:
        """The mistakes that end in the same words as the submission does."""
        words = digest_text(last_words(self.given))
        return {name for line in self.table.known[self.check.id] if line.words == words for name in line.names.split()}

    def _matches(self, given: Sequence[Answer], much: int, able: list[KnownAnswers], right: RightAnswers) -> list[str]:
        own = digest(given)
        found = [line for line in able if line.agrees(own, much)]
        if found:
            again = digest(comparable(self._runs(self.check).own(other=1), much))
            found = [line for line in found if line.agrees(again, much, other=1)]
        elif right.told:
            found = self._matches_but_for_the_draw(much, able, right)
        names = [name for line in found for name in line.names.split() if not self._contradicted(name)]
        if names and not self._shows_values(right, much):
            here, fails = (self.context, self.check, self.check.stage), self.table.fails
            names = [n for n in names if n in self._in_the_same_words() and fails_alike(*here, fails[n])]
        return names

    def _matches_but_for_the_draw(self, much: int, able: list[KnownAnswers], right: RightAnswers) -> list[KnownAnswers]:
        """Those that agree with the submission in everything that does not change from draw to draw."""
        runs = self._runs(self.check).own_runs(self.given)
        draws = [features(plain(run)) for run in runs]
        known = unpacked(right.told)
        if agrees_with(draws, {}, known, much):
            return []
        drawn = (line for line in able if line.told or line.meets)
        found = [line for line in drawn if agrees_with(draws, unpacked(line.told), known, much, line.length)]
        if shows_more(draws, known, right.equal, much):
            return found
        own = [digest(comparable(run, NO_HISTORY)) for run in runs]
        return [line for line in found if any(one.agrees(Digest.read(told)) for told in line.meets.split() for one in own)]

    def _shows_values(self, right: RightAnswers, much: int) -> bool:
        """Whether anything but an exception tells the answers from the right ones, apart from histories."""
        for answer, reading, theirs in zip(self.given, readings(self.given), right.answers.split()):
            free = much != ALL_OF_HISTORY and (reading or is_history(*answer))
            if not free and not digest(answer).agrees(Digest.read(theirs)):
                return not isinstance(answer[2], ErrorInfo)
        return True

    def _is_contradicted(self, name: str) -> bool:
        """Whether a check holds that this mistake is known to break."""
        found = (self.context.state.results.get((self.check.stage, check)) for check in self.table.fails[name])
        return any(result is not None and result.state == "pass" for result in found)
