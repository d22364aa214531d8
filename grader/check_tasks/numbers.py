"""Mistakes with another number than the bank has: an epsilon, a rate, a seed, the size of a batch."""

import tomllib
from pathlib import Path

from grader.check_tasks import subjects
from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import Misconception, Number, apply
from grader.submission import Submission


def _kind(m: Misconception) -> str:
    """What a misconception's open number is, as its size and the slip's name tell."""
    number = m.open
    assert number is not None
    if isinstance(number, int):
        return "seed" if "seed" in m.name or "generator" in m.name else "count" if number <= 10 else "size"
    return "small" if number < 1e-3 else "share" if 0.5 < number < 1 else "rate" if number < 1 else "scale"


def other_numbers(m: Misconception) -> list[Number]:
    """Five numbers that a learner may have written in the place of a misconception's open one."""
    number, kind = m.open or 0, _kind(m)
    if kind == "size":
        return [int(number) // 4, int(number) // 2, int(number) * 3 // 4, int(number) + 6, int(number) * 5 // 4]
    if kind == "share":
        return [_clean(1 - (1 - number) * factor) for factor in (0.1, 0.2, 0.5, 2, 3)]
    if kind in ("seed", "count"):
        return [3, 7, 123, 1234, 2024] if kind == "seed" else [2, 3, 6, 7, 8]
    return [_clean(number * factor) for factor in ((0.1, 3, 10, 100, 1000) if kind == "small" else (0.1, 0.3, 0.5, 2, 5))]


#: What an open number is -> those that stand most often in its place.
_USUAL: dict[str, list[Number]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def usual_numbers(m: Misconception) -> list[Number]:
    """Seven or so numbers that stand most often in the place of a misconception's open one; its own is not among them."""
    return [n for n in _USUAL[_kind(m)] if n != m.open]


def with_other_numbers(verifier: Verifier) -> dict[str, tuple[Misconception, Submission]]:
    """Every misconception with an open number, with numbers that are not in the bank, by "stage:name with number"."""
    bank = subjects.mutants(verifier.course, verifier.reference)
    found = [(name, m.filled(n)) for name, (m, _) in bank.items() if m.open is not None for n in other_numbers(m)]
    return {f"{name} with {m.number!r}": (m, apply(verifier.reference, m)) for name, m in found}


def _clean(number: float) -> float:
    return float(f"{number:.6g}")
