"""What the author of a check imports: nothing else of the grader is needed to write one.

A check asks its `student` for something and tells its `case` what to expect:

    from grader.checking import ROUGH

    def check_softmax_gives_the_exponential_shares(student, case):
        \"\"\"softmax(z) is exp(z) divided by the sum of exp(z) over the row.\"\"\"
        z = case.normal("z", 4, 3)
        e = np.exp(z)
        case.expect(student.losses.softmax(z), e / e.sum(axis=1, keepdims=True), "softmax(z)", rtol=ROUGH)
"""

from typing import Any

import numpy as np

from grader.compare import Unmet

#: Relative tolerance of core checks: right to the digits of float32. Float64 has checks of its own.
ROUGH = 1e-5


def strided(student: Any, array: np.ndarray) -> Any:
    """The array as one that does not lie row by row in the worker's memory: a Remote to a transposed view."""
    return student.ref(student.put(np.ascontiguousarray(array.T)), "T")


__all__ = ["ROUGH", "Unmet", "strided"]
