"""Write the tables by which mistakes are named where the course's answers are not at hand, and see that they are of today."""

import multiprocessing
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property, partial

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, run_jobs
from grader.check_tasks.verify import Verifier
from grader.course.course import Course, Stage
from grader.course.misconceptions import Misconception, load
from grader.course.stage import Check
from grader.diagnosis.answer_table import (
    OTHERS,
    SEED,
    TABLE,
    AllAnswers,
    AnswerTable,
    KnownAnswers,
    KnownMistake,
    Line,
    RightAnswers,
    agrees,
    as_text,
    differing,
    expanded,
    made_of,
)
from grader.diagnosis.digests import digest_text
from grader.diagnosis.drawn_digests import plain, states, told_apart
from grader.diagnosis.random_draws import agree, features, steady_in, varies
from grader.diagnosis.runs import Runs
from grader.diagnosis.same_answers import ALL_OF_HISTORY, last_words
from grader.files import write_atomically
from grader.running.context import Context
from grader.running.limits import Limits
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout
from grader.worker.outside.local import LocalPool

_PATIENCE = 3.0  #: factor on the limits: what a mistake answers must not depend on the load of the machine
_DRAWS = 3  #: of a mistake, as many as there will be of a submission


def tables_are_of_today(verifier: Verifier) -> None:
    """The table of each stage says what its mistakes answer now."""
    with verifier.tally("tables of what mistakes answer") as tally:
        for stage, text in _texts(verifier):
            there = stage.folder / TABLE
            good = there.is_file() and there.read_text(encoding="utf-8") == text
            tally.count(good, f"{there} is not of today. Remedy: make check-tasks ARGS=--tables")


def mistakes_are_named_by_tables(verifier: Verifier, one_in: int = 1) -> None:
    """Of the bank and of held-out forms, nine in ten are named without the reference's code, none by another name.

    one_in : of so many one is looked at, always the same ones
    """
    course, reference = verifier.course, verifier.reference
    found = [*subjects.mutants(course, reference).items(), *subjects.held_out(course, reference).items()]
    jobs: dict[str, tuple[Misconception, Job]] = {}
    for number, (name, (m, mutant)) in enumerate(found):
        if m.stage in verifier.wanted and zlib.crc32(name.encode()) % one_in == 0:
            title = f"{number}: {name}"
            jobs[title] = m, Job(title, mutant, (m.stage,), (0,), True, together=True)
    bench = msgspec.structs.replace(verifier.bench, by_tables=True)
    with verifier.tally("mistakes named by the tables") as tally:
        for outcome in run_jobs((job for _, job in jobs.values()), bench):
            good = jobs[outcome.name][0].id in outcome.names
            tally.count(good)
            if outcome.names and not good:
                verifier.problem(f"{outcome.name} is taken for {min(outcome.names)} by the tables.")
        if tally.good < 0.9 * tally.of:
            verifier.problem(f"The tables name {tally.good} of {tally.of} mistakes.")


def write_tables(verifier: Verifier) -> None:
    """Bring the table of each stage up to date."""
    for stage, text in _texts(verifier):
        write_atomically(stage.folder / TABLE, text.encode())
        verifier.say(f"{stage.id}: {len(text.splitlines()):,} lines, {len(text):,} bytes")


def _texts(verifier: Verifier) -> Iterator[tuple[Stage, str]]:
    """What the table of each stage that knows mistakes has to be."""
    course = verifier.course
    stages = [stage for stage in course.stages if stage.id in verifier.wanted and load(stage.folder)]
    work = partial(_text, course, verifier.reference)
    if not hasattr(os, "fork"):
        yield from zip(stages, map(work, stages))
        return
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as processes:
        yield from zip(stages, processes.map(work, stages))


def _text(course: Course, reference: Submission, stage: Stage) -> str:
    return table_of(course, reference, stage).text()


def table_of(course: Course, reference: Submission, stage: Stage) -> AnswerTable:
    """What the reference and each mistake of a stage answer now."""
    bank = {m.name: (m, s) for m, s in subjects.mutants(course, reference).values() if m.stage == stage.id}
    seen = {check for m, _ in bank.values() for check in m.fails}
    asked = {check.id: _Questions(course, reference, check) for check in stage.checks if check.id in seen}
    lines = _mistakes(m for m, _ in bank.values())
    for check, questions in asked.items():
        lines += questions.lines([pair for pair in bank.values() if check in pair[0].fails])
    lines += _partings(AnswerTable("", lines), bank, asked)
    return AnswerTable(made_of(course, stage), lines)


def _partings(
    table: AnswerTable, bank: Mapping[str, tuple[Misconception, Submission]], asked: Mapping[str, "_Questions"]
) -> list[AllAnswers]:
    """Of all mistakes that a check does not tell apart, their answers to the questions that do."""
    found: list[AllAnswers] = []
    for check, questions in asked.items():
        for twins in _twins(table, check):
            about = _about({bank[name][0].target for name in twins})
            near = [other for other in asked.values() if about & _about(other.check.functions)]
            parting = _parting(table, {name: bank[name][1] for name in twins}, [questions, *near])
            found += [line for line in parting if line not in found]
    return found


