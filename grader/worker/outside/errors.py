"""What can go wrong in a worker, as exceptions whose text is a sentence for the learner.

Everything under `StudentError` is something the submission did; `WorkerFault` is the grader's own fault.
"""

from typing import TypedDict, Unpack

from grader.errors import Fault
from grader.records import SourceLines
from grader.submission import file_of


class WorkerFault(Fault):
    """The grader's own fault, or the machine's: no worker could be started, or a check passed what cannot be sent."""


class SandboxRefused(WorkerFault):
    """Strict was asked for, and this machine does not withhold everything."""

    exit_status = 2
    lead = ""


class Details(TypedDict, total=False):
    """What is known of an error beside its sentence.

    type_name : "ValueError"
    mro       : names of the exception's classes, its own first
    message   : the exception's own text, cleaned
    frames    : the learner's lines on the way to it, outermost first
    printed   : what the code printed in the failing call
    module    : of the submission, that is missing, lacks something or cannot be imported
    name      : that the module lacks
    limit     : seconds that the call had
    status    : of a process that ended: its exit status, negative for a signal, None if it is not known
    """

    type_name: str
    mro: tuple[str, ...]
    message: str
    frames: list[SourceLines]
    printed: str
    module: str
    name: str
    limit: float
    status: int | None


class StudentError(Exception):
    """The learner's code raised an exception, of which each of the `Details` is an attribute."""

    def __init__(self, sentence: str, **details: Unpack[Details]):
        super().__init__(sentence)
        self.type_name = details.get("type_name") or type(self).__name__
        self.mro = details.get("mro", ())
        self.message = details.get("message") or sentence
        self.frames = details.get("frames") or []
        self.printed = details.get("printed", "")
        self.module, self.name = details.get("module", ""), details.get("name", "")
        self.limit, self.status = details.get("limit", 0.0), details.get("status")

    @property
    def file(self) -> str:
        """The file of the module."""
        return file_of(self.module)

    @property
    def where(self) -> str:
        """ "losses.py, line 12" of the innermost of the learner's lines, or nothing."""
        if not self.frames:
            return ""
        last = self.frames[-1]
        return f"{last.file}, line {(last.marked or [last.first])[0]}"


class StudentExit(StudentError):
    """The code tried to end the program: sys.exit(), KeyboardInterrupt, GeneratorExit, ..."""


class MissingName(StudentError):
    """A module of the contract, or a name in it, does not exist."""


class ModuleBroken(StudentError):
    """A module cannot be imported: a syntax error, or an exception while it was being imported."""


class NotAValue(StudentError):
    """A check needed a number or an array, and the learner's code handed out an object."""


class OutOfMemory(StudentError):
    """The code asked for more memory than a worker has."""


class CallTimeout(StudentError):
    """A call did not return within its limit; the worker was stopped."""


class WorkerDied(StudentError):
    """The process ended in the middle of a call."""

    @property
    def killed(self) -> bool:
        """Whether somebody else may have done it: the system short of memory, a person, a zygote that went."""
        return type(self) is WorkerDied and self.status in (None, -9)


class TooMuchOutput(WorkerDied):
    """The code printed more than a worker may; it was stopped."""


class ProtocolViolation(StudentError):
    """What came back was not an answer; the worker was stopped."""
