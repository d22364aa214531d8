"""What all of a diagnosis works with: mutants, runs of checks on them and on the submission, and the time there is."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import msgspec

from grader.course.misconceptions import Misconception, apply
from grader.course.stage import Check, Stage
from grader.diagnosis.runs import ReplayCache, Runs
from grader.diagnosis.same_answers import ALL_OF_HISTORY
from grader.running import scores
from grader.running.checks_package import import_checks
from grader.running.context import Context
from grader.submission import Submission
from grader.worker.outside.protocols import CourseWorker

PROBE = "probe_"
Forms = Sequence[Misconception]  #: of mistakes
#: Wall-clock seconds for one failed check. Every known mistake is asked long before, each with the check's own limits: no
#: name depends on what else the machine does. The last resort against a list that never ends.
BUDGET = 60.0


class Bench:
    """One submission, and the course's own code beside it. Arguments as of `diagnose`."""

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
        self.heard = ReplayCache() if heard is None else heard
        self._mutants: dict[tuple[Misconception, ...], Submission] = {(): reference}
        self._runs: dict[tuple[scores.Key, int], Runs] = {}
        self.late = set[scores.Key]()
        self._asked, self._ends = ("", ""), 0.0
        self.functions = cache(lambda stage: checks_and_probes(context.course.stage(stage)))

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


def checks_and_probes(stage: Stage) -> dict[str, Callable[..., None]]:
    """The functions of a stage's checks.py that are checks, and those that only ask: they part what its checks cannot.

    A probe is a function `probe_...(student, case)` that no task.toml lists.
    """
    listed = {check.id for check in stage.checks}
    found = vars(import_checks(stage)).items()
    return {name: value for name, value in found if name in listed or name.startswith(PROBE)}


def probes(check: Check, functions: Iterable[str]) -> list[Check]:
    """The probes among the functions of a check's stage, as checks that are run as it is."""
    names = [name for name in functions if name.startswith(PROBE)]
    return [msgspec.structs.replace(check, id=n, fixtures=("student", "case"), training=False) for n in names]
