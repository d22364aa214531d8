"""Every expectation that the course has of its own checks, and what was found instead."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain

import msgspec
from msgspec import Struct

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, JobOutcome, VerifyContext, run_job, run_jobs
from grader.course.course import Course
from grader.course.misconceptions import Misconception
from grader.diagnosis.answer_table import TABLE
from grader.submission import Submission

Say = Callable[[str], None]
_IMPORT = re.compile(r"^\s*(?:from\s+(?:\.|student\.)?([\w.]+)\s+import|import\s+([\w.]+))", re.MULTILINE)


class Tally(Struct):
    """One kind of subject: how many there were, and how many of them did what was expected."""

    what: str
    problems: list[str]  #: of the findings
    good: int = 0
    of: int = 0

    def count(self, good: object, *problems: str) -> None:
        """One more, and what the problem is if it is not good."""
        self.good, self.of = self.good + bool(good), self.of + 1
        self.problems.extend(() if good else problems)


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

    def __init__(self, course: Course, reference: Submission, wanted: Iterable[str] = (), say: Say = print):
        self.course, self.reference, self.say = course, reference, say
        self.wanted = set(wanted) or {stage.id for stage in course.stages}
        self.unit = tuple(stage.id for stage in course.stages if not stage.training)
        self.bench = VerifyContext(course, reference)
        self.asked: dict[str, set[str]] = {}  #: stage -> modules that its checks asked for, as seen of the reference
        self.findings = Findings(killers={s.id: {c.id: 0 for c in s.checks} for s in course.stages})

    def reference_earns_everything(self, seeds: Iterable[int] = (0,)) -> None:
        """All points of the unit stages; what other jobs need not run again."""
        with self.tally("the reference, check seeds") as tally:
            jobs = [Job(f"seed {seed}", self.reference, self.unit, (seed,)) for seed in seeds]
            # The first in this process: what checks keep of it, such as trainings of their own, all later ones find made.
            for outcome in chain(map(run_job, jobs[:1], [self.bench]), run_jobs(jobs[1:], self.bench)):
                tally.count(self.all_pass(f"reference, {outcome.name}", outcome))
                if not self.asked:
                    self.asked = {stage: set(modules) for stage, modules in outcome.asked.items()}
                    assumed = [(stage, r) for stage, results in outcome.first.items() for r in results]
                    self.bench = msgspec.structs.replace(self.bench, assumed=tuple(assumed))

    def mutants_are_caught(self, as_recorded: bool = True) -> None:
        """Own stage in full, and every earlier stage that the change can reach.

        as_recorded : whether the checks that are recorded to see it must see it
        """
        found = {n: p for n, p in subjects.mutants(self.course, self.reference).items() if p[0].stage in self.wanted}
        jobs = [self._mutant_job(name, m, s) for name, (m, s) in found.items()]
        with self.tally("mutants caught") as tally:
            outcomes = [(found[o.name][0], o) for o in run_jobs(jobs, self.bench) if not self._faulty(o)]
            for m, outcome in outcomes:
                self._caught(m, outcome, tally, as_recorded)

        with self.tally("first seen in their own stage") as tally:
            for m, outcome in outcomes:
                early = [stage for stage in outcome.first if stage != m.stage and outcome.failed(stage)]
                where = "".join(f"{stage} already: {outcome.failed(stage)[0]}" for stage in early[:1])
                tally.count(not early, f"{outcome.name} is seen in {where}.")

    def _mutant_job(self, name: str, m: Misconception, submission: Submission) -> Job:
        order = [stage.id for stage in self.course.stages]
        before = {*order[: order.index(m.stage)]} & {*self.unit}
        earlier = [stage for stage in self.reached(submission) if stage in before]
        return Job(name, submission, (*earlier, m.stage), together=True)

    def _caught(self, m: Misconception, outcome: JobOutcome, tally: Tally, as_recorded: bool) -> None:
        failed = [r.id for r in outcome.first[m.stage] if r.state == "fail"]
        self.findings.seen.setdefault(m.stage, {})[m.name] = failed
        for check in failed:
            self.findings.killers[m.stage][check] += 1
        tally.count(
            failed, f"{outcome.name} survives: no check of {m.stage} sees it. Remedy: write one that does, or remove the mistake."
        )
        if as_recorded and (missed := set(m.fails) - set(failed)):
            self.problem(
                f"{outcome.name} passes {', '.join(sorted(missed))}, which `fails` names. "
                "Remedy: correct `fails`; check-tasks --record writes what is seen."
            )

    def right_answers_earn_everything(self, slow: bool = True) -> None:
        """Full marks, in every unit stage that their change can reach; `slow`: also of those that are marked so, where it has points."""
        found, quick = (subjects.right_answers(self.course, self.reference, also) for also in (slow, False))
        paid = {stage.id for stage in self.course.stages if stage.points}  # one without may count whole trainings
        graded = {name: self.unit if name in quick else paid.intersection(self.unit) for name in found}
        jobs = [Job(name, code, tuple(s for s in self.reached(code) if s in graded[name])) for name, code in found.items()]
        self.all_of_them_pass("right answers with full marks", jobs)

    def degenerate_answers_earn_nothing(self) -> None:
        """Zeros, the input, a constant, the right value in another shape: 0 of their stage."""
        found = subjects.degenerate(self.course, self.reference)
        jobs = [Job(name, s, (stage,)) for name, (stage, s) in found.items() if stage in self.wanted]
        with self.tally("answers without an idea that earn 0") as tally:
            for outcome in run_jobs(jobs, self.bench):
                if not self._faulty(outcome):
                    earned = [r.id for _, r in outcome.checks if r.points]
                    tally.count(not earned, f"{outcome.name} earns points by {', '.join(earned)}.")

    def checks_have_hints_and_killers(self) -> None:
        """Every check sees at least one mutant; folders hold nothing else."""
        with self.tally("checks that see a mutant") as tally:
            for stage in (stage for stage in self.course.stages if stage.id in self.wanted):
                for check in stage.checks:
                    seen = self.findings.killers[stage.id][check.id] or check.training
                    what = f"{stage.checks_file}, line {check.line}: {check.id} sees no mutant."
                    tally.count(seen, f"{what} Remedy: write a misconception that it catches, or remove it.")
                stray = [path for path in stage.folder.iterdir() if path.name not in _FILES]
                told = [f"{path} is a stray file. Remedy: remove or move it." for path in stray if path.name[0] not in "._"]
                self.findings.problems += told

    # -- what these have in common -------------------------------------------------------------------------------------

    @contextmanager
    def tally(self, what: str) -> Iterator[Tally]:
        """Counts one kind of subject, and says its line with the seconds that it took."""
        begun, tally = time.perf_counter(), Tally(what, self.findings.problems)
        self.findings.tallies.append(tally)
        yield tally
        self.say(f"{what:<42} {tally.good:>5} of {tally.of:<5}  {time.perf_counter() - begun:7.1f} s")

    def problem(self, text: str) -> None:
        self.findings.problems.append(text)

    def all_of_them_pass(self, what: str, jobs: Iterable[Job]) -> None:
        with self.tally(what) as tally:
            for outcome in run_jobs(jobs, self.bench):
                tally.count(self.all_pass(outcome.name, outcome))

    def all_pass(self, name: str, outcome: JobOutcome) -> bool:
        """Whether nothing failed under any seed; the first of what did is a problem."""
        if self._faulty(outcome):
            return False
        good = True
        for run, results in enumerate(outcome.results):
            bad = [(stage, r) for stage, rs in results.items() for r in rs if r.state in ("fail", "error", "todo")]
            for stage, result in bad[:3]:
                self.problem(f"{name} (run {run}): {stage}, {result.id} is {result.state}: {result.message}")
            good = good and not bad
        return good

    def reached(self, submission: Submission) -> tuple[str, ...]:
        """The stages in which it can answer otherwise than the reference; known once the reference was graded."""
        return stages_reached(self.course, self.asked, self.reference, submission)

    def _faulty(self, outcome: JobOutcome) -> bool:
        errors = [r for results in outcome.results for rs in results.values() for r in rs if r.state == "error"]
        if errors:
            self.problem(f"{outcome.name}: {errors[0].id} is an error of the grader's own: {errors[0].message}")
        if outcome.fault:
            self.problem(f"{outcome.name}: {outcome.fault}")
        return bool(outcome.fault)


_TEXTS = {"README.md", "refutations.md"}
_FILES = _TEXTS | {"task.toml", "checks.py", "misconceptions.py", "conftest.py", "reference_curves.json", "figures", TABLE}


def matrix(findings: Findings) -> str:
    """How many mutants each check saw."""
    lines = []
    for stage, checks in findings.killers.items():
        if any(checks.values()):
            lines.append(stage)
            lines += [f"  {name:<58} {count:>4}" for name, count in checks.items()]
    return "\n".join(lines)


def stages_reached(course: Course, asked: Mapping[str, set[str]], before: Submission, after: Submission) -> tuple[str, ...]:
    """Ids of the stages in which `after` can answer otherwise than `before` does.

    asked : stage -> modules that its checks asked for, as seen when `before` was graded
    """
    changed = {m for m in {*before.modules, *after.modules} if before.modules.get(m) != after.modules.get(m)}
    return tuple(stage.id for stage in course.stages if changed & _loaded(asked.get(stage.id, set()), after))


def _loaded(modules: set[str], submission: Submission) -> set[str]:
    """The modules, and everything of the submission that they import."""
    todo, found = [*modules], set()
    while todo:
        module = todo.pop()
        if module in submission.modules and module not in found:
            found.add(module)
            for one, other in _IMPORT.findall(submission.modules[module]):
                name = one or other
                todo += [name, name.rpartition(".")[0]]
    return found
