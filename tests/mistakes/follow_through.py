"""What one mistake costs beside its own stage: every known mistake, in the reference and in each whole right answer.

    python -m tests.mistakes.follow_through [--answers] [--one-in N]

A line a stage: how many mistakes, and the points of later stages that they lose with follow-through off and full.
"""

import argparse
import ast
import multiprocessing
import re
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

from grader.check_tasks import subjects
from grader.check_tasks.verify import stages_reached
from grader.course.misconceptions import BadMisconceptions, Misconception, apply
from grader.course.source_spans import find, parse
from grader.course.stage import Check
from grader.course.substitutes import unit_of
from grader.records import CheckResult
from grader.running import scores
from grader.running.context import Context
from grader.running.follow_through import followed
from grader.running.limits import Limits
from grader.running.runner import Function, decided, execute, load_checks
from grader.running.session import run_stages
from grader.running.state import RunState
from grader.submission import Submission, read_submission
from grader.threads import one_thread
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

UNIT = tuple(stage for stage in HERE.stages if not stage.training)
CHECKS = [check for stage in UNIT for check in stage.checks]
LIMITS = Limits(3.0)


class Subject(NamedTuple):
    name: str
    mistake: Misconception
    whole: Submission  #: without the mistake
    code: Submission


class Cost(NamedTuple):
    """Points lost in stages behind a mistake's own, and what its checks there say.

    told : checks there that fail with something put in: nothing but the mistake itself is wrong, so each is false
    """

    before: int
    after: int
    of: int
    told: list[str]
    waits: list[str]


def in_the_reference() -> Iterator[Subject]:
    reference = read_submission(HERE.reference)
    for name, (m, code) in subjects.mutants(HERE, reference).items():
        yield Subject(name, m, reference, code)


def in_right_answers() -> Iterator[Subject]:
    """A mistake's own text in the place of what a whole right answer has there, where that is a text of its own.

    No class is put in the place of one that inherits: what it would lack of that were a second mistake.
    """
    reference = read_submission(HERE.reference)
    bank = [m for m, _ in subjects.mutants(HERE, reference).values()]
    folder = HERE.folder / subjects.RIGHT
    for path in sorted(path for path in folder.iterdir() if path.is_dir() and (path / "layers.py").is_file()):
        whole = subjects.completed(read_submission(path), reference, HERE.claimed_by())
        for m in bank:
            node = find(parse(whole.modules.get(m.module, "")), m.target)
            if isinstance(node, ast.ClassDef) and node.bases:
                continue
            try:
                code = apply(whole, m)
            except BadMisconceptions:  # it has no such module
                continue
            yield Subject(f"{path.name} {m.stage}:{m.name}", m, whole, code)


def costs(found: Iterable[Subject]) -> dict[str, tuple[Subject, Cost]]:
    """By name of the subject, graded in two processes with follow-through.

    What is lost without it follows: a check passes then if it passed as the submission stands, and so did all that it waits for.
    """
    subjects_ = list(found)
    one_thread()
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:  # else NumPy would be loaded before that
        return {s.name: (s, cost) for s, cost in zip(subjects_, processes.map(_cost, subjects_, chunksize=16))}


def _cost(subject: Subject) -> Cost:
    full = _graded(subject)
    off: dict[scores.Key, CheckResult] = {}
    for check in CHECKS:
        if scores.blocker(check, HERE, off) is None and scores.passed_alone(check, full):
            off[scores.key(check)] = full[scores.key(check)]
    own = {subject.mistake.stage, *_written_too(subject.mistake)}
    behind = [check for check in CHECKS if check.stage not in own]
    most = sum(check.points for check in behind)
    before = most - sum(check.points for check in behind if scores.key(check) in off)
    results = [(check.stage, full[scores.key(check)]) for check in behind]
    told = [f"{stage} {r.id}: {r.message}" for stage, r in results if r.state == "fail" and r.substituted]
    waits = [f"{stage} {r.id}: {r.state} {r.message}" for stage, r in results if not r.points]
    return Cost(before, most - sum(r.points for _, r in results), most, told, waits)


def _graded(subject: Subject) -> Mapping[scores.Key, CheckResult]:
    """The results of the unit stages; those of stages that the mistake cannot reach are what the code without it gets."""
    right, asked = _right(subject.whole)
    reached = stages_reached(HERE, asked, subject.whole, subject.code)
    known = {where: result for where, result in right.items() if where[0] not in reached}
    context = Context(HERE, subject.code, LocalPool(), 0, LIMITS, state=RunState(known), follow_through="full")
    for check in (check for check in CHECKS if check.stage in reached):
        function = _functions(check.stage)[check.id]
        alone = decided(check, context) or execute(check, function, context)
        result = followed(check, alone, context, partial(_run, subject, check, function))
        context.state.decide(check, result)
    context.close()
    faults = [result.message for result in context.state.results.values() if result.state == "error"]
    assert not faults, (subject.name, faults)
    return context.state.results


