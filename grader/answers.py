"""Are two answers the same? And what of an answer does not depend on the numbers that were drawn?

Same means: same type, shape, dtype and NaN pattern, and values within 1e-9 of the scale, small entries also within 1e-6
of themselves; or the same kind of exception.
What the contract leaves free makes no difference: float or np.float64, list or tuple, list or generator.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from grader.worker.handles import Remote
from grader.worker.transcript import ErrorInfo, Opaque, Step

#: Largest difference between equal answers by bytes of a float: (share of the largest entry, share of the entry itself,
#: share of the largest entry that is rounding and nothing else).
_CLOSE = {8: (1e-9, 1e-6, 1e-14), 4: (1e-5, 1e-3, 1e-6), 2: (1e-2, 1e-1, 1e-3)}
_ITERATORS = ("generator", "iterator", "zip", "map", "list_iterator")
LARGE = 2000  #: entries from which on a standard deviation says something
_SPREAD = 0.04  #: and how far two of them may be apart, as a share

Answer = tuple[str, str, Any]  #: (kind of step, what was asked, what was answered)


def answers(transcript: Sequence[Step]) -> list[Answer]:
    """The transcript as questions and answers; what a generator yields counts as the answer of the call that made it."""
    found: list[Answer] = []
    for step in transcript:
        asked = step.target.rpartition(".")[2]
        if step.kind == "take" and found and found[-1][0] == "call" and _is_iterator(found[-1][2]):
            found[-1] = (*found[-1][:2], step.outcome)
            continue
        found.append((step.kind, asked, step.outcome))
    return found


def same_answers(a: Sequence[Answer], b: Sequence[Answer]) -> bool:
    """Whether two transcripts hold the same questions with the same answers."""
    return len(a) == len(b) and all(p[:2] == q[:2] and same(p[2], q[2]) for p, q in zip(a, b))


def same(a: Any, b: Any) -> bool:
    """Whether two answers are the same."""
    if isinstance(a, ErrorInfo) or isinstance(b, ErrorInfo):
        both = isinstance(a, ErrorInfo) and isinstance(b, ErrorInfo)
        return both and (a.error, a.type_name) == (b.error, b.type_name)
    if _is_object(a) or _is_object(b):
        return _is_object(a) and _is_object(b)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if _is_number(a) and _is_number(b):
        return _same_arrays(np.asarray(a), np.asarray(b))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return _same_arrays(a, b)
    return type(a) is type(b) and bool(a == b)


def _same_arrays(a: np.ndarray, b: np.ndarray) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b))
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)) or not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    p, q = a[finite].astype(np.complex128), b[finite].astype(np.complex128)
    if not p.size:
        return True
    size, off = np.maximum(np.abs(p), np.abs(q)), np.abs(p - q)
    of_scale, of_entry, rounding = _CLOSE.get(a.real.dtype.itemsize, _CLOSE[8])
    scale = size.max()
    return bool(np.all((off <= of_scale * scale) & (off <= np.maximum(of_entry * size, rounding * scale))))


# --- what does not depend on the draw ---------------------------------------------------------------------------------


def features(transcript: Sequence[Answer]) -> dict[str, Any]:
    """Everything that can be said about the answers apart from their exact numbers, by name."""
    found: dict[str, Any] = {"questions": [question[:2] for question in transcript]}
    arrays: list[np.ndarray] = []
    for index, (_, _, answer) in enumerate(transcript):
        for name, value in _features(answer, arrays):
            found[f"{index}{name}"] = value
    # Which of the arrays are equal to which: the same draw twice, or another one.
    found["equal"] = [next(k for k, b in enumerate(arrays) if same(a, b)) for a in arrays[:60]]
    return found


def same_feature(name: str, a: Any, b: Any) -> bool:
    """Whether two values of one feature are the same."""
    if name.endswith("/spread"):
        return abs(a - b) <= _SPREAD * max(a, b)
    return same(a, b)


def _features(answer: Any, arrays: list[np.ndarray], prefix: str = "") -> Iterator[tuple[str, Any]]:
    yield f"{prefix}/value", answer
    if isinstance(answer, np.ndarray):
        arrays.append(answer)
        yield f"{prefix}/kind", (answer.shape, str(answer.dtype))
        if answer.dtype.kind in "fiu" and answer.size > 1:
            if answer.size < LARGE:
                yield f"{prefix}/sorted", np.sort(answer, axis=None)
            yield f"{prefix}/sign", (bool(answer.min() >= 0), bool(answer.max() <= 0))
            yield f"{prefix}/constant", bool(np.ptp(answer) == 0)
            yield f"{prefix}/columns", answer.ndim == 2 and bool(np.all(answer == answer[:, :1]))
            if answer.size >= LARGE and np.isfinite(answer).all():
                yield f"{prefix}/spread", float(answer.std())
    elif isinstance(answer, dict):
        yield f"{prefix}/keys", sorted(map(str, answer))
        for key in answer:
            yield from _features(answer[key], arrays, f"{prefix}.{key}")
    elif isinstance(answer, list | tuple):
        yield f"{prefix}/length", len(answer)
        yield f"{prefix}/shapes", [_shape(item) for item in answer]
        for index, item in enumerate(answer[:8]):
            yield from _features(item, arrays, f"{prefix}[{index}]")
        yield from _joined(answer, prefix)


def _shape(item: Any) -> Any:
    if isinstance(item, list | tuple):
        return [_shape(part) for part in item]
    return (item.shape, str(item.dtype)) if isinstance(item, np.ndarray) else type(item).__name__


def _joined(batches: Sequence[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Of a list of batches: all rows put together, in order of size, by themselves and side by side."""
    pairs = [batch for batch in batches if isinstance(batch, list | tuple) and len(batch) == 2]
    if not pairs or len(pairs) != len(batches):
        return
    try:
        columns = [np.concatenate([np.asarray(pair[k]) for pair in pairs]) for k in (0, 1)]
        columns = [column.reshape(len(column), -1).astype(np.float64) for column in columns]
        both = np.hstack(columns)
    except (ValueError, TypeError):
        return
    for name, table in (("first", columns[0]), ("second", columns[1]), ("together", both)):
        ordered = table[np.lexsort(table.T[::-1])]
        yield f"{prefix}/{name}", ordered
        yield f"{prefix}/{name} once", np.unique(table, axis=0)
    yield f"{prefix}/batches", _sets(pairs)


def _sets(pairs: Sequence[Any]) -> list[np.ndarray]:
    """The rows of each batch in order of size, and the batches in order of their first row."""
    tables = [np.asarray(pair[0], dtype=np.float64).reshape(len(pair[0]), -1) for pair in pairs]
    ordered = [table[np.lexsort(table.T[::-1])] for table in tables]
    return sorted(ordered, key=lambda table: table[:1].ravel().tolist())


def _is_object(value: Any) -> bool:
    return isinstance(value, Opaque | Remote)


def _is_iterator(value: Any) -> bool:
    return isinstance(value, Opaque) and value.kind in _ITERATORS


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool)
