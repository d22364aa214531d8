"""What can go wrong in a worker, as exceptions whose text is a sentence for the learner.

Everything under `StudentError` is something the submission did; `WorkerFault` is the grader's own fault.
"""

import ast
import os
from typing import TypedDict, Unpack

import msgspec

from grader.errors import Fault
from grader.records import SourceLines
from grader.submission import Submission, file_of
from grader.text import clean, clean_name

NO_ANSWER = "The worker sent an invalid reply."
CONTEXT = 2  # lines shown before and after
_LONGEST = 1200  # characters of a translation

_FIELDS = {"kind": str, "mro": list, "message": str, "frames": list, "module": str, "name": str, "code": str}
_FIELDS |= {"span": list, "seen": list, "holds": list}


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


# -- as a worker reports them: every field may be a lie, but none can do harm ------------------------------------------


def reported(info: object, printed: str, submission: Submission) -> StudentError:
    """The exception for an error that the worker reports, with `_FIELDS`."""
    if type(info) is not dict or any(type(info.get(name)) is not kind for name, kind in _FIELDS.items()):
        return ProtocolViolation(NO_ANSWER, printed=printed)
    mro = tuple(clean_name(name) for name in info["mro"][:20] if type(name) is str)
    module = info["module"][:80] if info["module"].replace(".", "").isidentifier() else ""
    details: Details = {
        "type_name": mro[0] if mro else "Exception",
        "mro": mro,
        "message": clean(info["message"]).replace("student.", ""),
        "frames": source_lines(info["frames"], submission),
        "printed": printed,
        "module": module,
        "name": clean_name(info["name"]),
    }
    told = _translation(info, details, submission)
    match info["kind"]:
        case "missing":
            return _missing(details, submission)
        case "broken":
            return _broken(details, submission, told)
        case "exit":
            name = details["type_name"]
            what = f"sys.exit({clean_name(info['code'])})" if name == "SystemExit" else name
            return StudentExit(f"The code tried to end the program ({what}).", **details)
        case "memory":
            return OutOfMemory("The code asked for more memory than there is for it.", **details)
    return StudentError(_both(told, _said(details)) + _withheld(details, submission), **details)


def _translation(info: dict[str, list[object]], details: Details, submission: Submission) -> str:
    """What the exception says, in terms of the code that raised it; empty if there is nothing to add."""
    from grader.worker.outside.expressions import Place, values_told
    from grader.worker.outside.translations import translated

    last = info["frames"][-1] if info["frames"] else None
    module = last[0] if type(last) is list and last and type(last[0]) is str else ""
    span = [place for place in info["span"][:4] if type(place) is int]
    place = Place(submission, module, span, values_told(info["seen"]), values_told(info["holds"]), details["frames"])
    return clean_name(translated(details["type_name"], details["message"], place), _LONGEST)


def _both(told: str, said: str) -> str:
    return f"{told} ({said})" if told else said


def _missing(details: Details, submission: Submission) -> MissingName:
    from grader.worker.outside.lookups import near, top_names

    name, file = details["name"], file_of(details["module"])
    sentence = f"{file} has no {name}."
    if guess := near(name, top_names(submission.modules.get(details["module"], ""))):
        sentence += f" Rename {clean_name(guess)} to {name}."
    if not name:
        sentence = f"There is no {file} in this submission. Remedy: put it back, or write its stubs again with make reset."
    return MissingName(sentence, **details)


def _broken(details: Details, submission: Submission, told: str) -> ModuleBroken:
    frames, module = details["frames"], details["module"]
    where = f" (line {frames[-1].marked[0]} of {frames[-1].file})" if frames else ""
    if module in submission.problems:
        sentence = submission.problems[module]
    elif "SyntaxError" in details["mro"] and frames:
        frames[-1] = msgspec.structs.replace(frames[-1], column=_column(frames[-1], submission))
        sentence = f"Syntax error in {frames[-1].file}, line {frames[-1].marked[0]}: {details['message']}."
    else:
        sentence = f"{file_of(module)} cannot be imported: {_both(told, _said(details))}{where}{_withheld(details, submission)}"
    return ModuleBroken(sentence, **details)


def _column(at: SourceLines, submission: Submission) -> int:
    """Where in its line Python stops reading a file, from 1; 0 if it reads all of it here."""
    text = next((text for module, text in submission.modules.items() if file_of(module) == at.file), "")
    try:
        ast.parse(text)
    except SyntaxError as error:
        return max(0, error.offset or 0) if [error.lineno] == at.marked else 0
    except (ValueError, RecursionError, MemoryError):
        pass  # the worker could not read it either, and has said why
    return 0


def _said(details: Details) -> str:
    return f"{details['type_name']}: {details['message']}" if details["message"] else details["type_name"]


def source_lines(frames: list[object], submission: Submission) -> list[SourceLines]:
    """The learner's lines for [module, line, function] frames, read from the submission as it was sent."""
    found = []
    for frame in frames[:8]:
        if type(frame) is not list or [type(part) for part in frame] != [str, int, str]:
            continue
        module, line, function = frame
        lines = submission.modules.get(module, "").splitlines()
        if not lines or line < 1:
            continue
        line = min(line, len(lines))
        first = max(1, line - CONTEXT)
        shown = [clean(text, 200) for text in lines[first - 1 : line + CONTEXT]]
        found.append(SourceLines(file_of(module), first, shown, [line], clean_name(function)))
    return found


def _withheld(details: Details, submission: Submission) -> str:
    """What to do about an exception that comes from the confinement, most likely."""
    beside = submission.folder is not None and f"{submission.folder}{os.sep}" in details["message"]
    if "FileNotFoundError" in details["mro"] or ("PermissionError" in details["mro"] and beside):
        return ". A submission is graded by its modules alone: no other file is there, even if it lies beside them."
    if "PermissionError" in details["mro"]:
        return ". While it is graded, your code can neither write files nor open connections: leave that to main()."
    return ""
