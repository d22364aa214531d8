"""The names that a kit gives, which holds tables of answers and none of the mistakes' code."""

import zlib
from collections.abc import Mapping

import msgspec

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, run_jobs
from grader.check_tasks.edits import in_other_styles, random_edits_get_no_false_name
from grader.check_tasks.numbers import with_other_numbers
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import Misconception
from grader.submission import Submission

GOAL, GOAL_OF_NUMBERS = 0.9, 0.5  #: shares of what the checkout names; of other numbers, of those that a check sees


def mistakes_are_named_by_tables(verifier: Verifier, one_in: int = 1) -> None:
    """Of the bank and of other forms and styles nine in ten have their name in a kit, of other numbers half, none a false one.

    one_in : of so many one is looked at, always the same ones
    """
    course, reference = verifier.course, verifier.reference
    kinds = {
        "mistakes": (subjects.mutants(course, reference), GOAL, False),
        "held-out forms": (subjects.held_out(course, reference), GOAL, True),
        "mistakes in other styles": (in_other_styles(verifier), GOAL, True),
        "mistakes with other numbers": (with_other_numbers(verifier), GOAL_OF_NUMBERS, False),
    }
    for what, (found, goal, replayed) in kinds.items():
        chosen = {n: p for n, p in found.items() if p[0].stage in verifier.wanted and _one_in(one_in, n)}
        _most_are_named(verifier, what, chosen, goal, replayed)


def random_edits_get_no_false_name_in_a_kit(verifier: Verifier, one_in: int = 1) -> None:
    """As in the checkout."""
    random_edits_get_no_false_name(verifier, 300 // one_in, by_tables=True)


def _most_are_named(
    verifier: Verifier, what: str, found: Mapping[str, tuple[Misconception, Submission]], goal: float, replayed: bool
) -> None:
    """Whether a kit names most of those that a check sees, or that have a name where they are replayed."""
    jobs = [Job(name, s, (m.stage,), (0,), True, together=True) for name, (m, s) in found.items()]
    jobs.sort(key=lambda job: job.stages)
    kit = msgspec.structs.replace(verifier.bench, by_tables=True)
    with verifier.tally(f"{what} named in a kit") as tally:
        seen = {o.name for o in run_jobs(jobs, verifier.bench) if found[o.name][0].id in o.names} if replayed else {}
        for outcome in run_jobs(jobs, kit):
            named = found[outcome.name][0].id in outcome.names
            if outcome.names and not named:
                verifier.problem(f"{outcome.name} is taken for {min(outcome.names)} in a kit.")
            if outcome.name in seen or (outcome.failed() and not replayed):
                tally.count(named)
        if tally.good < goal * tally.of:
            verifier.problem(f"{what}: a kit names {tally.good} of {tally.of}.")


def _one_in(count: int, name: str) -> bool:
    return zlib.crc32(name.encode()) % count == 0
