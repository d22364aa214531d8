"""Runs of checks on other code: of the submission in workers of its own, of the course's code in the course's worker; and the
bench of a whole diagnosis, which has the mutants and the time there is.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import msgspec

from grader.course.misconceptions import Misconception, apply
from grader.course.stage import Check, Stage
from grader.diagnosis.random_draws import Draws, agree, alike, features, leave_doubt, says_for_sure, varies
from grader.diagnosis.replay import ExpectedTranscript, NotingCase, Replay, StopReplay, depart
from grader.diagnosis.same_answers import ALL_OF_HISTORY, Answer, Answers, answers, comparable, resting_on, same_answers
from grader.running import scores
from grader.running.checks_package import import_checks
from grader.running.context import Context
from grader.running.groups import Memo
from grader.running.runner import call_with_fixtures, load_checks
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout, WorkerDied, WorkerFault
from grader.worker.outside.protocols import CourseWorker
from grader.worker.outside.proxy import Student
from grader.worker.outside.transcript import Step

PROBE, EXPLAINS = "probe_", "explain_"
Opener = Callable[[Callable[[Any], str]], AbstractContextManager[Student]]
Forms = Sequence[Misconception]  #: of mistakes
Functions = Mapping[str, Callable[..., Any]]  #: of a stage's checks.py, by name
#: Wall-clock seconds for one failed check. Every known mistake is asked long before, each with the check's own limits: no
#: name depends on what else the machine does. The last resort against a list that never ends.
BUDGET = 60.0
_SALTS = (1, 2)
_SALT = 100_003  # between the seeds of one draw and the next
_MANY = tuple(range(1, 8))  #: for the reference, whose draws tell what may change: few values are soon equal by accident


class ReplayCache(dict[tuple[Any, ...], Replay]):
    """Answers of the course's own code that were heard already, by check, seed, submission and options."""


class Runs:
    """What different code answers in one check.

    worker : the course's worker, for the course's code; None where that is not
    much   : how much of what train returns is compared
    heard  : remembers what the course's code answered, where one process names many submissions; its submissions must
             have names of their own
    Every run raises CallTimeout if the code had to be stopped: then nothing is known of it.
    """

    def __init__(
        self,
        context: Context,
        worker: CourseWorker | None,
        check: Check,
        function: Callable[..., None] | None = None,
        heard: ReplayCache | None = None,
        much: int = ALL_OF_HISTORY,
    ):
        self.much = much
        self.context, self.worker, self.check, self.heard = context.as_run(check), worker, check, heard
        stage = context.course.stage(check.stage)
        self.limits = context.limits.of(check, stage)
        self.function = function or load_checks(stage)[check.id]
        self.fixtures: Mapping[str, Any] = context.fixtures(check)
        self._own: dict[tuple[int, int, bool], Replay] = {}

    def course(
        self, code: Submission, *, expected: Answers | None = None, other: int = 0, salt: int = 0, lenient: bool = False
    ) -> list[Answer] | None:
        """Answers of the course's own code; None if they are not the expected ones. Options as of `_run`.

        other : 0, or a number that changes all inputs
        """
        key = self.check.stage, self.check.id, self.context.seed, code.name, other, salt, lenient, self.much
        found = self.heard.get(key) if self.heard is not None else None
        if found is None or not (found.whole or (expected is not None and depart(found.answers, expected))):
            assert self.worker is not None
            opener = partial(self.worker.student, code, self.limits)
            found = self._run(opener, other, expected=expected, salt=salt, lenient=lenient)
            if self.heard is not None:
                self.heard[key] = found
        agrees = expected is None or same_answers(found.answers, expected, found.judged)
        return found.answers if found.whole and agrees else None

    def own(self, *, other: int = 0, salt: int = 0, lenient: bool = False) -> list[Answer]:
        """Answers of the submission."""
        return self._own_run(other, salt, lenient).answers

    def own_touched(self) -> tuple[str, ...]:
        """The functions of the submission that the check calls."""
        return self._own_run(0, 0, False).touched

    def own_at_stake(self, *, other: int = 0) -> list[Answer] | None:
        """The same, with ANYTHING for all that the failed expectation does not rest on; None if that cannot be told."""
        heard = self._own_run(other, 0, False)
        return resting_on(heard.answers, heard.judged)

    def _own_run(self, other: int, salt: int, lenient: bool) -> Replay:
        key = other, salt, lenient
        if key not in self._own:
            open_own = partial(self.context.pool.student, self.context.submission, self.limits)
            self._own[key] = self._run(open_own, other, salt=salt, lenient=lenient)
        return self._own[key]

    def draws(self, code: Submission, own: Draws = (), right: Draws = ()) -> list[dict[str, Any]] | None:
        """What can be said of the course's code for each of several draws; None as soon as it cannot agree with `own`.

        own, right : the same of the submission, and of the reference; without them, `code` is the reference
        """
        drawn: list[dict[str, Any]] = []
        for salt in (0, *(_SALTS if own else _MANY)):
            if salt > max(_SALTS) and not leave_doubt(drawn):
                break
            run = self.course(code, salt=salt)
            if run is None:
                return None
            drawn.append(features(run))
            fixed = [name for name in own[0] if says_for_sure(name, own, right)] if own else []
            if not salt and not all(alike(name, own[0][name], drawn[0].get(name)) for name in fixed):
                return None
        return drawn

    def own_draws(self, given: Answers) -> list[dict[str, Any]]:
        """The same of the submission."""
        return [features(run) for run in self.own_runs(given)]

    def own_runs(self, given: Answers) -> list[Answers]:
        """Answers of the submission with several draws; those of the first are known."""
        return [given, *(self.own(salt=salt) for salt in _SALTS)]

    def _run(
        self,
        opener: Opener,
        other: int,
        *,
        expected: Answers | None = None,
        salt: int = 0,
        lenient: bool = False,
        again: bool = False,
    ) -> Replay:
        """The answers of other code in the same check.

        opener   : makes the student, given how to describe arguments
        expected : stop at the first answer that differs from these
        salt     : 0, or a number that changes every draw
        lenient  : do not stop where the check would fail, but ask all its questions
        again    : whether a process was killed under it before: that is tried once more, and no further
        raises   : CallTimeout if the code had to be stopped, WorkerFault
        """
        case = NotingCase(f"{self.context.seed}/{other}" if other else self.context.seed, self.check.stage, self.check.id)
        case.lenient = lenient
        transcript: list[Step] = []
        try:
            with opener(case.describe) as student:
                transcript = student.transcript = [] if expected is None else ExpectedTranscript(expected, self.much)
                student.use_names_of(self.context.course.about)
                student.rng.offset = _SALT * salt
                asked = {**self.fixtures, "student": student, "case": case, "memo": Memo()}
                call_with_fixtures(self.function, self.check, asked)
        except StopReplay:
            return Replay(comparable(answers(transcript)[:-1], self.much), whole=False)
        except (CallTimeout, WorkerFault):
            raise
        except WorkerDied as died:
            if died.killed and not again:
                return self._run(opener, other, expected=expected, salt=salt, lenient=lenient, again=True)
        except Exception:
            pass  # the check fails, as it did before: in whatever way, its transcript tells
        touched = tuple(name for step in transcript for name in step.touched)
        return Replay(comparable(answers(transcript), self.much), judged=case.judged, touched=touched)


