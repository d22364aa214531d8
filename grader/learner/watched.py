"""What `watch` knows between two saves: course, checks and workers stay warm; only the submission is read again."""

import functools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

import msgspec

from grader.course.course import Course
from grader.course.stage import Check, Stage
from grader.diagnosis.name_mistakes import name_mistakes
from grader.grading import curves, repro
from grader.grading.output import Output
from grader.learner.import_graph import Imports
from grader.records import CheckResult, Extra, NextStep, Report, StageResult, cleaned
from grader.report import words
from grader.running import scores
from grader.running.context import Context, place_in
from grader.running.limits import Limits, calibrate
from grader.running.runner import decided, load_checks
from grader.running.session import Observer, Session
from grader.running.state import RunState
from grader.submission import Submission
from grader.worker.outside.protocols import Pool

#: Seconds that a failed check may take before it is shown at once: a loop that does not end costs every check its limit.
_LONG = 1.0


@dataclass(frozen=True)
class GradeOptions:
    """How `Watched.grade` goes about it.

    so_far : told once, as soon as a check has failed and took long, how many checks are left; `report` is as of then
    """

    observers: Iterable[Observer] = ()
    stop: Callable[[], bool] = lambda: False
    so_far: Callable[[int], None] = lambda left: None


_ALONE = GradeOptions()


