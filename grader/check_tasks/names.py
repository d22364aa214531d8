"""Do mistakes have their names, whatever their form, style and numbers? In the course, and in a kit, which has tables alone.

And does each of two at once?
"""

import random
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
from grader.course.misconceptions import Misconception, apply
from grader.diagnosis.matches import owner
from grader.submission import Submission

OF_PAIRS = 0.8  #: share of the pairs in which both must be found
PAIRS = 300

Pair = tuple[Misconception, Misconception]
Jobs = Mapping[str, tuple[Misconception, Job]]  #: by name


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
    jobs = _jobs(make(verifier), verifier.wanted, one_in)
    title, count = f"{what} named{' in a kit' if kit else ''}", Counter[str]()
    with verifier.tally(title) as tally:
        if kit and goal < 0.9:  # not all of them are in the course either
            jobs = {o.name: jobs[o.name] for o in _graded(verifier, jobs) if jobs[o.name][0].id in o.names}
        for outcome in _graded(verifier, jobs, kit):
            if outcome.failed():
                right = jobs[outcome.name][0].id in outcome.names
                how = "named" if right else "misnamed" if outcome.names else "unnamed"
                count[how] += 1
                tally.count(right)
                if not right:
                    verifier.say(f"  {outcome.name}: {how} {', '.join(sorted(outcome.names))}")
    if tally.good < (in_a_kit if kit else goal) * tally.of or count["misnamed"] > (not kit) * 0.01 * tally.of:
        verifier.problem(f"{title}: {dict(count)}")
    return count


def _jobs(found: Mapping[str, tuple[Misconception, Submission]], wanted: set[str], one_in: int) -> Jobs:
    some = {n: (m, code) for n, (m, code) in found.items() if m.stage in wanted and zlib.crc32(n.encode()) % one_in == 0}
    return {n: (m, Job(n, code, (m.stage,), name_mistakes=True, together=True)) for n, (m, code) in some.items()}


def _graded(verifier: Verifier, jobs: Jobs, kit: bool = False) -> Iterator[JobOutcome]:
    ordered = sorted((job for _, job in jobs.values()), key=lambda job: job.stages)
    return run_jobs(ordered, msgspec.structs.replace(verifier.bench, by_tables=kit))


def two_mistakes(verifier: Verifier) -> list[Pair]:
    """Slips in a forward and in the backward of its class; and in one class, when two stages in a row write it.

    returns : as many of every kind, by class and stage
    """
    bank = [m for m, _ in subjects.mutants(verifier.course, verifier.reference).values()]
    needs = {stage.id: stage.needs for stage in verifier.course.stages}
    kinds: dict[tuple[str, ...], list[Pair]] = {}
    for a in bank:
        for b in bank:
            apart = not a.overlaps(b) and a.target.count(".") == 2 == b.target.count(".")
            ends = a.target.endswith(".forward") and b.target.endswith(".backward")
            if apart and owner(a.target) == owner(b.target) and (ends if a.stage == b.stage else a.stage in needs[b.stage]):
                kinds.setdefault((a.stage, b.stage, owner(a.target)), []).append((a, b))
    rng, each = random.Random(0), PAIRS // max(1, len(kinds))
    return [pair for found in kinds.values() for pair in rng.sample(found, min(each, len(found)))]


def both_of_two_are_named(verifier: Verifier, one_in: int = 1) -> None:
    """Of submissions with two mistakes, both are found in at least 80 %, and hardly ever another one.

    Left out are those in which the first one ends the call with an exception.

    one_in : of so many, one is looked at; of a sample, two standard errors fewer are enough
    """
    pairs = {f"{a.name} and {b.name} ({a.target})": (a, b) for a, b in two_mistakes(verifier)[::one_in]}
    jobs = []
    for title, (a, b) in pairs.items():
        stages = tuple(dict.fromkeys((a.stage, b.stage)))
        jobs.append(Job(title, apply(apply(verifier.reference, a), b), stages, name_mistakes=True, together=True))
    others = 0
    with verifier.tally("both of two mistakes named") as tally:
        for outcome in run_jobs(jobs, verifier.bench):
            wanted = {m.id for m in pairs[outcome.name]}
            if outcome.failed() and not _raises(outcome):
                tally.count(wanted <= outcome.names)
                strange = _strange(outcome, wanted)
                others += bool(strange)
                if strange or not wanted <= outcome.names:
                    verifier.say(f"  {outcome.name}: {', '.join(sorted(outcome.names & wanted | strange)) or 'unnamed'}")
    goal = OF_PAIRS if one_in == 1 else OF_PAIRS - 2 * (OF_PAIRS * (1 - OF_PAIRS) / max(1, tally.of)) ** 0.5
    if tally.good < goal * tally.of or others > 0.01 * tally.of:
        verifier.problem(f"two mistakes: both named in {tally.good} of {tally.of}, another one in {others}")


def _raises(outcome: JobOutcome) -> bool:
    failed = [r for _, r in outcome.checks if r.core and r.state == "fail"]
    return any(r.card is not None and r.card.gave == r.message for r in failed)  # nothing else came


def _strange(outcome: JobOutcome, wanted: set[str]) -> set[str]:
    """Names that are of neither mistake."""
    told = [{r.mistake.id, *r.mistake.alike} for _, r in outcome.checks if r.mistake]
    return {min(names) for names in told if not names & wanted}
