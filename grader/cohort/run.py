"""A class from what was handed in to its tables and its page; run again, it goes on where it was stopped."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grader.cohort import counting, remarks, tables
from grader.cohort.choice import Handout
from grader.cohort.counting import Grade
from grader.cohort.intake import Attempt, Intake, Store, take_in
from grader.cohort.journal import Journal, Outcome, record_key
from grader.cohort.package import Package
from grader.cohort.pool import ProcessPool, StageReached
from grader.cohort.process import CourseBroken
from grader.cohort.remarks import Remark
from grader.cohort.roster import Person, Roster
from grader.cohort.work import ClassSettings, GradeDone, GradeOrder, whole
from grader.course import fingerprint
from grader.course.course import Course
from grader.course.policy import Policy, check_against
from grader.errors import Refusal
from grader.files import write_atomically

if TYPE_CHECKING:
    from grader.cohort.cluster import Cluster

#: Tables are rewritten after so many seconds while grading goes on.
_REFRESH_SECONDS = 20.0
#: After so many submissions that failed by the grader's own fault, and none that did not, the untouched skeleton is graded:
#: if that fails too, everything will; if not, it was those submissions.
MAX_INITIAL_FAULTS = 5
_SKELETON = "skeleton"  #: stands for the key of its record, which it has none of


class Watcher:
    """What may be told of a class's grading. Every method does nothing here."""

    def planned(self, intake: Intake, waiting: int, known: int) -> None:
        """`waiting` submissions will be graded, `known` have been before."""

    def reached(self, event: StageReached, names: list[str]) -> None:
        """A submission is at a stage."""

    def finished(self, outcome: Outcome, names: list[str]) -> None:
        """A submission is done, and in the journal."""


@dataclass
class ClassRun:
    """How a class is to be graded."""

    course: Course
    submissions: Path
    out: Path
    policy: Policy
    roster: Roster | None = None
    times: Roster | None = None  #: a course system's own list of who handed in when
    jobs: int = 0
    scheduler: str = ""  #: address of a Dask scheduler; this machine alone without one
    regrade: tuple[str, ...] = ()  #: students to grade again; "all"
    html: bool = True
    watcher: Watcher = field(default_factory=Watcher)


@dataclass
class Result:
    """A class as far as it is graded."""

    out: Path
    policy: Policy
    intake: Intake
    grades: list[Grade]
    stages: dict[str, int]  #: stage -> points
    course: str  #: fingerprint
    remarks: tuple[Remark, ...] = ()

    def of_state(self, state: str) -> list[Grade]:
        return [grade for grade in self.grades if grade.state == state]


def grade_class(run: ClassRun) -> Result:
    """Grade what has no record yet, then write the tables. A second run with nothing new grades nothing.

    raises : Refusal; CourseBroken if no submission can be graded; KeyboardInterrupt after the tables are written
    """
    run.out.mkdir(parents=True, exist_ok=True)
    with Journal(run.out / "journal.sqlite") as journal:
        scratch = run.out / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)  # of a run that was killed: the journal's lock says it is gone
        scratch.mkdir()
        store = Store(run.out / "store")
        handout = Handout.of(run.course, run.policy.grading.stages)
        skeleton = Package({file: text.encode() for file, text in handout.files.items()})
        lists = run.policy.late, run.roster, run.times
        book = _Book(run, journal, take_in(run.submissions, store, run.out / "unpacked", handout, *lists))
        book.forget_what_is_asked_for()
        waiting = book.waiting()
        run.watcher.planned(book.intake, len(waiting), len(book.keys) - len(waiting))
        try:
            if waiting:
                _grade(run, book, store, waiting, scratch, skeleton)
        finally:
            book.write_tables()
            shutil.rmtree(scratch, ignore_errors=True)
        return Result(run.out, run.policy, book.intake, book.grades(), book.stages, book.course, book.remarks)


