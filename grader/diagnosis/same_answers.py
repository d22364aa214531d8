"""Are two answers the same?

Same means: same type, shape, dtype and NaN pattern, and values within 1e-9 of the scale, small entries also within 1e-6
of themselves; or the same kind of exception.
What the contract leaves free makes no difference: float or np.float64, list or tuple, list or generator.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from grader.worker.outside.handles import Remote
from grader.worker.outside.transcript import ErrorInfo, Opaque, Step

#: Largest difference between equal answers by bytes of a float: (share of the largest entry, share of the entry itself,
#: share of the largest entry that is rounding and nothing else).
_CLOSE = {8: (1e-9, 1e-6, 1e-14), 4: (1e-5, 1e-3, 1e-6), 2: (1e-2, 1e-1, 1e-3)}
_FEW = 32  #: entries that are compared before all others
_ITERATORS = ("generator", "iterator", "zip", "map", "list_iterator")

ANYTHING: Any = object()  #: an answer that nothing depends on: the same as any other

Answer = tuple[str, str, Any]  #: (kind of step, what was asked, what was answered)
Answers = Sequence[Answer]

TRAINING = "(training)"  #: stands for what a course calls its function that trains

#: How much of what it returns is compared: all of it; the measures on the validation set alone, because those on the
#: training set may be taken during the epoch or after it; nothing, because it may be any kind of dict.
ALL_OF_HISTORY, VALIDATION_ONLY, NO_HISTORY = range(3)


def history_scope(given: Answers) -> int:
    """How much of what a training returned can be compared with other code that makes use of its freedom otherwise."""
    if not (histories := [outcome for kind, asked, outcome in given if (kind, asked) == ("call", TRAINING)]):
        return ALL_OF_HISTORY
    return VALIDATION_ONLY if all(isinstance(history, dict) for history in histories) else NO_HISTORY


def comparable(given: Answers, much: int) -> list[Answer]:
    """The answers, with only so much of what train returned; how the grader read the rest makes no difference either."""
    if much == ALL_OF_HISTORY:
        return list(given)
    found: list[Answer] = []
    for (kind, asked, outcome), passed_over in zip(given, readings(given)):
        if is_history(kind, asked, outcome):
            kept = outcome if much == VALIDATION_ONLY and isinstance(outcome, dict) else {}
            outcome = {name: kept[name] for name in kept if str(name).startswith("val_")}
        elif passed_over:
            continue
        found.append((kind, asked, outcome))
    return found


def is_history(kind: str, asked: str, outcome: object) -> bool:
    """Whether an answer is what train returned."""
    return (kind, asked) == ("call", TRAINING) and not isinstance(outcome, ErrorInfo)


def readings(given: Answers) -> list[bool]:
    """Which steps only read what an answer before them holds."""
    kinds = [kind for kind, _, _ in given]
    return [k in ("has", "take", "item") or (k == "fetch" and last == "item") for last, k in zip(["", *kinds], kinds)]


def answers(transcript: Sequence[Step]) -> list[Answer]:
    """The transcript as questions and answers; what a generator yields counts as the answer of the call that made it."""
    found: list[Answer] = []
    for step in transcript:
        asked = TRAINING if step.trains else step.target.rpartition(".")[2]
        if step.kind == "take" and found and found[-1][0] == "call":
            made = found[-1][2]
            if isinstance(made, Opaque) and made.kind in _ITERATORS:
                found[-1] = (*found[-1][:2], step.outcome)
                continue
        found.append((step.kind, asked, step.outcome))
    return found


def in_words_alone(given: Answers) -> bool:
    """Whether all answers are texts: one in five is met by chance, and no comparison tells a slip by them, only facts."""
    return bool(given) and all(isinstance(outcome, str) for _, _, outcome in given)


def last_words(given: Answers) -> str:
    """What the exception says that ended a transcript, if one did, apart from what its function is called."""
    if not given or not isinstance(given[-1][2], ErrorInfo):
        return ""
    return re.sub(r"[\w.<>]+\(\)", "f()", given[-1][2].message)


def same_answers(a: Answers, b: Answers, judged: object = None) -> bool:
    """Whether two transcripts hold the same questions with the same answers; `judged` (of a) as of `resting_on` (of b)."""
    if len(a) != len(b) or not all(p[:2] == q[:2] and same(p[2], q[2]) for p, q in zip(a, b)):
        return False
    stake = [outcome is not ANYTHING for *_, outcome in b]  # what comes before an answer that failed has held
    return all(stake) or [outcome is not ANYTHING for *_, outcome in resting_on(a, judged) or ()] == stake


def resting_on(given: Answers, judged: object) -> list[Answer] | None:
    """The answers, with ANYTHING for those that an expectation does not rest on; None if that cannot be told, or one raised.

    judged : what the expectation was about: one of the answers, or an item of one (then it rests on all of them)
    """
    if last_words(given) or not isinstance(judged, float | np.ndarray) or not _says_something(np.asarray(judged)):
        return None  # what an exception ended did not fail by what was judged last
    for k in range(len(given) - 1, -1, -1):
        outcome = given[k][2]
        if outcome is judged or (isinstance(outcome, list | tuple) and any(item is judged for item in outcome)):
            return [(*one[:2], outcome if place == k else ANYTHING) for place, one in enumerate(given)]
    return None


def _says_something(array: np.ndarray) -> bool:
    """Whether these are numbers that no two mistakes give by chance: finite, and not all alike unless there is one."""
    finite = array.dtype.kind == "f" and array.size > 0 and bool(np.isfinite(array).all())
    return finite and bool(np.ptp(array) > 0 if array.size > 1 else np.all(array != 0))


def same(a: object, b: object) -> bool:
    """Whether two answers are the same."""
    if a is ANYTHING or b is ANYTHING:
        return True
    if isinstance(a, ErrorInfo) and isinstance(b, ErrorInfo):
        return (a.error, a.type_name) == (b.error, b.type_name)
    if isinstance(a, Opaque | Remote):  # what stayed in the worker cannot be compared any further
        return isinstance(b, Opaque | Remote)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and same(list(a.values()), [b[key] for key in a])
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return _same_values(a, b)


def _same_values(a: object, b: object) -> bool:
    if (_is_number(a) and _is_number(b)) or (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
        return _same_arrays(np.asarray(a), np.asarray(b))
    return type(a) is type(b) and bool(a == b)


def _same_arrays(a: np.ndarray, b: np.ndarray) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    if a.size > _FEW:  # most arrays that differ do so at once
        scale = max(np.abs(a).max(), np.abs(b).max())
        if np.isfinite(scale) and not _close(a.reshape(-1)[:_FEW], b.reshape(-1)[:_FEW], scale):
            return False
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)) or not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    p, q = a[finite], b[finite]
    return not p.size or np.array_equal(p, q) or _close(p, q)


def _close(p: np.ndarray, q: np.ndarray, scale: float | None = None) -> bool:
    """Whether finite entries agree; `scale` is the largest of all, if these are only some."""
    of_scale, of_entry, rounding = _CLOSE.get(p.real.dtype.itemsize, _CLOSE[8])
    wide = np.complex128 if p.dtype.kind == "c" else np.float64
    p, q = p.astype(wide), q.astype(wide)
    size, off = np.maximum(np.abs(p), np.abs(q)), np.abs(p - q)
    scale = size.max() if scale is None else scale
    return bool(np.all((off <= of_scale * scale) & (off <= np.maximum(of_entry * size, rounding * scale))))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool)