class Watched:
    """A learner's folder and what is known about it.

    report : all stages that were graded since the start, the current one as of the last save
    stage  : the current stage
    out    : where what is known can be kept, or None
    """

    def __init__(
        self, student: Path, course: Course, pool: Pool, *, seed: int = 0, stage: Stage | None = None, out: Output | None = None
    ):
        self.student, self.course, self.pool, self.seed, self.out = student, course, pool, seed, out
        self.stage = stage or course.stages[0]
        self.chosen = stage is not None
        self.seconds = 0.0
        self.submission: Submission | None = None
        self.limits = Limits(calibrate())
        self._functions = functools.cache(lambda stage: dict(load_checks(course.stage(stage))))
        self._stages: dict[str, StageResult] = {}
        self._sessions: dict[str, Session] = {}
        self._begun: list[Session] = []  #: whose workers may still be there
        self._asked: set[str] = set()  #: stages of these whose mistakes were looked for
        self._fingerprint = ""
        self._imports: Imports | None = None
        self._passed: dict[scores.Key, tuple[set[str], str, CheckResult]] = {}

    def changed(self) -> bool:
        """Whether the submission's text differs from what was graded last. Reads it."""
        submission = self.course.read(self.student)
        fingerprint = submission.fingerprint()
        if fingerprint == self._fingerprint:
            return False
        self.submission, self._fingerprint, self._imports = submission, fingerprint, Imports(submission)
        return True

    def forget(self) -> None:
        """Run everything again next time, also what passed and cannot have changed."""
        self._passed.clear()
        self._fingerprint = ""

    def grade(self, stage: Stage | None = None, how: GradeOptions = _ALONE) -> StageResult | None:
        """Grade one stage, the current one if none is given; None if `how.stop` said so in between."""
        stage = stage or self.stage
        if self.submission is None:
            self.changed()
        begun = time.perf_counter()
        context = self._context(stage)
        session, told = Session([stage], context, how.observers), False
        self._begun.append(session)
        to_run = [check for check in session.order if scores.key(check) not in session.results]
        for number, check in enumerate(to_run, 1):
            result = session.run(check, self._functions(check.stage)[check.id])
            self._remember(check, result, context)
            if how.stop():
                return None
            left = len(to_run) - number
            if result.state != "fail" or result.seconds <= _LONG or told or not left:
                continue
            partial = scores.stage_result(stage, session.results)
            if partial is not None:  # else it is a stage before this one that takes long
                told, self._stages[stage.id] = True, partial
                self.seconds = time.perf_counter() - begun
                how.so_far(left)
        graded = scores.stage_result(stage, session.results)
        assert graded is not None
        self._stages[stage.id], self._sessions[stage.id] = graded, session
        self._asked.discard(stage.id)
        if stage is self.stage:
            self.seconds = time.perf_counter() - begun
        return graded

    def rest(self) -> None:
        """End the workers of what was graded: once it is shown, and its mistakes have their names."""
        while self._begun:
            self._begun.pop().close()

    def _context(self, stage: Stage) -> Context:
        """What a stage is graded in: for one that is only looked at, with what was graded before it since the save."""
        assert self.submission is not None
        before = takewhile(lambda known: known.id != stage.id, self._known() if stage is not self.stage else ())
        known = RunState({(s.id, c.id): c for s in before for c in s.checks})
        place = self.course, self.submission, self.pool, self.seed, self.limits
        evidence = self.out.evidence if self.out else None
        return Context(*place, evidence=evidence, recall=self._recall, state=known, follow_through="full")

    def move(self, how: GradeOptions) -> Iterator[StageResult]:
        """Grade the current stage; then go on from what is done, and back to what blocks, to where something is to do.

        A stage that was asked for by name, or that passes with a substitute, is stayed with.

        yields : every stage that was graded on the way, the current one last; it ends early if `stop` says so
        """
        while True:
            graded = self.grade(how=how)
            if graded is None:
                return
            yield graded
            following = self.following() if words.shown_state(graded) == "pass" else None
            if graded.state == "blocked":
                following = self.course.stage(graded.checks[0].blocked_by.partition(":")[0])
            if following is None or self.chosen:
                return
            self.stage = following

    def following(self, step: int = 1) -> Stage | None:
        """The stage after the current one that is not known to be done, or None."""
        stages = self.course.stages
        place = stages.index(self.stage)
        after = stages[place + 1 :] if step > 0 else stages[:place][::-1]
        done = {known.id for known in self._stages.values() if known.state == "pass"}
        return next((s for s in after if s.id not in done), None)

    def refresh(self, stop: Callable[[], bool]) -> bool:
        """Grade all other stages, so that the ladder is true again; False if it was stopped.

        Of stages that train, only what can be said without training: that they are to do, or wait for others.
        """
        for stage in self.course.stages:
            if stage is self.stage:
                continue
            if stop():
                return False
            if stage.training:
                self._settle(stage)
            elif self.grade(stage, GradeOptions(stop=stop)) is None:
                return False
        return True

    def _settle(self, stage: Stage) -> None:
        """What can be said of a stage that trains without running it; otherwise what was found last stays."""
        context = self._context(stage)
        found = {scores.key(check): decided(check, context) for check in stage.checks}
        results = {where: result for where, result in found.items() if result is not None}
        graded = scores.stage_result(stage, results) if len(results) == len(found) else None
        if graded is not None:
            self._stages[stage.id] = graded

    def name_mistakes(self, reference: Path | None, stop: Callable[[], bool] = lambda: False) -> bool:
        """Name the mistakes of the failed checks of the current stage, or where the next step is; True if their results say more."""
        step = self.next_step()
        stage = self.course.stage(step.stage) if step else self.stage
        session = self._sessions.get(stage.id)
        if session is None or stage.id in self._asked:
            return False
        self._asked.add(stage.id)
        before = dict(session.results)
        name_mistakes(session, reference, stop)
        graded = scores.stage_result(stage, session.results)
        if graded is None or before == session.results:
            return False
        self._stages[stage.id] = graded
        return True

    def write_repro(self, folder: Path) -> Path | None:
        """A file that runs what the check of the next step ran, if it was run since the last save."""
        step = self.next_step()
        session = self._sessions.get(step.stage) if step else None
        return repro.write(session.context, step, folder) if session else None

    def take(self, report: Report) -> None:
        """Take over what a whole grade found."""
        self._stages.update({stage.id: stage for stage in report.stages})

    def keep(self, page: bool) -> None:
        """Write what is known to `out`, as a grade does; the page alone may show a part of the stages, and comes if asked."""
        whole = len(self._known()) == len(self.course.stages)
        if self.out is None or not (whole or page) or self.current is None:
            return
        report = self.report
        named = [] if whole else [stage.id for stage in report.stages]
        found = {(stage.id, check.id): check for stage in report.stages for check in stage.checks}
        report = msgspec.structs.replace(
            report,
            sandbox=self.pool.report(),
            seed={"value": self.seed},
            fingerprints={"submission": self._fingerprint},
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            curves=curves.of_results(self.course, found, self.out.evidence),
            extra=Extra(stages_named=named),
        )
        msgspec.structs.replace(self.out, html=page).keep(cleaned(report), whole, self.course)

    @property
    def current(self) -> StageResult | None:
        return self._stages.get(self.stage.id)

    @property
    def report(self) -> Report:
        """Everything known, as a report that has the current stage's next step."""
        stages = self._known()
        return Report(
            score=sum(stage.points for stage in stages),
            max_score=self.course.points,
            stages=stages,
            student=self.student.name,
            next=self.next_step(),
            seconds=self.seconds,
        )

    def next_step(self) -> NextStep | None:
        """What to do next: in the current stage, or where it is blocked."""
        if self.current is None or self.submission is None:
            return None
        place = functools.partial(place_in, self.submission)
        claims = {stage.id: stage.claims for stage in self.course.stages}
        found = scores.next_step([self.current], claims, place)
        return found or scores.next_step(self._known(), claims, place)

    def to_do(self) -> tuple[str, CheckResult] | None:
        """(stage, result) of the check that the next step is about."""
        step = self.next_step()
        where = (step.stage, step.check) if step else None
        return next(((s.id, c) for s in self._stages.values() for c in s.checks if (s.id, c.id) == where), None)

    def _recall(self, check: Check) -> CheckResult | None:
        """What passed before, if nothing it can depend on has changed."""
        kept = self._passed.get(scores.key(check))
        if kept is None or self._imports is None or kept[1] != self._imports.fingerprint(kept[0]):
            return None
        return kept[2]

    def _remember(self, check: Check, result: CheckResult, context: Context) -> None:
        touched = context.state.touched.get(scores.key(check))
        if result.state == "pass" and not result.substituted and touched and self._imports is not None:
            self._passed[scores.key(check)] = touched, self._imports.fingerprint(touched), result

    def _known(self) -> list[StageResult]:
        """The stages that were graded, in course order."""
        return [self._stages[stage.id] for stage in self.course.stages if stage.id in self._stages]