def _mistakes(bank: Iterable[Misconception]) -> list[Line]:
    """A line a form; title and hint are told once."""
    told: set[str] = set()
    lines: list[Line] = []
    for m in bank:
        lines.append(KnownMistake(m.name, m.alike, *("", "") if m.group in told else (m.hint, m.title)))
        told.add(m.group)
    return lines


def _about(functions: Iterable[str]) -> set[str]:
    """The functions, and the classes of those that are methods."""
    return {name for f in functions for name in (f, f.rpartition(".")[0]) if "." in name}


def _twins(table: AnswerTable, check: str) -> list[list[str]]:
    """The mistakes that a check's answers do not tell apart, where they are not called the same."""
    right, found = table.right[check], list[tuple[KnownAnswers, list[str]]]()
    for line in table.known[check]:
        own = [expanded(told, answers, ALL_OF_HISTORY) for told, answers in zip(line.answers, right.answers)]
        for first, names in found:
            if line.words == first.words and all(map(agrees, own, first.answers, right.answers)):
                names += line.names.split()
                break
        else:
            found.append((line, line.names.split()))
    return [names for _, names in found if _groups(table, names) > 1]


def _joined(told: dict[str, str]) -> dict[str, str]:
    """Answers -> the names of those that give them."""
    found: dict[str, str] = {}
    for name, answers in told.items():
        found[answers] = f"{found.get(answers, '')} {name}".strip()
    return found


def _groups(table: AnswerTable, names: Iterable[str]) -> int:
    return len({table.mistakes[name].group for name in names})


def _parting(table: AnswerTable, twins: dict[str, Submission], near: Iterable["_Questions"]) -> list[AllAnswers]:
    """Their answers to all questions of the first checks of some by which they part."""
    found: list[AllAnswers] = []
    parts = [[*twins]]
    for asked in near:
        if all(_groups(table, part) == 1 for part in parts):
            break
        told = {name: asked.all_answers(mutant) for name, mutant in twins.items()}
        parted = [[n for n in part if told[n] == answers] for part in parts for answers in {told[n]: 0 for n in part}]
        if len(parted) > len(parts) and all(told.values()):
            parts = parted
            found.append(AllAnswers(asked.check.id, "", asked.everything))
            found += [AllAnswers(asked.check.id, names, answers) for answers, names in _joined(told).items()]
    return found


class _Questions:
    """The lines of one check: what the reference answers, and how each mistake's answers differ from that."""

    def __init__(self, course: Course, reference: Submission, check: Check):
        pool, self.reference = LocalPool(), reference
        self.check, self.runs = check, Runs(Context(course, reference, pool, SEED, Limits(_PATIENCE)), pool, check)
        self.right = [as_text(self.runs.course(reference, other=other) or []) for other in OTHERS]
        draws = self.runs.draws(reference) or []
        self.draws = [features(plain(self.runs.course(reference, salt=salt) or [])) for salt in range(len(draws))]
        self.states = states(self.draws) if varies(self.draws) else {}
        self.features = told_apart(self.states, {}, len(self.draws[0]["questions"]))

    def lines(self, mutants: list[tuple[Misconception, Submission]]) -> Iterator[RightAnswers | KnownAnswers]:
        """The reference's line, and one for all mistakes that answer alike."""
        equal = self.draws[0]["equal"] if self.features and steady_in("equal", self.draws) else []
        yield RightAnswers(self.check.id, self.right, self.features, equal)
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
        try:
            given, again = ([self.runs.course(mutant, other=other) or [] for other in OTHERS] for _ in range(2))
            drawn = self._differing_features(mutant) if self.features else {}
        except CallTimeout:  # what it would answer in the end is not known; that it fails is
            return KnownAnswers(self.check.id, "", ["" for _ in OTHERS])
        told = [differing(as_text(heard), right) for heard, right in zip(given, self.right)]
        # What a mistake draws without a seed is never the same again: of that, features alone are told.
        told = ["" if differing(as_text(a), as_text(b)) else text for text, a, b in zip(told, given, again)]
        words = last_words(given[0])
        return KnownAnswers(self.check.id, "", told, digest_text(words) if words else "", drawn)

    @cached_property
    def everything(self) -> str:
        """What the reference answers to all questions."""
        return as_text(self.runs.course(self.reference, lenient=True) or [])

    def all_answers(self, mutant: Submission) -> str:
        """What a mistake answers to all questions; nothing if it had to be stopped."""
        try:
            given = as_text(self.runs.course(mutant, lenient=True) or [])
        except CallTimeout:
            return ""
        return differing(given, self.everything) or f"={len(given.split())}"

    def _differing_features(self, mutant: Submission) -> dict[str, str]:
        """Those whose state is not the right code's; none if nothing tells it from the right code in every draw."""
        draws = [features(plain(self.runs.course(mutant, salt=salt) or [])) for salt in range(_DRAWS)]
        if agree(draws, self.draws, self.draws):
            return {}
        return told_apart(states(draws, self.states), self.features, len(draws[0]["questions"]))
