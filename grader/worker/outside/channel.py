"""One conversation with a worker: requests, functions of the grader's that are called back, and errors as sentences."""

import contextlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from grader.submission import Submission
from grader.text import clean_name
from grader.worker import bounds, wire
from grader.worker.bounds import TimeLimits
from grader.worker.outside import errors
from grader.worker.outside.handles import InWorker


class Answer(NamedTuple):
    """size : bytes that the value takes here, about"""

    value: Any
    printed: str
    seconds: float
    size: int


Request: TypeAlias = list[object]  #: operation and arguments
Reply: TypeAlias = Answer | errors.StudentError


def _meant(part: wire.Earlier, replies: list[Reply]) -> wire.Pointer | None:
    """The object that stood for an answer, as it will be asked for; None if it is none."""
    earlier = replies[part.request]
    value = earlier.value if isinstance(earlier, Answer) else None
    if part.item >= 0:
        pair = value[part.item] if type(value) is list and part.item < len(value) else None
        value = pair[1] if type(pair) is list and len(pair) == 2 else None
    return value.to_wire() if isinstance(value, InWorker) else None


def _same(one: Request, other: Request) -> bool:
    """Whether two requests are one: equal names, numbers and objects, and identical arrays."""
    named = str, int, wire.Reference
    return len(one) == len(other) and all(a is b or (type(a) is type(b) in named and a == b) for a, b in zip(one, other))


def _outcome(reply: object) -> tuple[str, object]:
    """("ok", value) or ("error", what is said of it); ("", None) for what is neither."""
    if type(reply) is list and len(reply) == 2 and type(reply[0]) is str and reply[0] in ("ok", "error"):
        return reply[0], reply[1]
    return "", None


