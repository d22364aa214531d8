"""Mistakes with another number than the bank has: an epsilon, a rate, a seed, the size of a batch."""

from grader.check_tasks import subjects
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import Misconception, Number, apply
from grader.submission import Submission


def other_numbers(m: Misconception) -> list[Number]:
    """Five numbers that a learner may have written in the place of a misconception's open one."""
    number = m.open
    assert number is not None
    if isinstance(number, int):
        if _is_seed(m):
            return [3, 7, 123, 1234, 2024]
        return [2, 3, 6, 7, 8] if number <= 10 else [number // 4, number // 2, number * 3 // 4, number + 6, number * 5 // 4]
    if number < 1e-3:
        return [_clean(number * factor) for factor in (0.1, 3, 10, 100, 1000)]
    if 0.5 < number < 1:
        return [_clean(1 - (1 - number) * factor) for factor in (0.1, 0.2, 0.5, 2, 3)]
    return [_clean(number * factor) for factor in (0.1, 0.3, 0.5, 2, 5)]


_SEEDS = (0, 1, 2, 3, 7, 42, 123, 1234)
_COUNTS = (1, 2, 3, 4, 5, 6, 8, 10)
_SIZES = (10, 16, 32, 50, 64, 100, 128, 256)
_SMALL = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
_SHARES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
_RATES = (1e-3, 5e-3, 0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
_SCALES = (1.0, 2.0, 5.0, 10.0, 100.0, 128.0, 255.0, 256.0)


def usual_numbers(m: Misconception) -> list[Number]:
    """Seven or so numbers that stand most often in the place of a misconception's open one; its own is not among them."""
    number = m.open
    assert number is not None
    if isinstance(number, int):
        usual: tuple[Number, ...] = _SEEDS if _is_seed(m) else _COUNTS if number <= 10 else _SIZES
    else:
        usual = _SMALL if number < 1e-3 else _SHARES if 0.5 < number < 1 else _RATES if number < 1 else _SCALES
    return [n for n in usual if n != number]


def _is_seed(m: Misconception) -> bool:
    return "seed" in m.name or "generator" in m.name


def with_other_numbers(verifier: Verifier) -> dict[str, tuple[Misconception, Submission]]:
    """Every misconception with an open number, with numbers that are not in the bank, by "stage:name with number"."""
    bank = subjects.mutants(verifier.course, verifier.reference)
    found = [(name, m.filled(n)) for name, (m, _) in bank.items() if m.open is not None for n in other_numbers(m)]
    return {f"{name} with {m.number!r}": (m, apply(verifier.reference, m)) for name, m in found}


def _clean(number: float) -> float:
    return float(f"{number:.6g}")
