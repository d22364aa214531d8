"""Two mistakes at once: does each of them get its name?"""

import random

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job, JobOutcome, run_jobs
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import Misconception, apply

GOAL = 0.8  #: share of the pairs in which both must be found
COUNT = 300

Pair = tuple[Misconception, Misconception]


def two_mistakes(verifier: Verifier, count: int = COUNT, seed: int = 0) -> list[Pair]:
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
            if apart and _class_of(a) == _class_of(b) and (ends if a.stage == b.stage else a.stage in needs[b.stage]):
                kinds.setdefault((a.stage, b.stage, _class_of(a)), []).append((a, b))
    rng, each = random.Random(seed), count // max(1, len(kinds))
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
    goal = GOAL if one_in == 1 else GOAL - 2 * (GOAL * (1 - GOAL) / max(1, tally.of)) ** 0.5
    if tally.good < goal * tally.of or others > 0.01 * tally.of:
        verifier.problem(f"two mistakes: both named in {tally.good} of {tally.of}, another one in {others}")


def _class_of(m: Misconception) -> str:
    return m.target.rpartition(".")[0]


def _raises(outcome: JobOutcome) -> bool:
    failed = [r for _, r in outcome.checks if r.core and r.state == "fail"]
    return any(r.card is not None and r.card.gave == r.message for r in failed)  # nothing else came


def _strange(outcome: JobOutcome, wanted: set[str]) -> set[str]:
    """Names that are of neither mistake."""
    told = [{r.mistake.id, *r.mistake.alike} for _, r in outcome.checks if r.mistake]
    return {min(names) for names in told if not names & wanted}
