"""What of a check's answers does not depend on the numbers that were drawn?

Code that draws at random is run with several draws. What can be said of its answers apart from their exact numbers is
compared: shapes, which rows come, spread, signs, what equals what.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from grader.diagnosis.digests import Digest
from grader.diagnosis.same_answers import Answers, same

LARGE = 2000  #: entries from which on a standard deviation says something
SPREAD = 0.04  #: and how far two of them may be apart, as a share

Draws = Sequence[Mapping[str, Any]]  #: the features of one piece of code, for each of several draws


def features(transcript: Answers) -> dict[str, Any]:
    """Everything that can be said about the answers apart from their exact numbers, by name."""
    found: dict[str, Any] = {"questions": [question[:2] for question in transcript]}
    arrays: list[np.ndarray] = []
    for index, (_, _, answer) in enumerate(transcript):
        for name, value in _features(answer, arrays):
            found[f"{index}{name}"] = value
    # Which of the arrays are equal to which: the same draw twice, or another one.
    found["equal"] = [next(k for k, b in enumerate(arrays) if same(a, b)) for a in arrays[:60]]
    return found


def _features(answer: object, arrays: list[np.ndarray], prefix: str = "") -> Iterator[tuple[str, Any]]:
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


def _shape(item: object) -> object:
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
        columns = [_table(column) for column in columns]
        both, batches = np.hstack(columns), _sets(pairs)
    except (ValueError, TypeError):  # not batches of rows: then there is nothing to say about rows
        return
    for name, table in (("first", columns[0]), ("second", columns[1]), ("together", both)):
        ordered = table[np.lexsort(table.T[::-1])]
        yield f"{prefix}/{name}", ordered
        yield f"{prefix}/{name} once", np.unique(table, axis=0)
    yield f"{prefix}/batches", batches


def _table(array: np.ndarray) -> np.ndarray:
    """One row per example, also if there are no examples; ValueError for what is not an array of numbers."""
    return array.reshape(len(array), int(np.prod(array.shape[1:]))).astype(np.float64)


def _sets(pairs: Sequence[Any]) -> list[np.ndarray]:
    """The rows of each batch in order of size, and the batches in order of their first row."""
    tables = [_table(np.asarray(pair[0])) for pair in pairs]
    ordered = [table[np.lexsort(table.T[::-1])] for table in tables]
    return sorted(ordered, key=lambda table: table[:1].ravel().tolist())


def agree(a: Draws, b: Draws, right: Draws) -> bool:
    """Whether two pieces of code have everything in common that does not change from draw to draw."""
    names = {name for draws in (a, b) for draw in draws for name in draw}
    return all(_agree_in(name, a, b, right) for name in names)


def shows(own: Draws, right: Draws) -> bool:
    """Whether something that both answered tells code from the right one, and not only that the check ended sooner."""
    shared = (set(own[0]) & set(right[0])) - {"questions", "equal"}
    most = min(len(draw["equal"]) for draw in (*own, *right))
    ours, theirs = ([{"equal": draw["equal"][:most]} for draw in draws] for draws in (own, right))
    equal = _agree_in("equal", ours, theirs, theirs)
    return not equal or not all(_agree_in(name, own, right, right) for name in shared)


def share_what_is_odd(a: Draws, b: Draws, right: Draws) -> bool:
    """Whether two pieces of code give the same always in something that the right code never gives."""
    names = [name for name in {*a[0]} & {*b[0]} - {"questions", "equal"} if not takes_few_values(a[0][name])]
    constant = [name for name in names if steady_in(name, a) and steady_in(name, b)]
    return any(
        alike(name, a[0][name], b[0][name]) and not ever(name, a[0][name], [draw.get(name) for draw in right])
        for name in constant
    )


def _agree_in(name: str, a: Draws, b: Draws, right: Draws) -> bool:
    p, q, r = ([draw.get(name) for draw in draws] for draws in (a, b, right))
    settled = r[0] is not None and steady(name, r)
    constant = steady(name, p), steady(name, q)
    if all(constant):
        return alike(name, p[0], q[0])
    if any(constant) and not (name == "equal" and settled):
        always, now_and_then = (p[0], q) if constant[0] else (q[0], p)
        return (not settled or takes_few_values(always)) and ever(name, always, now_and_then)
    if any(constant):  # two arrays may be equal by chance; that two never are is what is missed
        return not ever(name, r[0], (*p, *q))
    # Both change: where the reference does not, do both miss its constant answer in every draw?
    return not settled or ever(name, r[0], p) == ever(name, r[0], q)


def ever(name: str, value: object, values: Iterable[object]) -> bool:
    return any(alike(name, value, other) for other in values)


def takes_few_values(answer: object) -> bool:
    """Whether an answer may be the same in all draws by chance, as the accuracy on five rows may."""
    if isinstance(answer, list):
        return bool(answer) and all(isinstance(item, int | float) for item in answer)
    return isinstance(answer, int | float)


def leave_doubt(draws: Draws) -> bool:
    """Whether some answers that are the same in these draws may differ in others."""
    return any(name.endswith("/value") and takes_few_values(value) and steady_in(name, draws) for name, value in draws[0].items())


def says_for_sure(name: str, own: Draws, right: Draws) -> bool:
    """Whether other code must agree in this from its first draw on."""
    return steady_in(name, own) and steady_in(name, right) and not takes_few_values(own[0][name])


def steady_in(name: str, draws: Draws) -> bool:
    return steady(name, [draw.get(name) for draw in draws])


def steady(name: str, values: Sequence[Any]) -> bool:
    return all(alike(name, values[0], value) for value in values[1:])


def alike(name: str, a: object, b: object) -> bool:
    """Whether two values of one feature are the same; None where there is none."""
    if name.endswith("/spread") and isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= SPREAD * max(a, b)
    if isinstance(a, Digest) and isinstance(b, Digest):
        return a.agrees(b)
    return a is b if a is None or b is None else same(a, b)


def varies(draws: Draws) -> bool:
    return any(not steady_in(name, draws) for name in draws[0])
