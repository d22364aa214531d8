"""Write the tables by which mistakes are named where the course's answers are not at hand, and see that they are of today."""

import contextlib
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from grader.check_tasks.numbers import usual_numbers
from grader.check_tasks.questions import Questions
from grader.check_tasks.verify import Verifier
from grader.course.course import Course, Stage
from grader.course.misconceptions import Misconception, apply, load
from grader.diagnosis.answer_table import (
    FILLED,
    OTHERS,
    TABLE,
    AllAnswers,
    AnswerTable,
    KnownAnswers,
    KnownMistake,
    Line,
    OpenAnswers,
    made_of,
)
from grader.diagnosis.digests import Digest
from grader.diagnosis.matches import groups, is_about
from grader.diagnosis.runs import checks_and_probes, probes
from grader.diagnosis.same_answers import ALL_OF_HISTORY, NO_HISTORY, VALIDATION_ONLY, in_words_alone
from grader.files import write_atomically
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout


def tables_are_of_today(verifier: Verifier) -> None:
    """The table of each stage says what its mistakes answer now."""
    with verifier.tally("tables of what mistakes answer") as tally:
        for stage, text in _texts(verifier):
            there = stage.folder / TABLE
            good = there.is_file() and there.read_text(encoding="utf-8") == text
            tally.count(good, f"{there} is out of date. Remedy: make check-tasks ARGS=--tables")


def write_tables(verifier: Verifier) -> None:
    """Bring the table of each stage up to date."""
    for stage, text in _texts(verifier):
        write_atomically(stage.folder / TABLE, text.encode())
        verifier.say(f"{stage.id}: {len(text.splitlines()):,} lines, {len(text):,} bytes")


def _texts(verifier: Verifier) -> Iterator[tuple[Stage, str]]:
    course = verifier.course
    stages = [stage for stage in course.stages if stage.id in verifier.wanted and load(stage.folder)]
    work = partial(text_of, course, verifier.reference)
    if not hasattr(os, "fork"):
        yield from zip(stages, map(work, stages))
        return
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as processes:
        yield from zip(stages, processes.map(work, stages))


def text_of(course: Course, reference: Submission, stage: Stage) -> str:
    """The file that tells what the reference and each mistake of a stage answer now."""
    return AnswerTable(made_of(course, stage), _Maker(course, reference, stage).lines()).text()


class _Maker:
    """The lines of one stage's table.

    bank    : name -> mistake
    codes   : name, also with another number -> what the mistake is in, and the reference with it
    asked   : the checks that see mistakes
    probing : what only asks
    """

    def __init__(self, course: Course, reference: Submission, stage: Stage):
        self.reference, self.bank = reference, {m.name: m for m in load(stage.folder)}
        self.codes = {name: (m.target, apply(reference, m)) for name, m in self.bank.items()}
        functions, questions = checks_and_probes(stage), partial(Questions, course, reference)
        seen = [check for check in stage.checks if any(check.id in m.fails for m in self.bank.values())]
        self.asked = [questions(check, functions[check.id]) for check in seen]
        self.probing = [questions(probe, functions[probe.id], NO_HISTORY) for probe in probes(seen[0], functions)]

    def lines(self) -> list[Line]:
        lines: list[Line] = [*self._mistakes()]
        for asked in self.asked:
            telling = [] if in_words_alone(asked.right) else [m for m in self.bank.values() if asked.check.id in m.fails]
            lines += asked.lines([(m, self.codes[m.name][1]) for m in telling])
        told = {key: name for line in lines if isinstance(line, KnownAnswers) for name, key in self._keys(line)}
        for m in self.bank.values():
            lines += self._open(m, told) if m.open is not None else ()
        table = AnswerTable("", lines)
        for asked in self.asked:
            for twins in _twins(table, asked.check.id):
                lines += [line for line in self._parting(table, asked, twins) if line not in lines]
        return lines

    def _mistakes(self) -> Iterator[KnownMistake]:
        """Title and hint are told once."""
        groups = set[str]()
        for m in self.bank.values():
            yield KnownMistake(m.name, m.alike, *("", "") if m.group in groups else (m.hint, m.title))
            groups.add(m.group)

    def _keys(self, line: KnownAnswers) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Of each form that a line tells of, its check, mistake and answers, for each scope of a history."""
        for name in line.names.split():
            for place in range(0, len(line.answers), len(OTHERS)):
                yield name, (line.check, self.bank[name].id, *line.answers[place : place + len(OTHERS)])

    def _open(self, m: Misconception, told: dict[tuple[str, ...], str]) -> Iterator[OpenAnswers]:
        """What a mistake answers with other numbers, in the checks that see it then.

        told : check, mistake and answers -> the form that tells them, so that no other does; grows
        """
        assert m.open is not None
        forms = {repr(number): apply(self.reference, m.filled(number)) for number in usual_numbers(m)}
        self.codes |= {f"{m.name}{FILLED}{number}": (m.target, mutant) for number, mutant in forms.items()}
        for asked in self.asked:
            check, much = asked.check, VALIDATION_ONLY if asked.trains else ALL_OF_HISTORY
            numbers: dict[str, str] = {}
            for number, mutant in forms.items() if check.id in m.fails or is_about(check, m.target) else ():
                with contextlib.suppress(CallTimeout):  # then it has no name there
                    found = asked.told(mutant, much) if asked.fails(mutant) else [""]
                    if all(found) and told.setdefault((check.id, m.id, *found), m.name) == m.name:
                        numbers[number] = " ".join(found)
            if numbers:
                yield OpenAnswers(check.id, m.name, m.open, numbers, much)

    def _parting(self, table: AnswerTable, check: Questions, twins: list[str]) -> list[AllAnswers]:
        """The answers of mistakes that a check does not tell apart, to all questions of the first checks by which they part."""
        near = [asked for asked in self.asked if any(is_about(asked.check, self.codes[name][0]) for name in twins)]
        found, parts = list[AllAnswers](), [twins]
        for asked in (check, *self.probing, *near):
            if all(groups(map(table.mistakes.__getitem__, part)) == 1 for part in parts):
                break
            told = {name: asked.all_answers(self.codes[name][1]) for name in twins}
            parted = [same for part in parts for same in _alike_in(told, part)]
            if len(parted) > len(parts) and all(told.values()):
                parts = parted
                found += [AllAnswers(asked.check.id, " ".join(n), told[n[0]]) for n in _alike_in(told, twins)]
        return found


def _twins(table: AnswerTable, check: str) -> list[list[str]]:
    """The mistakes that a check's answers do not tell apart, where they are not called the same."""
    found = list[tuple[KnownAnswers, list[str]]]()
    for line in table.known[check]:
        for first, names in found:
            if line.words == first.words and _alike(line.answers, first.answers):
                names += line.names.split()
                break
        else:
            found.append((line, line.names.split()))
    return [names for _, names in found if groups(map(table.mistakes.__getitem__, names)) > 1]


def _alike(one: list[str], other: list[str]) -> bool:
    """Whether answers agree in the fullest form that both tell, or neither tells any."""
    for place in range(0, min(len(one), len(other)), len(OTHERS)):
        if one[place] and other[place]:
            pairs = zip(one[place : place + len(OTHERS)], other[place:])
            return all(Digest.read(a).agrees(Digest.read(b)) for a, b in pairs)
    return not any(one) and not any(other)


def _alike_in(told: Mapping[str, str], names: Iterable[str]) -> list[list[str]]:
    """The names, those together that answer the same."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(told[name], []).append(name)
    return list(found.values())
