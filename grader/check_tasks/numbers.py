"""Mistakes with another number than the bank has: an epsilon, a rate, a seed, the size of a batch."""

from collections import Counter

from grader.check_tasks import subjects
from grader.check_tasks.backend import Job
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import Misconception, Number, apply

GOAL = 0.95  #: share of those that a check sees that must be named


def other_numbers(m: Misconception) -> list[Number]:
    """Five numbers that a learner may have written in the place of a misconception's open one."""
    number = m.open
    assert number is not None
    if isinstance(number, int):
        if "seed" in m.name or "generator" in m.name:
            return [3, 7, 123, 1234, 2024]
        return (
            [2, 3, 6, 7, 8]
            if number <= 10
            else [number // 4, number // 2, number * 3 // 4, number + 6, number * 5 // 4]
        )
    if number < 1e-3:
        return [_clean(number * factor) for factor in (0.1, 3, 10, 100, 1000)]
    if 0.5 < number < 1:
        return [_clean(1 - (1 - number) * factor) for factor in (0.1, 0.2, 0.5, 2, 3)]
    return [_clean(number * factor) for factor in (0.1, 0.3, 0.5, 2, 5)]


def other_numbers_are_named(verifier: Verifier, one_in: int = 1) -> Counter[str]:
    """Every misconception with an open number, with numbers that are not in the bank.

    one_in : of so many, one is looked at
    """
    bank = subjects.mutants(verifier.course, verifier.reference)
    found = [(name, m.filled(n)) for name, (m, _) in bank.items() if m.open is not None for n in other_numbers(m)]
    jobs = {}
    for name, m in found[::one_in]:
        title = f"{name} with {m.number!r}"
        jobs[title] = m, Job(title, apply(verifier.reference, m), (m.stage,), (0,), True, together=True)
    return verifier.most_are_named("mistakes with other numbers", jobs, GOAL)


def _clean(number: float) -> float:
    return float(f"{number:.6g}")
