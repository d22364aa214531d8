"""Do mistakes have their names, whatever their form, style and numbers? In the course, and in a kit, which has tables alone."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, JobOutcome, run_jobs
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
    wanted = {name: (m, code) for name, (m, code) in make(verifier).items() if m.stage in verifier.wanted}
    jobs = _jobs(wanted, one_in)
    title, count = f"{what} named{' in a kit' if kit else ''}", Counter[str]()
    with verifier.tally(title) as tally:
        if kit and goal < 0.9:  # not all of them are in the course either
            jobs = {o.name: jobs[o.name] for o in _graded(verifier, jobs) if jobs[o.name][0].id in o.names}
        for outcome in _graded(verifier, jobs, kit):
            if outcome.failed():
                how = _named(outcome, jobs[outcome.name][0])
                count[how] += 1
                tally.count(how == "named")
                if how != "named":
                    verifier.say(f"  {outcome.name}: {how} {', '.join(sorted(outcome.names))}")
    if tally.good < (in_a_kit if kit else goal) * tally.of or count["misnamed"] > (not kit) * 0.01 * tally.of:
        verifier.problem(f"{title}: {dict(count)}")
    return count


def _jobs(found: Mapping[str, tuple[Misconception, Submission]], one_in: int) -> dict[str, tuple[Misconception, Job]]:
    chosen = {name: pair for name, pair in found.items() if zlib.crc32(name.encode()) % one_in == 0}
    return {n: (m, Job(n, code, (m.stage,), name_mistakes=True, together=True)) for n, (m, code) in chosen.items()}


def _graded(verifier: Verifier, jobs: Mapping[str, tuple[Misconception, Job]], kit: bool = False) -> Iterator[JobOutcome]:
    ordered = sorted((job for _, job in jobs.values()), key=lambda job: job.stages)
    return run_jobs(ordered, msgspec.structs.replace(verifier.bench, by_tables=kit))


def _named(outcome: JobOutcome, m: Misconception) -> str:
    return "named" if m.id in outcome.names else "misnamed" if outcome.names else "unnamed"
