"""What the author of a check imports: nothing else of the grader is needed to write one.

A check asks its `student` for something and tells its `case` what to expect:

    from grader.checks.api import FLOAT32_RTOL

    def check_shares_are_parts_of_the_row(student, case):
        \"\"\"shares(z) is exp(z) divided by the sum of exp(z) over the row.\"\"\"
        z = case.normal("z", 4, 3)
        e = np.exp(z)
        case.expect(student.rows.shares(z), e / e.sum(axis=1, keepdims=True), "shares(z)", rtol=FLOAT32_RTOL)
"""

from grader.checks.case import Case
from grader.checks.compare import Unmet
from grader.checks.epochs import last_epoch
from grader.checks.patterns import ROWS_FOR_COLUMNS
from grader.checks.phrases import listed, number, type_phrase
from grader.checks.script import literal
from grader.errors import Refusal
from grader.worker.outside.errors import CallTimeout, StudentError
from grader.worker.outside.handles import Earlier, Remote
from grader.worker.outside.proxy import Student
from grader.worker.outside.transcript import ErrorInfo, Opaque, Step

#: Relative tolerance of core checks: right to the digits of float32. Float64 has checks of its own.
FLOAT32_RTOL = 1e-5

__all__ = [
    "FLOAT32_RTOL", "ROWS_FOR_COLUMNS", "CallTimeout", "Case", "Earlier", "ErrorInfo", "Opaque", "Refusal", "Remote", "Step", "Student",
    "StudentError", "Unmet", "last_epoch", "listed", "literal", "number", "type_phrase",
]  # fmt: skip
