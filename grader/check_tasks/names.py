"""Do mistakes have their names, whatever their form, style and numbers? In the course, and in a kit, which has tables alone."""

import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, run_jobs
from grader.check_tasks.edits import in_other_styles
from grader.check_tasks.numbers import with_other_numbers
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import Misconception
from grader.submission import Submission


class Kind(NamedTuple):
    """Some mistakes, by title.

    goal     : share of those that a check sees that must be named in the course
    in_a_kit : share of these that must be named in a kit
    """

    found: Callable[[Verifier], Mapping[str, tuple[Misconception, Submission]]]
    goal: float
    in_a_kit: float = 0.9


KINDS = {
    "mistakes": Kind(lambda v: subjects.mutants(v.course, v.reference), 1.0),
    "held-out forms": Kind(lambda v: subjects.held_out(v.course, v.reference), 0.8),
    "mistakes in other styles": Kind(in_other_styles, 0.8),
    "mistakes with other numbers": Kind(with_other_numbers, 0.95, 0.5),
}


def most_are_named(verifier: Verifier, what: str, one_in: int = 1, kit: bool = False) -> Counter[str]:
    """Of a kind most are named; at most 1 % by another name, in a kit none. Those that are not are told.

    one_in : of so many one is looked at, always the same ones
    """
    make, goal, in_a_kit = KINDS[what]
    found = {n: p for n, p in make(verifier).items() if p[0].stage in verifier.wanted and _chosen(n, one_in)}
    jobs = sorted((Job(n, s, (m.stage,), (0,), True, together=True) for n, (m, s) in found.items()), key=_stages)
    title, count = f"{what} named{' in a kit' if kit else ''}", Counter[str]()
    with verifier.tally(title) as tally:
        if kit and goal < 0.9:  # not all of them are in the course either
            there = {o.name for o in run_jobs(jobs, verifier.bench) if found[o.name][0].id in o.names}
            jobs = [job for job in jobs if job.name in there]
        for outcome in run_jobs(jobs, msgspec.structs.replace(verifier.bench, by_tables=kit)):
            if outcome.failed():
                said = sorted(outcome.names)
                named = "named" if found[outcome.name][0].id in said else "misnamed" if said else "unnamed"
                count[named] += 1
                tally.count(named == "named")
                if named != "named":
                    verifier.say(f"  {outcome.name}: {named} {', '.join(said)}")
    if tally.good < (in_a_kit if kit else goal) * tally.of or count["misnamed"] > (not kit) * 0.01 * tally.of:
        verifier.problem(f"{title}: {dict(count)}")
    return count


def _chosen(name: str, one_in: int) -> bool:
    return zlib.crc32(name.encode()) % one_in == 0


def _stages(job: Job) -> tuple[str, ...]:
    return job.stages
