"""One conversation with a worker: requests, functions of the grader's that are called back, and errors as sentences."""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from grader.records import SourceLines
from grader.submission import Submission, file_of
from grader.worker import wire
from grader.worker.outside import errors
from grader.worker.outside.handles import InWorker
from grader.worker.outside.protocols import TimeLimits
from grader.worker.outside.text import clean, clean_name

MAX_CALLBACKS = 100_000
MAX_NESTED = 32
CONTEXT = 2  # lines shown before and after


class CallLimits(NamedTuple):
    """`TimeLimits` for who has none of their own."""

    call: float = 5.0
    check: float = 60.0


class Answer(NamedTuple):
    value: Any
    printed: str
    seconds: float


class Channel:
    """What both kinds of channel share; `_exchange` is theirs.

    make_remote : turns a wire.Reference into a proxy; set by the asker
    """

    def __init__(self, submission: Submission, limits: TimeLimits):
        self.submission, self.limits = submission, limits
        self.make_remote: Callable[[wire.Reference], Any] = lambda reference: reference
        self.released: list[int] = []
        self.shared: dict[int, tuple[str, Any]] = {}  # arrays that the worker has already, by identity
        self.spent = 0.0  # seconds of the current check
        self.heard: Callable[[str], None] | None = None  # told what is printed while a call runs, as it comes
        self.alive = True
        self._callbacks: dict[int, Callable] = {}
        self._numbers = 0
        self._called_back = 0
        self._depth = 0

    def request(self, operation: str, *arguments: Any, callbacks: dict[int, Callable] | None = None) -> Answer:
        """Ask for one operation and wait for its answer.

        raises : StudentError and its kind for whatever the submission does; WorkerFault for the grader's own faults
        """
        if self._depth >= MAX_NESTED:
            raise errors.WorkerFault("functions of a check call the submission inside one another too deeply")
        released, self.released = self.released, []
        try:
            frame = wire.encode([operation, released, *arguments])
        except (wire.WireError, wire.NotPlain) as reason:
            raise errors.WorkerFault(f"a check passes a submission {reason}, which cannot be sent") from None
        mine = callbacks or {}
        self._callbacks.update(mine)
        self._depth += 1
        start = time.perf_counter()
        try:
            value, printed = self._exchange(frame)
        finally:
            self._depth -= 1
            for number in mine:
                self._callbacks.pop(number, None)
            seconds = time.perf_counter() - start
            if self._depth == 0:
                self.spent += seconds
        if type(value) is not list or len(value) != 2 or value[0] not in ("ok", "error"):
            self.close()  # who knows what comes next
            raise errors.ProtocolViolation("What came back is no answer.", printed=printed)
        if value[0] == "error":
            raise self._error(value[1], printed)
        return Answer(value[1], printed, seconds)

    def request_all(self, requests: Sequence[Sequence[Any]]) -> list[Answer | errors.StudentError]:
        """Ask for several operations in one message; they are done in order, up to the first that fails.

        returns : an answer for each that was done, the error for one that failed
        raises  : as `request`, for what ends the worker
        """
        answer = self.request("many", *requests)
        replies: list[Answer | errors.StudentError] = []
        outcomes = answer.value if type(answer.value) is list else []
        for outcome in outcomes[: len(requests)]:
            printed = "" if replies else answer.printed  # nobody can tell which of them it was
            if type(outcome) is list and len(outcome) == 2 and outcome[0] == "ok":
                replies.append(Answer(outcome[1], printed, 0.0 if replies else answer.seconds))
            elif type(outcome) is list and len(outcome) == 2 and outcome[0] == "error":
                replies.append(self._error(outcome[1], printed))
                return replies
        if len(replies) != len(requests):
            self.close()
            raise errors.ProtocolViolation("What came back is no answer.", printed=answer.printed)
        return replies

    def _exchange(self, frame: wire.Frame) -> tuple[Any, str]:
        """Send one request, serve what is called back, return the reply and what was printed meanwhile."""
        raise NotImplementedError

    @property
    def pid(self) -> int | None:
        """Number of the worker's process; None if it has none of its own."""
        return None

    def close(self) -> None:
        """End the worker. May be called again."""

    def on_one_cpu(self) -> contextlib.AbstractContextManager[None]:
        """For a block in which worker and grader only answer each other, and never work at the same time."""
        return contextlib.nullcontext()

    def begin(self, limits: TimeLimits) -> None:
        """Another check goes on with the same worker, with limits of its own."""
        self.limits, self.spent, self._called_back = limits, 0.0, 0

    def allowance(self) -> float:
        """Seconds that a call may take now."""
        return max(0.0, min(self.limits.call, self.limits.check - self.spent))

    def number_of(self) -> int:
        """A fresh number for a callback."""
        self._numbers += 1
        return self._numbers

    def call_back(self, number: Any, args: Any, keywords: Any) -> Any:
        """Run a function of the grader's that the worker asks for."""
        self._called_back += 1
        if self._called_back > MAX_CALLBACKS:
            raise errors.ProtocolViolation(
                f"A function that was handed over was called more than {MAX_CALLBACKS:,} times."
            )
        function = self._callbacks.get(number) if type(number) is int else None
        if function is None or type(args) is not list or type(keywords) is not dict:
            raise errors.ProtocolViolation("A function that was handed over was called after the call it was for.")
        if any(type(key) is not str for key in keywords):
            raise errors.ProtocolViolation(
                "A function that was handed over was called with keywords that are no names."
            )
        value = function(*args, **keywords)
        return value.to_wire() if isinstance(value, InWorker) else value

    def decode(self, frame: wire.Frame) -> Any:
        """What came from the worker, arrays read-only, references as proxies."""
        try:
            return wire.decode(frame, self._resolve)
        except wire.WireError as reason:
            raise errors.ProtocolViolation(f"What came back is no answer ({reason}).") from None

    def _resolve(self, pointer):
        if not isinstance(pointer, wire.Reference):
            raise wire.WireError("a worker has nothing of that type to send")
        kind, module = clean_name(pointer.kind), clean_name(pointer.module)
        return self.make_remote(wire.Reference(pointer.handle, kind, module.removeprefix("student."), pointer.callable))

    # -- errors -------------------------------------------------------------------------------------------------

    def _error(self, info: Any, printed: str) -> errors.StudentError:
        """The exception for an error that the worker reports. Every field may be a lie, but none can do harm."""
        fields = {"kind": str, "mro": list, "message": str, "frames": list, "module": str, "name": str, "code": str}
        if type(info) is not dict or any(type(info.get(name)) is not kind for name, kind in fields.items()):
            return errors.ProtocolViolation("What came back is no answer.", printed=printed)
        mro = tuple(clean_name(name) for name in info["mro"][:20] if type(name) is str)
        module = info["module"] if info["module"].replace(".", "").isidentifier() else ""
        message = clean(info["message"]).replace("student.", "")
        type_name = mro[0] if mro else "Exception"
        details: dict[str, Any] = {
            "type_name": type_name,
            "mro": mro,
            "message": message,
            "frames": self.source_lines(info["frames"]),
            "printed": printed,
        }
        said = f"{type_name}: {message}" if message else type_name
        match info["kind"]:
            case "missing" if not info["name"]:
                return errors.MissingName(
                    f"There is no {file_of(module)} in this submission. Remedy: put it back, or write its stubs again with "
                    "make reset.",
                    module=module,
                    file=file_of(module),
                    **details,
                )
            case "missing":
                name = clean_name(info["name"])
                sentence = f"{file_of(module)} has no {name}."
                return errors.MissingName(sentence, module=module, name=name, file=file_of(module), **details)
            case "broken":
                return self._broken(module, mro, message, said, details)
            case "exit":
                what = f"sys.exit({clean_name(info['code'])})" if type_name == "SystemExit" else type_name
                return errors.StudentExit(f"The code tried to end the program ({what}).", **details)
            case "memory":
                return errors.OutOfMemory("The code asked for more memory than there is for it.", **details)
        return errors.StudentError(said + _withheld(mro), **details)

    def _broken(self, module, mro, message, said, details):
        frames = details["frames"]
        where = f" (line {frames[-1].marked[0]} of {frames[-1].file})" if frames else ""
        if module in self.submission.problems:
            sentence = self.submission.problems[module]
        elif "SyntaxError" in mro and frames:
            sentence = f"{frames[-1].file} is not Python yet: {message} (line {frames[-1].marked[0]})."
        else:
            sentence = f"{file_of(module)} cannot be imported: {said}{where}{_withheld(mro)}"
        return errors.ModuleBroken(sentence, module=module, file=file_of(module), **details)

    def source_lines(self, frames: list) -> list[SourceLines]:
        """The learner's lines for [module, line, function] frames, read from the submission as it was sent."""
        found = []
        for frame in frames[:8]:
            if type(frame) is not list or [type(part) for part in frame] != [str, int, str]:
                continue
            module, line, function = frame
            source = self.submission.modules.get(module)
            lines = source.splitlines() if source is not None else []
            if not lines or line < 1:
                continue
            line = min(line, len(lines))
            first = max(1, line - CONTEXT)
            shown = [clean(text, 200) for text in lines[first - 1 : line + CONTEXT]]
            found.append(SourceLines(file_of(module), first, shown, [line], clean_name(function)))
        return found


def _withheld(mro: Sequence[str]) -> str:
    """What to do about an exception that comes from the confinement, most likely."""
    if "PermissionError" not in mro:
        return ""
    return ". While it is graded, your code can neither write files nor open connections: leave that to main()."