class Channel:
    """What both kinds of channel share; `_exchange` is theirs.

    make_remote : turns a wire.Reference into a proxy; set by the asker
    pid         : number of the worker's process; None if it has none of its own
    """

    pid: int | None = None

    def __init__(self, submission: Submission, limits: TimeLimits):
        self.submission, self.limits = submission, limits
        self.make_remote: Callable[[wire.Reference], object] = lambda reference: reference
        self.released: list[int] = []
        self.shared: dict[int, tuple[str, wire.Array]] = {}  # arrays that the worker has already, by identity
        self.spent = 0.0  # seconds of the current check
        self.received = 0  # bytes of its answers, as they are held here
        self.heard: Callable[[str], None] | None = None  # told what is printed while a call runs, as it comes
        self.alive = True
        self.following: list[Request] = []  # what goes along with the next request
        self._ahead: list[tuple[Request, Reply]] = []  # what went along with the last one, and is not asked for yet
        self._callbacks: dict[int, Callable[..., object]] = {}
        self._numbers = 0
        self._called_back = 0
        self._depth = 0
        self._size = 0  # of what came last, as `received`

    def request(self, operation: str, *arguments: object, callbacks: dict[int, Callable[..., object]] | None = None) -> Answer:
        """Ask for one operation and wait for its answer, unless it came along with that of the request before.

        raises : StudentError and its kind for whatever the submission does; WorkerFault for the grader's own faults
        """
        asked, following, self.following = [operation, *arguments], self.following, []
        ahead, self._ahead = self._ahead, []
        if not ahead or not _same(asked, ahead[0][0]):
            ahead = self._asked([asked, *following], callbacks or {})
        reply, self._ahead = ahead[0][1], ahead[1:]
        if isinstance(reply, errors.StudentError):
            raise reply
        return reply

    def _asked(self, requests: list[Request], callbacks: dict[int, Callable[..., object]]) -> list[tuple[Request, Reply]]:
        """Some requests in one message. They are done in order, up to the first that fails: these come back, with what they gave."""
        if len(requests) == 1:
            return [(requests[0], self._message(requests[0], callbacks))]
        said = self._message(["many", *requests], callbacks)
        replies: list[Reply] = []
        for outcome in said.value[: len(requests)] if type(said.value) is list else []:
            status, value = _outcome(outcome)
            if status != "ok":
                replies = [*replies, errors.reported(value, said.printed, self.submission)] if status else []
                break
            replies.append(said._replace(value=value))
            said = Answer(None, "", 0.0, 0)  # all of it is said of the first: nobody can tell which of them it was
        if not replies:
            self.close()
            raise errors.ProtocolViolation(errors.NO_ANSWER, printed=said.printed)
        return [
            ([_meant(part, replies) if type(part) is wire.Earlier else part for part in asked], reply)
            for asked, reply in zip(requests, replies)
        ]

    def _message(self, asked: Request, callbacks: dict[int, Callable[..., object]]) -> Answer:
        """Send one message and wait for its answer; raises as `request`."""
        operation, *arguments = asked
        if self._depth >= bounds.MAX_NESTED:
            raise errors.WorkerFault("functions of a check call the submission inside one another too deeply")
        released = self.released[: bounds.MAX_RELEASED]
        del self.released[: bounds.MAX_RELEASED]
        try:
            frame = wire.encode([operation, released, *arguments])
        except (wire.WireError, wire.NotPlain) as reason:
            raise errors.WorkerFault(f"a check passes a submission {reason}, which cannot be sent") from None
        self._callbacks.update(callbacks)
        self._depth += 1
        start = time.perf_counter()
        try:
            value, printed = self._exchange(frame)
        finally:
            self._depth -= 1
            for number in callbacks:
                self._callbacks.pop(number, None)
            seconds = time.perf_counter() - start
            if self._depth == 0:
                self.spent += seconds
        self.received += self._size
        if self.received > bounds.MAX_CHECK:
            self.close()
            sentence = f"The answers of one check are larger than {bounds.MAX_CHECK >> 20} MB."
            raise errors.ProtocolViolation(sentence, printed=printed)
        status, value = _outcome(value)
        if status == "error":
            raise errors.reported(value, printed, self.submission)
        if status != "ok":
            self.close()  # the stream may be out of step
            raise errors.ProtocolViolation(errors.NO_ANSWER, printed=printed)
        return Answer(value, printed, seconds, self._size)

    def _exchange(self, frame: wire.Frame) -> tuple[object, str]:
        """Send one request, serve what is called back, return the reply and what was printed meanwhile."""
        raise NotImplementedError

    def close(self) -> None:
        """End the worker. May be called again."""

    def on_one_cpu(self) -> contextlib.AbstractContextManager[None]:
        """For a block in which worker and grader only answer each other, and never work at the same time."""
        return contextlib.nullcontext()

    def begin(self, limits: TimeLimits) -> None:
        """Another check goes on with the same worker, with limits of its own."""
        self.limits, self.spent, self.received, self._called_back = limits, 0.0, 0, 0
        self.following, self._ahead = [], []
        self._callbacks.clear()

    def allowance(self) -> float:
        """Seconds that a call may take now."""
        return max(0.0, min(self.limits.call, self.limits.check - self.spent))

    def number_of(self) -> int:
        """A fresh number for a callback."""
        self._numbers += 1
        return self._numbers

    def lasting(self, function: Callable[..., object]) -> wire.Callback:
        """A function that may be called back until the next check begins, in whatever call."""
        number = self.number_of()
        self._callbacks[number] = function
        return wire.Callback(number)

    def count_callback(self) -> None:
        """One more. raises : ProtocolViolation if that is too many"""
        self._called_back += 1
        if self._called_back > bounds.MAX_CALLBACKS:
            most = f"more than {bounds.MAX_CALLBACKS:,} times"
            raise errors.ProtocolViolation(f"A function that was passed to the code was called {most}.")

    def call_back(self, number: object, args: object, keywords: object) -> object:
        """Run a function of the grader's that the worker asks for."""
        self.count_callback()
        function = self._callbacks.get(number) if type(number) is int else None
        if function is None or type(args) is not list or type(keywords) is not dict:
            raise errors.ProtocolViolation("The code called a function that it was passed after its call had returned.")
        if any(type(key) is not str for key in keywords):
            raise errors.ProtocolViolation("A function that was passed to the code was called with keywords that are not names.")
        value = function(*args, **keywords)
        return value.to_wire() if isinstance(value, InWorker) else value

    def decode(self, frame: wire.Frame) -> object:
        """What came from the worker, arrays read-only, references as proxies."""
        arrays = sum(len(buffer) for buffer in frame.buffers)
        self._size = bounds.UNFOLDED * len(frame.structure) + 2 * arrays  # one with gaps is held twice
        try:
            return wire.decode(frame, self._resolve, most=bounds.MAX_ANSWER)
        except wire.WireError as reason:
            raise errors.ProtocolViolation(f"The worker sent an invalid reply ({reason}).") from None

    def _resolve(self, pointer: wire.Pointer) -> object:
        if not isinstance(pointer, wire.Reference):
            raise wire.WireError("a worker has nothing of that type to send")
        kind, module = clean_name(pointer.kind), clean_name(pointer.module)
        return self.make_remote(wire.Reference(pointer.handle, kind, module.removeprefix("student."), pointer.callable))
