"""Which known mistake gives exactly these answers? Asked of the stages' tables, where nothing has to be replayed.

A failed check's answers are looked up as digests. The submission alone is run again: with other inputs, by which twins
part, and with other draws where it answers at random. What the tables name is what a replay would name; what they leave
open, because the decision needs the mistakes' code, has no name here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache

from grader.course.stage import Check
from grader.diagnosis.answer_table import (
    SEED,
    AnswerTable,
    KnownAnswers,
    KnownMistake,
    RightAnswers,
    agrees,
    digests,
    expanded,
)
from grader.diagnosis.digests import Digest, digest_text
from grader.diagnosis.drawn_digests import Told, agrees_with, plain, shows_more
from grader.diagnosis.facts import facts_of
from grader.diagnosis.random_draws import features
from grader.diagnosis.replay import replay
from grader.diagnosis.same_answers import ALL_OF_HISTORY, Answer, answers, comparable, history_scope, last_words
from grader.records import Mistake
from grader.running import scores
from grader.running.context import Context
from grader.running.runner import load_checks
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.protocols import Student
from grader.worker.outside.transcript import Describe, ErrorInfo

_SALTS = (1, 2)  #: further draws


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
        left = _likeliest(where, able, found, {mistake.id for mistake in named.values()})
        left = asked[where].separated(left)
        if _groups(left) == 1:
            named[where] = asked[where].mistake(left)
    return named


def _explained(context: Context, asked: dict[scores.Key, "_Lookup"]) -> dict[scores.Key, Mistake]:
    """What the stages explain themselves; this is taken out of what is asked of the tables."""
    found: dict[scores.Key, Mistake] = {}
    for where, fact in facts_of(context, asked).items():
        lookup = asked.pop(where)
        found[where] = fact.told(lookup.mistake(fact.twins(lookup.table.mistakes.values())))
    return found


def _lookups(context: Context, tables: Mapping[str, AnswerTable]) -> dict[scores.Key, "_Lookup"]:
    """For each failed check of a stage with a table, but those that a limit decided."""
    failed = context.state.transcripts.keys() - context.state.unrepeatable
    checks = [check for stage in context.course.stages if stage.id in tables for check in stage.checks]
    return {scores.key(c): _Lookup(context, tables[c.stage], c) for c in checks if scores.key(c) in failed}


def _likeliest(
    where: scores.Key, matching: list[KnownMistake], found: Mapping[scores.Key, list[KnownMistake]], known: set[str]
) -> list[KnownMistake]:
    """Of several that match: one that another failure has been named after, or those that match elsewhere, too."""
    likely = [m for m in matching if m.id in known]
    left = likely if _groups(likely) == 1 else matching
    for other, also in found.items():
        if _groups(left) > 1 and other != where:
            left = [m for m in left if m in also] or left
    return left


def _groups(found: Iterable[KnownMistake]) -> int:
    return len({m.group for m in found})


class _Lookup:
    """One failed check and what a table says of it."""

    def __init__(self, context: Context, table: AnswerTable, check: Check):
        self.context, self.table, self.check = context, table, check
        self.stage = context.course.stage(check.stage)
        self.given = answers(context.state.transcripts[scores.key(check)])
        self._heard: dict[tuple[int, int], list[Answer]] = {}
        self._contradicted = cache(self._is_contradicted)

    def mistake(self, left: Sequence[KnownMistake]) -> Mistake:
        """What is told of mistakes that cannot be told apart."""
        ids = list(dict.fromkeys(m.id for m in left))
        title, hint = self.table.told[left[0].group]
        return Mistake(id=ids[0], title=title, hint=hint, alike=ids[1:])

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
        """Whether this check is known to see a mistake by its values, and heard others; of what is drawn it cannot say.

        found : what `matches` gave
        """
        right = self.table.right.get(self.check.id)
        if right is None or right.features or m in found or self.table.mistakes.get(m.name) is not m:
            return False
        return any(m.name in line.names.split() and line.answers[0] for line in self.table.known[self.check.id])

    def separated(self, left: list[KnownMistake]) -> list[KnownMistake]:
        """Those that answer as the submission does to all questions by which they part, failed, blocked or passed."""
        if _groups(left) > 1 and last_words(self.given):
            left = [m for m in left if m.name in self._in_the_same_words()] or left
        for check in (self.check, *self.stage.checks):
            told = {m.name: self.table.all.get((check.id, m.name), "") for m in left}
            if _groups(left) == 1 or not all(told.values()):
                continue
            try:
                own = digests(self._run(check, lenient=True))
            except CallTimeout:
                return []
            left = [m for m in left if agrees(own, told[m.name], self.table.all[check.id, ""])] or left
        return left

    def _in_the_same_words(self) -> set[str]:
        """The mistakes that end in the same words as the submission does."""
        words = digest_text(last_words(self.given))
        return {name for line in self.table.known[self.check.id] if line.words == words for name in line.names.split()}

    def _matches(self, given: Sequence[Answer], much: int, able: list[KnownAnswers], right: RightAnswers) -> list[str]:
        own = digests(given)
        found = [line for line in able if agrees(own, line.answers[0], right.answers[0], much)]
        if found:
            again = digests(comparable(self._own(other=1), much))
            found = [line for line in found if agrees(again, line.answers[1], right.answers[1], much)]
        elif right.features:
            found = self._matches_but_for_the_draw(much, able, right)
        names = [name for line in found for name in line.names.split() if not self._contradicted(name)]
        if names and not _shows_values(given, own, expanded(right.answers[0], "", much)):
            names = [name for name in names if name in self._in_the_same_words() and self._fails_alike(name)]
        return names

    def _matches_but_for_the_draw(self, much: int, able: list[KnownAnswers], right: RightAnswers) -> list[KnownAnswers]:
        """Those that agree with the submission in everything that does not change from draw to draw."""
        draws = [features(plain(run)) for run in (self.given, *(self._own(salt=salt) for salt in _SALTS))]
        as_right = agrees_with(draws, Told({}, right.features, None, much))
        if as_right or not shows_more(draws, right.features, right.equal, much):
            return []
        drawn = [(e, Told(e.features, right.features, e.length(right), much)) for e in able if e.features]
        exact = [line for line, known in drawn if agrees_with(draws, known)]
        return exact or [line for line, known in drawn if agrees_with(draws, known, constants=False)]

    def _own(self, other: int = 0, salt: int = 0) -> list[Answer]:
        """Answers of the submission to other questions, or with another draw."""
        if (other, salt) not in self._heard:
            self._heard[other, salt] = self._run(self.check, other, salt)
        return self._heard[other, salt]

    def _run(self, check: Check, other: int = 0, salt: int = 0, lenient: bool = False) -> list[Answer]:
        """Answers of the submission in any check of the stage; raises CallTimeout."""
        context, limits = self.context, self.context.limits.of(check, self.stage)
        data = {name: getattr(context.images, name) for name in check.fixtures if name in ("mnist", "hidden")}
        seed = f"{context.seed}/{other}" if other else context.seed

        def opened(describe: Describe) -> AbstractContextManager[Student]:
            return context.pool.student(context.submission, limits, describe)

        return replay(check, load_checks(self.stage)[check.id], seed, opened, data, salt=salt, lenient=lenient).answers

    def _is_contradicted(self, name: str) -> bool:
        """Whether a check holds that this mistake is known to break."""
        found = (self.context.state.results.get((self.check.stage, check)) for check in self.table.fails[name])
        return any(result is not None and result.state == "pass" for result in found)

    def _fails_alike(self, name: str) -> bool:
        """Whether the submission fails no check of the same functions but those that this mistake is known to break."""
        others = (c for c in self.stage.checks if {*c.functions} & {*self.check.functions})
        return {c.id for c in others if scores.key(c) in self.context.state.transcripts} <= self.table.fails[name]


def _shows_values(given: Sequence[Answer], own: Sequence[Digest], right: Sequence[Digest]) -> bool:
    """Whether anything but an exception tells these answers from the right ones."""
    for (_, _, outcome), mine, theirs in zip(given, own, right):
        if not mine.agrees(theirs):
            return not isinstance(outcome, ErrorInfo)
    return True
