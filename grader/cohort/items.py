"""How well single checks, and all of them together, tell those who know more from those who know less.

Answers are (N, K) floats: 1 passed, 0 failed, NaN not tried. What waits for another check was not tried, it did not fail.
"""

import numpy as np

FEWEST = 20  #: students, below whom no figure says anything


def discrimination(answers: np.ndarray, item: np.ndarray, own: np.ndarray) -> float | None:
    """The corrected item-total correlation: of an item with the share that each student passed of the other checks.

    item    : (N,) float  like a column of answers
    own     : (K,) bool   the checks that belong to the item, which are left out
    returns : -1 to 1; None for fewer than FEWEST students, or where all did equally well
    """
    there = ~np.isnan(answers[:, ~own])
    both = there.any(1) & ~np.isnan(item)
    rest = np.where(there, answers[:, ~own], 0.0)[both].sum(1) / there[both].sum(1)
    if both.sum() < FEWEST or not np.ptp(item[both]) or not np.ptp(rest):
        return None
    return float(np.corrcoef(item[both], rest)[0, 1])


def reliability(answers: np.ndarray) -> tuple[float | None, int]:
    """Cronbach's alpha of the checks over the students who tried all of them, None as above; and how many these are.

    A check that nobody has tried yet is none of them.
    """
    answers = answers[:, ~np.isnan(answers).all(0)]
    whole = answers[~np.isnan(answers).any(1)]
    students, checks = whole.shape
    spread = whole.sum(1).var(ddof=1) if students >= FEWEST and checks > 1 else 0.0
    return (float(checks / (checks - 1) * (1 - whole.var(0, ddof=1).sum() / spread)) if spread else None), students
