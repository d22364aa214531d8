"""Runs of one check on other code: of the submission in workers of its own, of the course's code in the course's worker."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from grader.answers import Answer, same_answers
from grader.draws import Draws, agree, alike, features, steady_in, varies
from grader.replay import replay
from grader.runner import Context, load_checks
from grader.submission import Submission
from grader.task import Check

_SALTS = (1, 2)

#: Answers of the course's own code that were heard already: (stage, check, seed, submission, other options) -> answers.
Heard = MutableMapping[tuple[Any, ...], list[Answer] | None]


class Runs:
    """What different code answers in one check.

    worker : the course's worker, for the course's code
    heard  : remembers what the course's code answered, where one process names many submissions; its submissions must
             have names of their own. Without it, a run stops at the first answer that is not the expected one
    Every run raises CallTimeout if the code had to be stopped: then nothing is known of it.
    """

    def __init__(
        self,
        context: Context,
        worker: Any,
        check: Check,
        function: Callable[..., None] | None = None,
        heard: Heard | None = None,
    ):
        self.context, self.worker, self.check, self.heard = context, worker, check, heard
        stage = context.course.stage(check.stage)
        self.limits = context.limits.of(check, stage)
        self.function = function or load_checks(stage)[check.id]
        data = {name: getattr(context.data, name) for name in check.fixtures if name in ("mnist", "hidden")}
        self.fixtures: Mapping[str, Any] = data
        self._own: dict[tuple[int, int, bool], list[Answer] | None] = {}

    def course(
        self,
        code: Submission,
        *,
        expected: Sequence[Answer] | None = None,
        other: int = 0,
        salt: int = 0,
        lenient: bool = False,
    ) -> list[Answer] | None:
        """Answers of the course's own code; None if they are not the expected ones. Options as of `replay`.

        other : 0, or a number that changes all inputs
        """

        def run(expected: Sequence[Answer] | None) -> list[Answer] | None:
            load = self.worker.load
            return self._run(
                lambda describe: load(code, self.limits, describe), other, expected=expected, salt=salt, lenient=lenient
            )

        if self.heard is None:
            return run(expected)
        key = self.check.stage, self.check.id, self.context.seed, code.name, other, salt, lenient
        if key not in self.heard:
            self.heard[key] = run(None)
        found = self.heard[key]
        if found is None or (expected is not None and not same_answers(found, expected)):
            return None
        return found

    def own(self, *, other: int = 0, salt: int = 0, lenient: bool = False) -> list[Answer] | None:
        """Answers of the submission."""
        key = other, salt, lenient
        if key not in self._own:
            self._own[key] = self._run(self._open_own, other, salt=salt, lenient=lenient)
        return self._own[key]

    def draws(self, code: Submission, own: Draws = (), right: Draws = ()) -> list[dict[str, Any]] | None:
        """What can be said of the course's code for each of several draws; None as soon as it cannot agree with `own`."""
        drawn: list[dict[str, Any]] = []
        for salt in (0, *_SALTS):
            run = self.course(code, salt=salt)
            if run is None:
                return None
            drawn.append(features(run))
            fixed = [name for name in own[0] if steady_in(name, own) and steady_in(name, right)] if own else []
            if not salt and not all(alike(name, own[0][name], drawn[0].get(name)) for name in fixed):
                return None
        return drawn

    def own_draws(self, given: Sequence[Answer]) -> list[dict[str, Any]] | None:
        """The same of the submission; its first run is known."""
        runs = [given, *(self.own(salt=salt) for salt in _SALTS)]
        return [features(run) for run in runs if run is not None] if None not in runs else None

    def _open_own(self, describe: Callable[[Any], str]) -> AbstractContextManager[Any]:
        return self.context.pool.student(self.context.submission, self.limits, describe)

    def _run(self, opener: Any, other: int, **options: Any) -> list[Answer] | None:
        seed = self.context.seed if not other else f"{self.context.seed}/{other}"
        return replay(self.check, self.function, seed, opener, self.fixtures, **options)


def agree_but_for_the_draw(run: Runs, mutant: Submission, given: Sequence[Answer], right: Submission) -> bool:
    """Whether a mutant and the submission agree in everything that does not change from draw to draw."""
    own, drawn, reference = run.own_draws(given), run.draws(mutant), run.draws(right)
    if own is None or drawn is None or reference is None:
        return False
    return varies(reference) and agree(own, drawn, reference, constants=False)
