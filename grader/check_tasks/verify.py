"""Every expectation that the course has of its own checks, and what was found instead."""

import time
import zlib
from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, JobOutcome, VerifyContext, run_jobs
from grader.check_tasks.reach import stages_reached
from grader.course.course import Course
from grader.course.misconceptions import Misconception
from grader.records import CheckResult
from grader.submission import Submission

Say = Callable[[str], None]


class Tally(Struct):
    """One kind of subject: how many there were, and how many of them did what was expected."""

    what: str
    good: int = 0
    of: int = 0
    seconds: float = 0.0

    def count(self, good: bool) -> None:
        self.good, self.of = self.good + good, self.of + 1


class Findings(Struct):
    """What came out."""

    problems: list[str] = []
    tallies: list[Tally] = []
    killers: dict[str, dict[str, int]] = {}  #: stage -> check -> mutants that it saw
    seen: dict[str, dict[str, list[str]]] = {}  #: stage -> misconception -> checks that saw it


class Verifier:
    """Runs the groups of subjects one after the other; `findings` grows.

    wanted : ids of the stages to look at; all if empty
    """

    def __init__(
        self, course: Course, reference: Submission, wanted: Iterable[str] = (), images: int = 500, say: Say = print
    ):
        self.course, self.reference, self.say = course, reference, say
        self.wanted = set(wanted) or {stage.id for stage in course.stages}
        self.unit = tuple(stage.id for stage in course.stages if not stage.training)
        self.bench = VerifyContext(course, reference, images)
        self.asked: dict[str, set[str]] = {}
        self.findings = Findings(killers={s.id: {c.id: 0 for c in s.checks} for s in course.stages})

    def reference_earns_everything(self, seeds: Iterable[int] = (0,)) -> None:
        """All points of the unit stages; what other jobs need not run again."""
        with self._tally("the reference, check seeds") as tally:
            jobs = [Job(f"seed {seed}", self.reference, self.unit, (seed,)) for seed in seeds]
            for outcome in run_jobs(jobs, self.bench):
                tally.count(self._all_pass(f"reference, {outcome.name}", outcome))
                if not self.asked:
                    self.asked = {stage: set(modules) for stage, modules in outcome.asked.items()}
                    assumed = [(stage, r) for stage, results in outcome.results[0].items() for r in results]
                    self.bench = msgspec.structs.replace(self.bench, assumed=tuple(assumed))

    def mutants_are_caught_and_named(self, name_one_in: int = 1, as_recorded: bool = True) -> None:
        """Own stage in full, and every earlier stage that the change can reach.

        name_one_in : of so many mutants one must also be named as itself, always the same ones; 0 for none
        as_recorded : whether the checks that are recorded to see it must see it
        """
        found = subjects.mutants(self.course, self.reference)
        found = {name: (m, s) for name, (m, s) in found.items() if m.stage in self.wanted}
        order = {stage.id: k for k, stage in enumerate(self.course.stages)}
        jobs = []
        for name, (m, submission) in found.items():
            earlier = [s for s in self.reached(submission) if order[s] < order[m.stage] and s in self.unit]
            chosen = name_one_in > 0 and zlib.crc32(name.encode()) % name_one_in == 0
            jobs.append(Job(name, submission, (*earlier, m.stage), (0,), chosen, together=True))
        jobs.sort(key=lambda job: not job.name_mistakes)  # those to be named side by side: they share processes
        to_name = {job.name for job in jobs if job.name_mistakes}
        caught, first, named = Tally("mutants caught"), Tally("first seen in their own stage"), Tally("mutants named")
        with self._tally(caught, first, *([named] if to_name else [])):
            for outcome in run_jobs(jobs, self.bench):
                m = found[outcome.name][0]
                if self._faulty(outcome):
                    continue
                failed = [r for r in outcome.results[0][m.stage] if r.state == "fail"]
                self._keep(m, failed)
                caught.count(bool(failed))
                if not failed:
                    self._problem(f"{outcome.name} survives: no check of {m.stage} sees it.")
                if as_recorded and (missed := set(m.fails) - {r.id for r in failed}):
                    self._problem(f"{outcome.name} should fail {', '.join(sorted(missed))}.")
                early = [stage for stage in outcome.results[0] if stage != m.stage and outcome.failed(stage)]
                first.count(not early)
                if early:
                    self._problem(f"{outcome.name} is seen in {early[0]} already: {outcome.failed(early[0])[0]}.")
                if outcome.name in to_name and failed:
                    said = {name for r in failed for name in names_of(r)}
                    named.count(m.id in said)
                    if m.id not in said:
                        self._problem(
                            f"{outcome.name} is not named" + (f", but taken for {min(said)}." if said else ".")
                        )

    def right_answers_earn_everything(self, seeds: tuple[int, ...] = (0,), full: bool = False) -> None:
        """Full marks, in every stage that their change can reach."""
        found = subjects.right_answers(self.course, self.reference)
        with self._tally("right answers with full marks") as tally:
            jobs = []
            for name, submission in found.items():
                stages = [s for s in self.reached(submission) if full or s in self.unit or not self._slow(s)]
                jobs.append(Job(name, submission, tuple(stages), seeds))
            for outcome in run_jobs(jobs, self.bench):
                tally.count(self._all_pass(outcome.name, outcome))

    def degenerate_answers_earn_nothing(self) -> None:
        """Zeros, the input, a constant, the right value in another shape: 0 of their stage."""
        found = subjects.degenerate(self.course, self.reference)
        found = {name: pair for name, pair in found.items() if pair[0] in self.wanted}
        with self._tally("answers without an idea that earn 0") as tally:
            for outcome in run_jobs((Job(n, s, (stage,)) for n, (stage, s) in found.items()), self.bench):
                if self._faulty(outcome):
                    continue
                passed = [r.id for rs in outcome.results[0].values() for r in rs if r.points]
                tally.count(not passed)
                if passed:
                    self._problem(f"{outcome.name} earns points by {', '.join(passed)}.")

    def checks_have_hints_and_killers(self) -> None:
        """Every check has three hints, and sees at least one mutant; folders hold nothing else."""
        with self._tally("checks with hints that see a mutant") as tally:
            for stage in self.course.stages:
                for check in stage.checks if stage.id in self.wanted else ():
                    seen = self.findings.killers[stage.id][check.id] or check.training
                    tally.count(bool(seen) and len(check.hints) == 3)
                    if not seen:
                        self._problem(f"{stage.id}: {check.id} sees no mutant.")
                    if len(check.hints) != 3:
                        self._problem(f"{stage.id}: {check.id} has {len(check.hints)} hints instead of three.")
                for path in stage.folder.iterdir():
                    if path.name not in _FILES and path.name[0] not in "._":
                        self._problem(f"{path} is a stray file.")

    # -- small things --------------------------------------------------------------------------------------------------

    def reached(self, submission: Submission) -> tuple[str, ...]:
        """The stages in which it can answer otherwise than the reference; known once the reference was graded."""
        return stages_reached(self.course, self.asked, self.reference, submission)

    def _slow(self, stage: str) -> bool:
        return self.course.stage(stage).training

    def _keep(self, m: Misconception, failed: list[CheckResult]) -> None:
        self.findings.seen.setdefault(m.stage, {})[m.name] = [r.id for r in failed]
        for result in failed:
            self.findings.killers[m.stage][result.id] += 1

    def _all_pass(self, name: str, outcome: JobOutcome) -> bool:
        if self._faulty(outcome):
            return False
        good = True
        for run, results in enumerate(outcome.results):
            bad = [(stage, r) for stage, rs in results.items() for r in rs if r.state in ("fail", "error", "todo")]
            for stage, result in bad[:3]:
                self._problem(f"{name} (run {run}): {stage}, {result.id} is {result.state}: {result.message}")
            good = good and not bad
        return good

    def _faulty(self, outcome: JobOutcome) -> bool:
        errors = [r for results in outcome.results for rs in results.values() for r in rs if r.state == "error"]
        if errors:
            self._problem(f"{outcome.name}: {errors[0].id} is an error of the grader's own: {errors[0].message}")
        if outcome.fault:
            self._problem(f"{outcome.name}: {outcome.fault}")
        return bool(outcome.fault)

    def _problem(self, text: str) -> None:
        self.findings.problems.append(text)

    def _tally(self, *what: "str | Tally") -> "_Clock":
        tallies = [Tally(item) if isinstance(item, str) else item for item in what]
        self.findings.tallies += tallies
        return _Clock(tallies, self.say)


_FILES = {"task.toml", "README.md", "checks.py", "misconceptions.py", "conftest.py", "reference_curves.json"}


class _Clock:
    """Writes the seconds that a group took, and says its line."""

    def __init__(self, tallies: list[Tally], say: Say):
        self.tallies, self.say = tallies, say

    def __enter__(self) -> Tally:
        self.begun = time.perf_counter()
        return self.tallies[0]

    def __exit__(self, *_unused: object) -> None:
        self.tallies[0].seconds = time.perf_counter() - self.begun
        for tally in self.tallies:
            time_taken = f"  {tally.seconds:7.1f} s" if tally is self.tallies[0] else ""
            self.say(f"{tally.what:<42} {tally.good:>5} of {tally.of:<5}{time_taken}")


def names_of(result: CheckResult) -> list[str]:
    """The misconceptions that a result names: one, and its twins."""
    return [result.mistake.id, *result.mistake.alike] if result.mistake else []


def matrix(findings: Findings) -> str:
    """How many mutants each check saw."""
    lines = []
    for stage, checks in findings.killers.items():
        if any(checks.values()):
            lines.append(stage)
            lines += [f"  {name:<58} {count:>4}" for name, count in checks.items()]
    return "\n".join(lines)
