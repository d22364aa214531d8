"""What a check is run with on other code, to hear what that code answers to the same questions.

The verdict does not matter here and is not looked at: only the transcript is kept.
"""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from grader.checks.case import Case
from grader.checks.compare import Unmet
from grader.diagnosis.same_answers import Answer, Answers, answers, comparable, same
from grader.worker.outside.transcript import Step


class StopReplay(BaseException):
    """The answers differ from those looked for: no need to go on. Not an Exception, so that no check catches it."""


class ExpectedTranscript(list[Step]):
    """A transcript that stops the run at the first answer that is not the expected one."""

    def __init__(self, expected: Answers, much: int):
        super().__init__()
        self.expected, self.much = expected, much
        self.seen = 0

    def append(self, step: Step) -> None:
        # What is complete at this point is everything but an unfinished outer call, or a generator not yet gone through.
        done = comparable(answers(self)[:-1], self.much)
        if depart(done, self.expected, self.seen):
            raise StopReplay
        self.seen = len(done)
        super().append(step)


def depart(done: Answers, expected: Answers, first: int = 0) -> bool:
    """Whether answers to the first questions of a check cannot become the expected ones any more.

    first : answers that are known to agree
    """
    pairs = zip(done[first:], expected[first:])
    apart = (mine[:2] != theirs[:2] or (mine[2] is not None and not same(mine[2], theirs[2])) for mine, theirs in pairs)
    return len(done) > len(expected) or any(apart)


class Replay(NamedTuple):
    """What was heard in a replay.

    whole   : whether that is everything; otherwise it is what was heard up to the first answer that was not expected
    judged  : what the last expectation was about, as far as that is one of the answers
    touched : the functions that were called
    """

    answers: list[Answer]
    whole: bool = True
    judged: object = None
    touched: tuple[str, ...] = ()


class NotingCase(Case):
    """Remembers what it was asked to judge last; if lenient, the check goes on to its last question, whatever it hears."""

    judged: object = None
    lenient = False


def _noting(name: str, place: int | None) -> Callable[..., None]:
    plain = getattr(Case, name)

    def method(self: NotingCase, *args: object, **keywords: object) -> None:
        if place is not None:
            self.judged = args[place] if place < len(args) else None
        with contextlib.suppress(*(Unmet,) * self.lenient):
            plain(self, *args, **keywords)

    return method


#: Where the value that is judged stands among the arguments. What `require` judges has been worked on already, and the
#: arrays that are shown go before the comparison of a sample of them.
_JUDGED = {"expect": 0, "expect_shape": 0, "expect_unchanged": 1, "require": 9, "gradient_matches": None}
for _name, _place in _JUDGED.items():
    setattr(NotingCase, _name, _noting(_name, _place))