def agree_but_for_the_draw(run: Runs, mutant: Submission, given: Answers, right: Submission) -> bool:
    """Whether a mutant and the submission agree in everything that does not change from draw to draw."""
    own, reference = run.own_draws(given), run.draws(right) or ()
    drawn = run.draws(mutant, own, reference)
    if drawn is None:
        return False
    return varies(reference) and agree(own, drawn, reference)


@dataclass(eq=False)
class Bench:
    """One submission, and the course's own code beside it. Arguments as of `diagnose`."""

    context: Context
    reference: Submission
    worker: CourseWorker
    budget: float
    stop: Callable[[], bool]
    heard: ReplayCache

    def __post_init__(self) -> None:
        self._mutants: dict[tuple[Misconception, ...], Submission] = {(): self.reference}
        self._runs: dict[tuple[scores.Key, int], Runs] = {}
        self.late = set[scores.Key]()
        self._asked, self._ends = ("", ""), 0.0
        self.functions = cache(lambda stage: checks_and_probes(self.context.course.stage(stage)))

    def start(self, check: Check) -> None:
        """From now on the time for one failed check runs."""
        self._asked, self._ends = scores.key(check), time.perf_counter() + self.budget

    def in_time(self) -> bool:
        late = time.perf_counter() >= self._ends
        self.late |= {self._asked} if late and not self.stop() else set()
        return not (late or self.stop())

    def kept(self, found: Iterable[Misconception], test: Callable[[Misconception], bool]) -> list[Misconception]:
        """Those that pass a test; the others, and those for which there was no time, are left out."""
        return [m for m in found if self.in_time() and test(m)]

    def runs(self, check: Check, much: int = ALL_OF_HISTORY) -> Runs:
        """Runs of a check, or of a probe; `much` of what train returns is compared."""
        where = scores.key(check), much
        if where not in self._runs:
            function = self.functions(check.stage)[check.id]
            self._runs[where] = Runs(self.context, self.worker, check, function, self.heard, much)
        return self._runs[where]

    def mutant(self, *found: Misconception) -> Submission:
        """The reference with some mistakes in it, the first of them put in last."""
        if found not in self._mutants:
            below = self.mutant(*found[1:])
            made = apply(below, found[0])
            name = f"{below.name}+{made.name}" if found[1:] else made.name
            self._mutants[found] = made.replaced({}, name)
        return self._mutants[found]


def checks_and_probes(stage: Stage) -> Functions:
    """The functions of a stage's checks.py that are checks, that explain, and that only ask: they part what its checks cannot.

    A probe is a function `probe_...(student, case)` that no task.toml lists; what explains is told in `facts`.
    """
    listed = {check.id for check in stage.checks}
    found = vars(import_checks(stage)).items()
    return {name: value for name, value in found if name in listed or name.startswith((PROBE, EXPLAINS))}


def probes(check: Check, functions: Iterable[str]) -> list[Check]:
    """The probes among the functions of a check's stage, as checks that are run as it is."""
    names = [name for name in functions if name.startswith(PROBE)]
    return [msgspec.structs.replace(check, id=n, fixtures=("student", "case"), training=False) for n in names]
