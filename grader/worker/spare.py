"""The next worker, getting ready while the current one works."""

import contextlib
from typing import Any

from grader.submission import Submission
from grader.worker import stream, wire
from grader.worker.process import ForkedProcess
from grader.worker.wirechannel import load_message


class Spare:
    """A worker that was asked for ahead of time.

    plan   : what it is forked for
    shared : how many shared arrays it has
    """

    def __init__(self, plan: dict[str, Any], shared: int, process: ForkedProcess):
        self.plan, self.shared, self.process = plan, shared, process
        self.submission: Submission | None = None  #: what it holds already

    def lay_ahead(self, submission: Submission, folder: str, imports: list[str]) -> None:
        """Send it a submission, and let it import some modules, which another worker did before without harm."""
        name, *details = load_message(submission, folder, imports)
        pieces = list(stream.parts(wire.encode([name, [], *details])))
        if len(pieces) == 1:  # more than one could fill the connection, and would have to be waited for
            with contextlib.suppress(OSError):  # it was killed: who takes it finds out
                self.process.connection.sendall(pieces[0])
            self.submission = submission

    def fits(self, plan: dict[str, Any], shared: int, submission: Submission) -> bool:
        """Whether it is alive, and what is needed now."""
        if self.submission not in (None, submission):
            return False
        return self.plan == plan and self.shared == shared and self.process.zygote.alive and self.process.alive
