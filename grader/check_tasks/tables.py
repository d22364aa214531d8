"""Write the tables by which mistakes are named where the course's answers are not at hand, and see that they are of today."""

import contextlib
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from grader.check_tasks import subjects
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
from grader.diagnosis.bench import checks_and_probes, probes
from grader.diagnosis.digests import Digest
from grader.diagnosis.same_answers import ALL_OF_HISTORY, NO_HISTORY, VALIDATION_ONLY
from grader.files import write_atomically
from grader.submission import Submission
from grader.worker.outside.errors import CallTimeout


def tables_are_of_today(verifier: Verifier) -> None:
    """The table of each stage says what its mistakes answer now."""
    with verifier.tally("tables of what mistakes answer") as tally:
        for stage, text in _texts(verifier):
            there = stage.folder / TABLE
            good = there.is_file() and there.read_text(encoding="utf-8") == text
            tally.count(good, f"{there} is not of today. Remedy: make check-tasks ARGS=--tables")


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
    functions = checks_and_probes(stage)
    questions_of = partial(Questions, course, reference)
    asked = {check.id: questions_of(check, functions[check.id]) for check in stage.checks if check.id in seen}
    probing = [questions_of(probe, functions[probe.id], NO_HISTORY) for probe in probes(stage.checks[0], functions)]
    lines = _mistakes(m for m, _ in bank.values())
    for check, questions in asked.items():
        lines += questions.lines([pair for pair in bank.values() if check in pair[0].fails])
    codes, others = _with_usual_numbers(reference, bank, asked.values(), lines)
    lines += others
    lines += _partings(AnswerTable("", lines), codes, asked, probing)
    return AnswerTable(made_of(course, stage), lines)


def _with_usual_numbers(
    reference: Submission,
    bank: Mapping[str, tuple[Misconception, Submission]],
    asked: Iterable[Questions],
    lines: Iterable[Line],
) -> tuple[dict[str, tuple[str, Submission]], list[OpenAnswers]]:
    """Name -> target and code of all mistakes as they stand and with other numbers; and the lines of these.

    lines : what the mistakes answer as they stand
    """
    told = {key for line in lines if isinstance(line, KnownAnswers) for key in _keys(line, bank)}
    codes, found = {name: (m.target, mutant) for name, (m, mutant) in bank.items()}, list[OpenAnswers]()
    for m in [m for m, _ in bank.values() if m.open is not None]:
        forms = {repr(n): apply(reference, m.filled(n)) for n in usual_numbers(m)}
        codes |= {f"{m.name}{FILLED}{number}": (m.target, mutant) for number, mutant in forms.items()}
        found += _open_answers(m, forms, asked, told)
    return codes, found


def _keys(line: KnownAnswers, bank: Mapping[str, tuple[Misconception, Submission]]) -> Iterator[tuple[str, ...]]:
    """Check, name and answers of each form that a line tells of, for each scope of a history."""
    for name in line.names.split():
        for place in range(0, len(line.answers), len(OTHERS)):
            yield line.check, bank[name][0].id, *line.answers[place : place + len(OTHERS)]


def _open_answers(
    m: Misconception, forms: dict[str, Submission], asked: Iterable[Questions], told: set[tuple[str, ...]]
) -> Iterator[OpenAnswers]:
    """What a mistake answers with other numbers, in the checks that see it then.

    told : check, name and answers of what other forms have told already; grows
    """
    assert m.open is not None
    about = _about({m.target})
    for questions in asked:
        check, much = questions.check, VALIDATION_ONLY if questions.trains else ALL_OF_HISTORY
        numbers: dict[str, str] = {}
        for number, mutant in forms.items() if check.id in m.fails or about & _about(check.functions) else ():
            with contextlib.suppress(CallTimeout):  # then it has no name there
                found = questions.told(mutant, much) if questions.fails(mutant) else [""]
                if all(found) and (check.id, m.id, *found) not in told:
                    told.add((check.id, m.id, *found))
                    numbers[number] = " ".join(found)
        if numbers:
            yield OpenAnswers(check.id, m.name, m.open, numbers, much)


def _partings(
    table: AnswerTable,
    codes: Mapping[str, tuple[str, Submission]],
    asked: Mapping[str, Questions],
    probing: list[Questions],
) -> list[AllAnswers]:
    """Of all mistakes that a check does not tell apart, their answers to the questions that do.

    codes   : name -> what the mistake is in, and the reference with it
    probing : what only asks
    """
    found: list[AllAnswers] = []
    for check, questions in asked.items():
        for twins in _twins(table, check):
            about = _about({codes[name][0] for name in twins})
            near = [other for other in asked.values() if about & _about(other.check.functions)]
            parting = _parting(table, {name: codes[name][1] for name in twins}, [questions, *near, *probing])
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
    found = list[tuple[KnownAnswers, list[str]]]()
    for line in table.known[check]:
        for first, names in found:
            if line.words == first.words and _alike(line.answers, first.answers):
                names += line.names.split()
                break
        else:
            found.append((line, line.names.split()))
    return [names for _, names in found if _groups(table, names) > 1]


def _alike(one: list[str], other: list[str]) -> bool:
    """Whether answers agree in the fullest form that both tell, or neither tells any."""
    for place in range(0, min(len(one), len(other)), len(OTHERS)):
        if one[place] and other[place]:
            pairs = zip(one[place : place + len(OTHERS)], other[place:])
            return all(Digest.read(a).agrees(Digest.read(b)) for a, b in pairs)
    return not any(one) and not any(other)


def _joined(told: dict[str, str]) -> dict[str, str]:
    """Answers -> the names of those that give them."""
    found: dict[str, str] = {}
    for name, answers in told.items():
        found[answers] = f"{found.get(answers, '')} {name}".strip()
    return found


def _groups(table: AnswerTable, names: Iterable[str]) -> int:
    return len({table.mistakes[name].group for name in names})


def _parting(table: AnswerTable, twins: dict[str, Submission], near: Iterable[Questions]) -> list[AllAnswers]:
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
            found += [AllAnswers(asked.check.id, names, answers) for answers, names in _joined(told).items()]
    return found
