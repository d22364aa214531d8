"""What an object keeps from one call to the next, told by what it answers, whatever the form of a slip: two forms that keep
the same array may end in different errors as soon as shapes change.

Asked after the verdicts, of a submission that failed; nothing here decides a check.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.api import FLOAT32_RTOL, Student

from .closed_form import Array

Made = Any  #: an object of the submission, which stays in the worker


def close(given: ArrayLike, expected: ArrayLike, rtol: float = FLOAT32_RTOL, atol: float = 1e-6) -> bool:
    """Whether these are of one shape, and the same numbers but for that; nan is as nan."""
    return np.shape(given) == np.shape(expected) and np.allclose(given, expected, rtol, atol, equal_nan=True)


def of_backward(
    make: Callable[[], Made],
    forward: Callable[[Made, int], object],
    back: Callable[[Made], Array],
    right: Sequence[Array],
    names: Sequence[str],
) -> str:
    """Which of three slips explains what backward is about; "" if none does, or several would.

    make    : a new object
    forward : its forward, with input 0, 1 or 2: all of one shape
    back    : the gradient that its backward leaves or returns
    right   : that gradient for each of the three inputs
    names   : of the slips: the input stays that of the object's first forward; it is that of any object's latest
              forward; backward changes what it needs, so that only the first answer after a forward is right
    raises  : StudentError where backward cannot answer
    """

    def after(one: Made, k: int) -> Array:
        forward(one, k)
        return back(one)

    if not close(after(make(), 1), right[1]):
        return ""
    one, other, third, again = make(), make(), make(), make()
    first = [close(after(one, k), right[0]) for k in range(3)] == [True] * 3
    forward(other, 0)
    forward(third, 1)
    shared = close(back(other), right[1])
    used_up = close(after(again, 2), right[2]) and not close(back(again), right[2])
    found = [name for name, seen in zip(names, (first, shared, used_up)) if seen]
    return found[0] if len(found) == 1 else ""


def reuses_its_result(student: Student, one: Made, x: Array, x_next: Array) -> bool:
    """Whether what forward returned becomes the result of the next forward, with another x of the same shape."""
    result = one.forward.keep(student.put(x))
    before = np.array(student.fetch(result))
    later = np.asarray(one.forward(x_next))
    now = np.asarray(student.fetch(result))
    return not np.array_equal(before, now) and np.array_equal(now, later)