class _Book:
    """Which submissions there are, and what the journal knows of them."""

    def __init__(self, run: ClassRun, journal: Journal, intake: Intake) -> None:
        self.run, self.journal, self.intake = run, journal, intake
        self._prints = fingerprint.stages(run.course)
        self.course = whole(self._prints.values())
        self.policy_print = run.policy.fingerprint()
        check_against(run.policy, {stage.id: [check.id for check in stage.checks] for stage in run.course.stages})
        self.stages = {stage.id: stage.points for stage in run.course.select(run.policy.grading.stages)}
        self.keys: dict[str, str] = {}  #: key -> digest, of every attempt that may count, in order of student
        self.names: dict[str, list[str]] = {}  #: key -> whose it is
        self.people = {person.id: person for person in run.roster.people} if run.roster else {}
        students = {each.student for each in intake.attempts} | self.people.keys()
        self.remarks = remarks.read(run.out, journal, students, counting.most_points(self.stages, run.policy))
        self.by_hand = remarks.ByHand(self.remarks, journal.get)
        for attempts in counting.by_student(intake.attempts).values():
            for attempt in counting.choose(attempts, run.policy):
                if attempt.digest:
                    key = self.key(attempt)
                    self.keys[key] = attempt.digest
                    self.names.setdefault(key, []).append(attempt.student)

    def key(self, attempt: Attempt) -> str:
        return record_key(attempt.digest, self.course, self.policy_print) if attempt.digest else ""

    def under(self, digest: str) -> dict[str, str]:
        """Stage -> the key of its records for a submission."""
        return {stage: record_key(digest, part.verdicts, self.policy_print) for stage, part in self._prints.items()}

    def forget_what_is_asked_for(self) -> None:
        if not self.run.regrade:
            return
        wanted = set(self.run.regrade)
        known = {name for names in self.names.values() for name in names}
        if strange := wanted - known - {"all"}:
            raise Refusal(f"nothing of {', '.join(sorted(strange))} can be graded again: not among those who handed in.")
        keys = [k for k, names in self.names.items() if "all" in wanted or wanted & set(names)]
        self.journal.forget(keys, (under for key in keys for under in self.under(self.keys[key]).values()))

    def waiting(self) -> list[str]:
        """Keys without a record, and those that failed through the grader's own fault."""
        states = self.journal.states()
        return [key for key in self.keys if states.get(key, "fault") == "fault"]

    def grades(self) -> list[Grade]:
        found = counting.count(
            self.intake.attempts,
            lambda attempt: self.journal.brief(self.key(attempt), self.run.course) if attempt.digest else None,
            self.run.policy,
            self.stages,
            {person.id: person.late_days for person in self.people.values() if person.late_days is not None},
            self.key,
        )
        most = counting.most_points(self.stages, self.run.policy)
        there = {grade.student for grade in found}
        found += [counting.nothing(person, most) for person in self.people.values() if person.id not in there]
        for place, grade in enumerate(found):
            person = self.people.get(grade.student, Person(""))
            listed = msgspec.structs.replace(grade, section=person.section, appeal=grade.appeal or person.appeal)
            found[place] = self.by_hand.added_to(listed)
        return sorted(found, key=lambda grade: grade.student)

    def write_tables(self) -> None:
        grades = self.grades()
        write_atomically(self.run.out / "grades.csv", tables.table(grades, list(self.stages)))
        write_atomically(self.run.out / "grades.jsonl", msgspec.json.Encoder().encode_lines(grades))


class _Doubt:
    """Whether it makes sense to go on, while nothing but faults came."""

    def __init__(self) -> None:
        self.faults = 0  #: from the first submission on
        self.over = False  #: something was graded: the grader works
        self.asked = False  #: the skeleton is to be graded next
        self._reason = ""

    def heard(self, outcome: Outcome) -> None:
        """A submission is done."""
        self.over = self.over or outcome.state != "fault"
        if not self.over:
            self.faults, self._reason = self.faults + 1, outcome.reason
            self.asked = self.faults == MAX_INITIAL_FAULTS

    def answered(self, skeleton: Outcome) -> None:
        """The skeleton is done.

        raises : CourseBroken if it failed too
        """
        if skeleton.state == "fault" and not self.over:
            told = f"the first {self.faults} all failed, the last one because {self._reason}"
            raise CourseBroken(f"{told}; the untouched skeleton fails too, because {skeleton.reason}")
        self.over = True


def _grade(run: ClassRun, book: _Book, store: Store, waiting: list[str], scratch: Path, skeleton: Package) -> None:
    settings = ClassSettings(run.policy, run.html)
    doubt = _Doubt()

    def orders() -> Iterator[GradeOrder]:
        for key in [*waiting, ""]:
            if doubt.asked and not doubt.over:
                doubt.asked = False
                yield _order(_SKELETON, skeleton)
            if key:
                yield _order(key, store.get(book.keys[key]))

    def _order(key: str, package: Package) -> GradeOrder:
        kept = [] if key == _SKELETON else book.journal.stages(book.under(package.digest).values())
        return GradeOrder(key, package.digest, msgspec.msgpack.encode(package), book.course, kept)

    backend = _backend(run, settings, scratch)
    refreshed = time.monotonic()
    try:
        for event in backend.run(orders()):
            if isinstance(event, StageReached):
                if event.key != _SKELETON:
                    run.watcher.reached(event, book.names[event.key])
                continue
            if event.other_course:
                if not run.scheduler:
                    raise Refusal("the course was changed while the class was being graded. Remedy: run it again.")
                raise Refusal(
                    f"a machine of the cluster has another version of the course ({event.other_course[:12]}, "
                    f"here {book.course[:12]}). Remedy: install the same checkout on every machine."
                )
            if event.key == _SKELETON:
                doubt.answered(event.outcome)
                continue
            keep_files(run.out, event)
            under = book.under(event.digest)
            book.journal.finish(event.key, event.digest, event.outcome, {under[stage.stage]: stage for stage in event.kept})
            run.watcher.finished(event.outcome, book.names[event.key])
            doubt.heard(event.outcome)
            if time.monotonic() - refreshed > _REFRESH_SECONDS:
                book.write_tables()
                refreshed = time.monotonic()
    finally:
        backend.close()


def _backend(run: ClassRun, settings: ClassSettings, scratch: Path) -> "ProcessPool | Cluster":
    if run.scheduler:
        from grader.cohort.cluster import Cluster

        return Cluster(run.scheduler, run.course, settings)
    return ProcessPool(run.course, settings, run.jobs, scratch, run.out / "log")


def report_folder(out: Path, key: str) -> Path:
    """Where the report of a record lies."""
    return out / "reports" / key[:20]


def keep_files(out: Path, done: GradeDone) -> None:
    """Put a grade's files in their place; the record in the journal follows, so a record has its files."""
    folder = report_folder(out, done.key)
    shutil.rmtree(folder, ignore_errors=True)  # of a grade that has no record any more
    for name, content in done.files.items():
        write_atomically(folder / name, content)
