"""What the reference and known mistakes answer in one check, as the lines of a table."""

import dataclasses
from collections.abc import Iterator

import msgspec

from grader.course.course import Course
from grader.course.misconceptions import Misconception
from grader.course.stage import Check
from grader.diagnosis.answer_table import OTHERS, SEED, KnownAnswers, RightAnswers
from grader.diagnosis.digests import digest, digest_text
from grader.diagnosis.drawn_digests import packed, plain, states, told_apart
from grader.diagnosis.matches import MEETINGS
from grader.diagnosis.random_draws import Draws, agree, features, shows, steady_in, varies
from grader.diagnosis.runs import Runs
from grader.diagnosis.same_answers import ALL_OF_HISTORY, NO_HISTORY, VALIDATION_ONLY, Answer, comparable, is_history, last_words
from grader.running.context import Context
from grader.running.limits import Limits
from grader.running.runner import Function, execute
from grader.running.state import RunState
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.local import LocalPool

_PATIENCE = 3.0  #: factor on the limits: what a mistake answers must not depend on the load of the machine
_DRAWS = 3  #: of a mistake, as many as there will be of a submission


class Questions:
    """The lines of one check: what the reference answers, and how each mistake's answers differ from that.

    function : of the check, or of a probe
    much     : how much of what train returns is compared
    """

    def __init__(self, course: Course, reference: Submission, check: Check, function: Function, much: int = ALL_OF_HISTORY):
        pool = LocalPool()
        context = Context(course, reference, pool, SEED, Limits(_PATIENCE))
        self.check, self.runs = check, Runs(context, pool, check, function, much=much)
        self.right = self._heard(reference)
        self.trains = any(is_history(*answer) for answer in self.right)
        draws = self.runs.draws(reference) or []
        self.draws = [features(plain(self._heard(reference, salt=salt))) for salt in range(len(draws))]
        self.states = states(self.draws) if varies(self.draws) else {}
        self.features = told_apart(self.states, {}, len(self.draws[0]["questions"]))

    def _heard(self, code: Submission, other: int = 0, salt: int = 0, lenient: bool = False) -> list[Answer]:
        return self.runs.course(code, other=other, salt=salt, lenient=lenient) or []

    def lines(self, mutants: list[tuple[Misconception, Submission]]) -> Iterator[RightAnswers | KnownAnswers]:
        """The reference's line, and one for all mistakes that answer alike."""
        equal = self.draws[0]["equal"] if self.features and steady_in("equal", self.draws) else []
        yield RightAnswers(self.check.id, " ".join(str(digest(answer)) for answer in self.right), packed(self.features), equal)
        # As `diagnose` tries them: those of the functions first that the check names first.
        for f in reversed(self.check.functions):
            mutants = sorted(mutants, key=lambda pair: f != pair[0].target and not f.startswith(f"{pair[0].target}."))
        found: dict[str, KnownAnswers] = {}
        for m, mutant in mutants:
            line = self._line(mutant)
            same = found.setdefault(repr(line), line)
            found[repr(line)] = msgspec.structs.replace(same, names=f"{same.names} {m.name}".strip())
        yield from found.values()

    def _line(self, mutant: Submission) -> KnownAnswers:
        """Without a name."""
        scopes = (ALL_OF_HISTORY, VALIDATION_ONLY, NO_HISTORY) if self.trains else (ALL_OF_HISTORY,)
        try:
            told, words = self.told(mutant, *scopes), last_words(self._heard(mutant))
            drawn = self._drawn(mutant) if self.features else ("", 0, "")
        except CallTimeout:  # what it would answer in the end is not known; that it fails is
            return KnownAnswers(self.check.id, "", ["" for _ in OTHERS])
        return KnownAnswers(self.check.id, "", told, digest_text(words) if words else "", *drawn)

    def fails(self, mutant: Submission) -> bool:
        """Whether the check sees a mistake."""
        context = dataclasses.replace(self.runs.context, submission=mutant, state=RunState())
        return execute(self.check, self.runs.function, context).state == "fail"

    def told(self, mutant: Submission, *scopes: int) -> list[str]:
        """Digests of all answers, as of `KnownAnswers`; raises CallTimeout.

        scopes : how much of a history is compared
        """
        found = []
        twice = [[self._heard(mutant, other) for _ in range(2)] for other in OTHERS]
        for much in scopes:
            right = digest(comparable(self.right, much))
            for other, runs in zip(OTHERS, twice):
                once, again = (digest(comparable(run, much)) for run in runs)
                # What a mistake draws without a seed is never the same again: of that, features alone are told.
                found.append("" if not once.agrees(again) or (not other and once.agrees(right)) else str(once))
        return found

    def all_answers(self, mutant: Submission) -> str:
        """A digest of what a mistake answers to all questions; nothing if it had to be stopped."""
        try:
            return str(digest(self._heard(mutant, lenient=True)))
        except CallTimeout:
            return ""

    def _drawn(self, mutant: Submission) -> tuple[str, int, str]:
        """Features, length and meetings of `KnownAnswers`; none if nothing tells it from the right code in every draw."""
        draws = [features(plain(self._heard(mutant, salt=salt))) for salt in range(_DRAWS)]
        if agree(draws, self.draws, self.draws):
            return "", 0, ""
        length = len(draws[0]["questions"])
        told = told_apart(states(draws, self.states), self.features, length)
        return packed(told), length, self._meetings(mutant, draws)

    def _meetings(self, mutant: Submission, draws: Draws) -> str:
        if shows(draws, self.draws):
            return ""
        many = [comparable(self._heard(mutant, salt=salt), NO_HISTORY) for salt in range(MEETINGS)]
        return " ".join(sorted({str(digest(one)) for one in many}))
