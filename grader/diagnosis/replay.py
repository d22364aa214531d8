"""Run a check again on other code, and hear what that code answers to the same questions.

The verdict does not matter here and is not looked at: only the transcript is kept.
"""

import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from grader.checks.case import Case
from grader.checks.compare import Unmet
from grader.course.stage import Check
from grader.diagnosis.same_answers import ALL_OF_HISTORY, Answer, Answers, answers, comparable, same
from grader.running.groups import Memo
from grader.running.runner import call_with_fixtures
from grader.worker.outside.errors import CallTimeout, WorkerDied, WorkerFault
from grader.worker.outside.proxy import Student
from grader.worker.outside.transcript import Step

_SALT = 100_003  # between the seeds of one draw and the next


class _StopReplay(BaseException):
    """The answers differ from those looked for: no need to go on. Not an Exception, so that no check catches it."""


class _Watched(list[Step]):
    """A transcript that stops the run at the first answer that is not the expected one."""

    def __init__(self, expected: Answers, much: int):
        super().__init__()
        self.expected, self.much = expected, much
        self.seen = 0

    def append(self, step: Step) -> None:
        # What is complete at this point is everything but an unfinished outer call, or a generator not yet gone through.
        done = comparable(answers(self)[:-1], self.much)
        if depart(done, self.expected, self.seen):
            raise _StopReplay
        self.seen = len(done)
        super().append(step)


def depart(done: Answers, expected: Answers, first: int = 0) -> bool:
    """Whether answers to the first questions of a check cannot become the expected ones any more.

    first : answers that are known to agree
    """
    if len(done) > len(expected):
        return True
    for mine, theirs in zip(done[first:], expected[first:]):
        if mine[:2] != theirs[:2] or (mine[2] is not None and not same(mine[2], theirs[2])):
            return True
    return False


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


class _Noting(Case):
    """Remembers what it was asked to judge last; if lenient, the check goes on to its last question, whatever it hears."""

    judged: object = None
    lenient = False


def _noting(name: str, place: int | None) -> Callable[..., None]:
    plain = getattr(Case, name)

    def method(self: _Noting, *args: object, **keywords: object) -> None:
        if place is not None:
            self.judged = args[place] if place < len(args) else None
        with contextlib.suppress(*(Unmet,) * self.lenient):
            plain(self, *args, **keywords)

    return method


#: Where the value that is judged stands among the arguments. What `require` judges has been worked on already, and the
#: arrays that are shown go before the comparison of a sample of them.
_JUDGED = {"expect": 0, "expect_shape": 0, "expect_unchanged": 1, "require": 9, "gradient_matches": None}
for _name, _place in _JUDGED.items():
    setattr(_Noting, _name, _noting(_name, _place))

Opener = Callable[[Callable[[Any], str]], AbstractContextManager[Student]]


def replay(
    check: Check,
    function: Callable[..., None],
    seed: object,
    open_student: Opener,
    fixtures: Mapping[str, Any],
    *,
    expected: Answers | None = None,
    salt: int = 0,
    lenient: bool = False,
    much: int = ALL_OF_HISTORY,
    again: bool = False,
) -> Replay:
    """The answers of other code in the same check.

    open_student : makes the student, given how to describe arguments
    fixtures     : data that the check asks for
    expected     : stop at the first answer that differs from these
    salt         : 0, or a number that changes every draw
    lenient      : do not stop where the check would fail, but ask all its questions
    much         : how much of what train returns is compared
    again        : whether a process was killed under it before: that is tried once more, and no further
    raises       : CallTimeout if the code had to be stopped, WorkerFault
    """
    case = _Noting(seed, check.stage, check.id)
    case.lenient = lenient
    transcript: list[Step] = []
    try:
        with open_student(case.describe) as student:
            transcript = student.transcript = [] if expected is None else _Watched(expected, much)
            student.rng.offset = _SALT * salt
            call_with_fixtures(function, check, {**fixtures, "student": student, "case": case, "memo": Memo()})
    except _StopReplay:
        return Replay(comparable(answers(transcript)[:-1], much), whole=False)
    except (CallTimeout, WorkerFault):
        raise
    except WorkerDied as died:
        if died.killed and not again:
            options: Any = {"expected": expected, "salt": salt, "lenient": lenient, "much": much, "again": True}
            return replay(check, function, seed, open_student, fixtures, **options)
    except Exception:
        pass  # the check fails, as it did before: in whatever way, its transcript tells
    touched = tuple(name for step in transcript for name in step.touched)
    return Replay(comparable(answers(transcript), much), judged=case.judged, touched=touched)
