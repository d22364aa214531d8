"""What one mistake costs beside its own stage: every known mistake, in the reference and in each whole right answer.

    python -m tests.mistakes.follow_through [--answers] [--one-in N]

A line a stage: how many mistakes, and the points of later stages that they lose with follow-through off and full.
"""

import argparse
import re
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, VerifyContext, run_job, run_jobs
from grader.course.course import Stage
from grader.course.misconceptions import Misconception, apply
from grader.submission import Submission, read_submission
from tests.courses import HERE

UNIT = tuple(stage for stage in HERE.stages if not stage.training)


class Subject(NamedTuple):
    name: str
    mistake: Misconception
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
        yield Subject(name, m, code)


def in_right_answers() -> Iterator[Subject]:
    """A mistake's own text in the place of what a whole right answer has there, where that is a text of its own."""
    reference = read_submission(HERE.reference)
    bank = [m for m, _ in subjects.mutants(HERE, reference).values()]
    folder = HERE.folder / subjects.RIGHT
    for path in sorted(path for path in folder.iterdir() if path.is_dir() and (path / "layers.py").is_file()):
        whole = subjects.completed(read_submission(path), reference, HERE.claimed_by())
        for m in bank:
            try:
                code = apply(whole, m)
            except Exception:
                continue
            yield Subject(f"{path.name} {m.stage}:{m.name}", m, code)


def costs(found: Iterable[Subject], before: bool = True, stages: tuple[Stage, ...] = UNIT) -> dict[str, tuple[Subject, Cost]]:
    """By name of the subject.

    before : whether it is asked what is lost without follow-through, too; else nothing is said of that
    stages : in which it is asked
    """
    by_name = {subject.name: subject for subject in found}
    jobs = [Job(s.name, s.code, tuple(stage.id for stage in stages), together=True) for s in by_name.values()]
    bench = VerifyContext(HERE, read_submission(HERE.reference))
    everything = Job("reference", bench.reference, tuple(stage.id for stage in stages))
    run_job(everything, bench)  # in this process: what checks keep of it, such as trainings of their own, the others find made
    outcomes = {}
    for policy in ("off", "full") if before else ("full",):
        policed = msgspec.structs.replace(bench, follow_through=policy)
        outcomes[policy] = {outcome.name: outcome for outcome in run_jobs(jobs, policed)}
    faults = [outcome for found in outcomes.values() for outcome in found.values() if outcome.fault]
    assert not faults, faults
    return {
        name: (s, _cost(s, stages, *(outcomes.get(policy, outcomes["full"])[name].first for policy in ("off", "full"))))
        for name, s in by_name.items()
    }


def _cost(subject: Subject, stages: tuple[Stage, ...], off: dict, full: dict) -> Cost:
    own = {subject.mistake.stage, *_written_too(subject.mistake)}
    behind = [stage for stage in stages if stage.id not in own]
    most = sum(stage.points for stage in behind)
    before, after = (most - sum(r.points for s in behind for r in results[s.id]) for results in (off, full))
    results = [(s.id, r) for s in behind for r in full[s.id]]
    told = [f"{stage} {r.id}: {r.message}" for stage, r in results if r.state == "fail" and r.substituted]
    waits = [f"{stage} {r.id}: {r.state} {r.message}" for stage, r in results if not r.points]
    return Cost(before, after, most, told, waits)


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