@cache
def _functions(stage: str) -> Mapping[str, Function]:
    return load_checks(HERE.stage(stage))


_RIGHT: dict[str, tuple[Mapping[scores.Key, CheckResult], Mapping[str, set[str]]]] = {}
_PASSES: dict[tuple[str, scores.Key, tuple[str, ...]], CheckResult] = {}


def _right(whole: Submission) -> tuple[Mapping[scores.Key, CheckResult], Mapping[str, set[str]]]:
    """The results of code without a mistake, and the modules that each stage asks of it; once in each process."""
    mark = whole.fingerprint()
    if mark not in _RIGHT:
        session = run_stages(UNIT, LocalPool(), whole, course=HERE, limits=LIMITS)
        asked = defaultdict[str, set[str]](set)
        for (stage, _), modules in session.context.state.touched.items():
            asked[stage] |= modules
        _RIGHT[mark] = session.results, asked
    return _RIGHT[mark]


def _run(subject: Subject, check: Check, function: Function, context: Context) -> CheckResult:
    """A check, run; where what the mistake is in is put in, what passes without a line of it passes with any mistake there.

    So the check is run first with code that ends the call wherever it is reached, and a pass is remembered by its text.
    """
    put_in = context.submission.put_in
    if put_in is None or (empty := _emptied(subject.mistake, put_in.names)) is None:
        return execute(check, function, context)
    code = apply(subject.whole, empty)
    where = code.fingerprint(), scores.key(check), put_in.names
    if where not in _PASSES:
        bare = Context(HERE, replace(code, put_in=put_in), LocalPool(), 0, LIMITS)
        _PASSES[where] = execute(check, function, bare)
        bare.close()
    return _PASSES[where] if _PASSES[where].state == "pass" else execute(check, function, context)


def _emptied(m: Misconception, names: Iterable[str]) -> Misconception | None:
    """A mistake whose functions are only their signatures, as far as they are put in; None if none of them is."""
    tree = ast.parse(m.source)
    (node,) = tree.body
    parts = [(m.target, node)] if isinstance(node, ast.FunctionDef) else []
    parts += [(f"{m.target}.{n.name}", n) for n in getattr(node, "body", ()) if not parts and isinstance(n, ast.FunctionDef)]
    put_in = [function for name, function in parts if unit_of(name, names)]
    for function in put_in:
        function.body = ast.parse("raise AssertionError('this is put in')").body
    return replace(m, source=ast.unparse(tree)) if put_in else None


def _written_too(m: Misconception) -> set[str]:
    """Other stages whose functions the mistake's own text holds: a class that is wrong as a whole."""
    methods = re.findall(r"def (\w+)", m.source)
    return {stage for name, stage in HERE.claimed_by().items() if name in [f"{m.target}.{method}" for method in methods]}


def table(found: dict[str, tuple[Subject, Cost]]) -> list[str]:
    lines = [f"{'stage':<20} {'mistakes':>8} {'lost before':>12} {'lost after':>11} {'false':>6}"]
    by_stage = defaultdict(list)
    for subject, cost in found.values():
        by_stage[subject.mistake.stage].append(cost)
    for stage in UNIT:
        c = by_stage[stage.id]
        sums = [sum(cost.before for cost in c), sum(cost.after for cost in c), sum(len(cost.told) for cost in c)]
        lines.append(f"{stage.id:<20} {len(c):>8} {sums[0]:>12} {sums[1]:>11} {sums[2]:>6}")
    return lines


def one_in(found: Iterable[Subject], number: int) -> list[Subject]:
    return [s for s in found if zlib.crc32(s.name.encode()) % number == 0]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", action="store_true", help="in the right answers, not in the reference")
    parser.add_argument("--one-in", type=int, default=1)
    options = parser.parse_args(arguments)
    subjects_ = in_right_answers() if options.answers else in_the_reference()
    found = costs(one_in(subjects_, options.one_in))
    print("\n".join(table(found)))
    for name, (_, cost) in found.items():
        if cost.after or cost.told:
            print(f"{name}: {cost.before} before, {cost.after} after", *cost.waits[:3], sep="\n    ")


if __name__ == "__main__":
    main(sys.argv[1:])
