"""Which of the handout's rules a `diagnose` does not keep: told from its words for histories that nobody trained.

There are many of them, on both sides of every threshold and often near one. A slip is named only if it explains every word
that a check is about: those that are right, too. A word alone is met by chance once in five.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from grader.checks.api import Case, Student

from .explanations import Fact
from .fresh_runs import CLASSES, DIVERGED, ENOUGH, FAILURE, GUESSING, HEALTHY, OVER, UNDER, Run, met, verdict

COUNT = 150
CLEAR = 0.002  #: a number so close to a threshold is on neither side for a check: ln 10 may be written as 2.303
LEAST = 3  #: histories in which a slip has to show
CURVES = "train_loss", "train_acc", "val_loss", "val_acc"
#: Sent into the worker: one message for all runs.
_JUDGE_ALL = "def make(answer, diagnose): return ((lambda runs: [diagnose(*run) for run in runs]),)"
#: The same, with None for a run that it cannot judge.
_JUDGE_EACH = """
def make(answer, diagnose):
    def word(run):
        try:
            return diagnose(*run)
        except Exception:
            return None
    return ((lambda runs: [word(run) for run in runs]),)
"""
_WORDS = DIVERGED, FAILURE, OVER, UNDER, HEALTHY

# --- histories --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def made_up(seed: int, count: int = COUNT) -> list[Run]:
    """So many runs, as many of each word; many are near 300 updates, and half of those of underfitting near chance."""
    rng, found = np.random.default_rng(seed), list[Run]()
    while len(found) < count:
        word = _WORDS[len(found) % len(_WORDS)]
        run = _drawn(rng, word, at_chance=word == FAILURE or (word == UNDER and rng.random() < 0.75))
        if verdict(run) == word:
            found.append(run)
    return found


def _drawn(rng: np.random.Generator, word: str, at_chance: bool) -> Run:
    """A run that is likely to be called so, with four decimals as trained ones have."""
    epochs, top = int(rng.integers(2, 7)), 3 * GUESSING
    near = rng.random() < (0.5 if word == FAILURE else 0.2)
    batches = ENOUGH // epochs + int(rng.choice((-1, 0, 0, 1))) if near else int(np.exp(rng.uniform(0.7, 5.5)))
    size = int(np.exp(rng.uniform(0.7, 4)))
    loss = rng.uniform(0, 2 * GUESSING)
    share, gap = (rng.uniform(low, high) for low, high in _ENDS[word])
    if word == OVER and rng.random() < 0.5:
        share = 1.0
    if at_chance:
        loss, share, gap = GUESSING * rng.uniform(0.96, 1.04), rng.uniform(0.05, 0.19), rng.uniform(-0.05, 0.09)
    if word == DIVERGED:
        loss = GUESSING * float(rng.choice([rng.uniform(2, 2.5), rng.uniform(2, 20)]))
    ends = (top, loss), (1, share), (top, loss), (1, max(share - gap, 0))
    curves = [np.append(rng.uniform(0, most, epochs - 1), end) for most, end in ends]
    if word == DIVERGED and rng.random() < 0.6:
        curves[0][-1] = rng.uniform(0, top)
        value, at, one = (np.nan, np.inf)[rng.integers(2)], rng.integers(epochs), rng.integers(4)
        curves[one][at] = value
        if rng.random() < 0.5:  # as in a training: both losses, from there on
            curves[0][at:] = curves[2][at:] = value
    examples = size * batches - int(rng.integers(size))
    return Run({name: curve.round(4).tolist() for name, curve in zip(CURVES, curves)}, examples, size)


#: Where the training accuracy and the gap of a word are drawn from; whether the rules agree is seen afterwards.
_ENDS: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    DIVERGED: ((0.05, 0.94), (0.1, 0.3)),
    FAILURE: ((0.05, 0.19), (-0.05, 0.09)),
    OVER: ((0.95, 1.0), (0.13, 0.3)),
    UNDER: ((0.1, 0.9), (-0.05, 0.1)),
    HEALTHY: ((0.83, 1.0), (-0.03, 0.1)),
}

#: A little beside each threshold: train_loss before and at the end, in ln 10; train_acc; the gap; epochs; batches in an epoch.
_BORDERS = (
    *((1.9, 2.01, 0.5, 0.05, 3, 10), (2.5, 1.99, 0.5, 0.05, 3, 10)),
    *((1.1, 1.04, 0.19, 0.05, 12, 25), (1.1, 1.06, 0.19, 0.05, 12, 25), (1.1, 0.96, 0.19, 0.05, 12, 25)),
    *((1.1, 0.94, 0.19, 0.05, 12, 25), (1.1, 1.04, 0.21, 0.05, 12, 25), (1.1, 1.04, 0.19, 0.05, 13, 23)),
    *((0.2, 0.1, 0.96, 0.14, 3, 10), (0.1, 0.2, 0.96, 0.14, 3, 10), (0.2, 0.1, 0.89, 0.09, 3, 10)),
    *((0.2, 0.1, 0.95, 0.09, 3, 10), (0.1, 0.2, 0.86, 0.0, 3, 10), (0.2, 0.1, 0.91, 0.05, 3, 10)),
)


@lru_cache(maxsize=1)
def borders() -> list[Run]:
    """Runs on both sides of each threshold; the last batch is whole in one of two, and has one image in the other."""
    found = []
    for before, loss, share, gap, epochs, batches in _BORDERS:
        losses = [round(GUESSING * value, 4) for value in [before] * (epochs - 1) + [loss]]
        curves = losses, [share] * epochs, losses, [round(share - gap, 4)] * epochs
        found += [Run(dict(zip(CURVES, curves)), 8 * batches - missing, 8) for missing in (0, 7)]
    return found


# --- slips ------------------------------------------------------------------------------------------------------------

Fits = Callable[[Run, str, str | None], bool]  #: (run, right word, word that was said) -> whether a slip can lead to it
Said = tuple[Run, str, str | None]  #: the same three


class Slip(NamedTuple):
    """One rule that is not kept, by the name of a known mistake; it shows in a run if the right word does not fit.

    everywhere : whether it has to explain what is said of all runs, also of those that a check is not about
    """

    name: str
    fits: Fits
    everywhere: bool = False


def _where(shows: Callable[[Run, str], bool], says: Fits = lambda run, right, said: True) -> Fits:
    """Some runs get another word than the right one, and such a one as is told; all others get theirs."""
    return lambda run, right, said: said != right and says(run, right, said) if shows(run, right) else said == right


def _only(word: str) -> Fits:
    return lambda run, right, said: said == word


def _is(word: str) -> Callable[[Run, str], bool]:
    return lambda run, right: right == word


def _spelled_alike(run: Run, right: str, said: str | None) -> bool:
    return isinstance(said, str) and _letters(said) == _letters(right)


def _letters(word: str) -> str:
    return "".join(filter(str.isalpha, word.lower().replace("z", "s")))


def _by_validation(run: Run, right: str, said: str | None) -> bool:
    return said == (UNDER if run.history["val_acc"][-1] < 0.85 else HEALTHY)


def _of_first_epoch(run: Run, right: str, said: str | None) -> bool:
    """Where the first accuracies meet no rule, there is no telling."""
    first = {name: run.history[name][:1] for name in ("train_acc", "val_acc")}
    words = met(run._replace(history={**run.history, **first}))
    return said in words or not words


def _of_first_epoch_alone(run: Run, right: str, said: str | None) -> bool:
    """The same where the loss is that of the first epoch, too; whether it fell is seen by the last but one."""
    first = {name: [*curve[:-1], curve[0]] for name, curve in run.history.items()}
    words = met(run._replace(history=first)) if _finite(run) else {DIVERGED}
    return said in words or not words


def _gap(run: Run) -> float:
    return run.history["train_acc"][-1] - run.history["val_acc"][-1]


def _finite(run: Run) -> bool:
    return all(np.isfinite(curve).all() for curve in run.history.values())


def _off_chance(run: Run) -> float:
    return abs(run.history["train_loss"][-1] - GUESSING)


def _at_chance(run: Run) -> bool:
    return run.history["train_acc"][-1] < 2 / CLASSES and _off_chance(run) <= 0.05 * GUESSING


def _falls(run: Run) -> bool:
    return run.history["train_loss"][-1] < run.history["train_loss"][-2]


def _examples(run: Run) -> int:
    return len(run.history["train_loss"]) * run.examples


def _whole_batches(run: Run) -> int:
    return len(run.history["train_loss"]) * (run.examples // run.batch_size)


_FAILURES, _FITS = "check_diagnose_tells_failures", "check_diagnose_tells_how_it_fits"
_SPELLING, _ANY_GAP = "spells_a_word_otherwise", "overfits_at_any_gap"
#: A loss above 2 instead of 2 ln 10 is far too large then.
_LOGARITHM = Slip(
    "takes_another_logarithm",
    _where(lambda run, right: right != DIVERGED and run.history["train_loss"][-1] > 2, _only(DIVERGED)),
    everywhere=True,
)
SLIPS: Mapping[str, Sequence[Slip]] = {
    _FAILURES: (
        Slip("misses_nan", _where(lambda run, right: not _finite(run) and not run.history["train_loss"][-1] > 2 * GUESSING)),
        Slip("looks_for_nan_alone", _where(lambda run, right: right == DIVERGED and _finite(run))),
        Slip("misses_divergence", _where(_is(DIVERGED), lambda run, right, said: not _spelled_alike(run, right, said))),
        Slip("ignores_the_updates", _where(_is(UNDER), _only(FAILURE))),
        Slip(
            "takes_examples_for_updates", _where(lambda run, right: right == UNDER and _examples(run) >= ENOUGH, _only(FAILURE))
        ),
        Slip("misses_failures", _where(_is(FAILURE), lambda run, right, said: not _spelled_alike(run, right, said))),
        Slip("looks_for_underfitting_first", _where(lambda run, right: right == FAILURE and _falls(run), _only(UNDER))),
        Slip("counts_whole_batches_alone", _where(lambda run, right: right == FAILURE and _whole_batches(run) < ENOUGH)),
        Slip(_ANY_GAP, _where(lambda run, right: right == UNDER and _gap(run) > 0, _only(OVER))),
        Slip("looks_at_the_first_epoch", _of_first_epoch_alone),
        _LOGARITHM,
        *(Slip(_SPELLING, _where(_is(word), _spelled_alike)) for word in (DIVERGED, FAILURE)),
    ),
    _FITS: (
        Slip(_ANY_GAP, _where(lambda run, right: right != OVER and _gap(run) > 0, _only(OVER))),
        Slip(_ANY_GAP, _where(lambda run, right: right == HEALTHY and _gap(run) > 0, _only(OVER))),
        Slip("judges_by_validation_accuracy", _where(_is(OVER), _by_validation)),
        Slip(
            "misses_overfitting",
            _where(_is(OVER), lambda run, right, said: not _spelled_alike(run, right, said) and said != UNDER),
        ),
        Slip("looks_at_the_first_epoch", _of_first_epoch),
        Slip("looks_at_the_first_epoch", _of_first_epoch_alone),
        _LOGARITHM,
        *(Slip(_SPELLING, _where(_is(word), _spelled_alike)) for word in (OVER, UNDER, HEALTHY)),
    ),
}


def of_checks(student: Student, case: Case, failed: Collection[str]) -> dict[str, Fact]:
    """For each failed check of diagnose that one slip explains: which."""
    if not {*failed} & {*SLIPS}:
        return {}
    runs = made_up(case.seed)
    (judge_all,) = student.made("judge_all", "judge_all", _JUDGE_ALL, len, student.experiments.diagnose)
    said = [(run, verdict(run), _said(word)) for run, word in zip(runs, judge_all([[*run] for run in runs]))]
    found = {check: names for check in SLIPS if (names := _slips_of(check, said)) is not None}
    # A check may fail by runs that the other one is about as well.
    other = {_FAILURES: _FITS, _FITS: _FAILURES}
    named = {check: found.get(check if check in found else other[check], set()) for check in {*failed} & {*SLIPS}}
    return {check: Fact(*names) for check, names in named.items() if len(names) == 1}


def called_otherwise(student: Student, case: Case, check: str) -> list[Run]:
    """The first of the runs that nobody trained, of a check, to which `diagnose` does not give the word of the rules; or none."""
    clear = [run for run in (*borders(), *made_up(case.seed)) if verdict(run, CLEAR) and _is_about(check, run)]
    (judge_each,) = student.made("judge_each", "judge_each", _JUDGE_EACH, len, student.experiments.diagnose)
    words = judge_each([[*run] for run in clear])
    return next(([run] for run, word in zip(clear, words) if word != verdict(run)), [])


def _is_about(check: str, run: Run) -> bool:
    return (check == _FAILURES) == (verdict(run) in (DIVERGED, FAILURE) or _at_chance(run))


def _slips_of(check: str, said: Sequence[Said]) -> set[str] | None:
    """The slips that explain what is said of the runs that a check is about; None if that is right."""
    about = [one for one in said if _is_about(check, one[0])]
    if all(right == word for _, right, word in about):
        return None
    return {slip.name for slip in SLIPS[check] if _explains(slip, said if slip.everywhere else about)}


def _said(word: object) -> str | None:
    return word if isinstance(word, str) else None


def _explains(slip: Slip, about: Sequence[Said]) -> bool:
    """Whether a slip leads to all that was said, and shows in enough of it."""
    shown = sum(not slip.fits(run, right, right) for run, right, _ in about)
    return shown >= LEAST and all(slip.fits(*one) for one in about)
