"""What a verb says, and which exit status it gives, when a grade cannot be made."""

import contextlib
from collections.abc import Iterator

from grader.cli import Refusal
from grader.running.interrupts import stoppable


class OwnFault(Refusal):
    """The grader's own fault: exit status 3."""

    exit_code = 3


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Turn whatever stops a grade into one sentence and an exit status; a request to terminate ends it like Ctrl-C."""
    with stoppable():
        try:
            yield
        except Exception as error:
            if isinstance(error, Refusal):
                raise
            refused = _refused(error)
            if refused:
                raise Refusal(refused) from None
            if getattr(error, "exit_status", 0) == OwnFault.exit_code:
                raise OwnFault(f"the grade could not be made: {error}") from error
            raise


def _refused(error: Exception) -> str:
    """The sentence of an error that whoever asked can do something about; nothing for any other.

    An exception says so itself, with `exit_status`: a plain request imports no worker and no data to ask what is one.
    """
    if getattr(error, "exit_status", 0) == Refusal.exit_code:
        return str(error)
    if isinstance(error, PermissionError | FileNotFoundError | NotADirectoryError | FileExistsError) and error.filename:
        return f"{error.filename}: {error.strerror}. Remedy: name another folder, or change its permissions."
    return ""
