"""What runs inside a worker: holds the learner's modules and objects, and does one operation at a time.

The same class serves the confined process and, for the course's own code, the grader's process (`grader.worker.outside.local`).
Everything in here is within the learner's reach, so nothing in here is trusted: it decides no verdict and knows no answer.
"""

import importlib
import itertools
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.worker import wire
from grader.worker.inside.loader import PACKAGE, Finder

MAX_TEXT = 2000


class CallbackFailed(Exception):
    """A function of the grader's raised; the learner's code sees no more than that."""


class Runtime:
    """One submission's modules, the objects handed out, and the operations on them.

    finder    : answers the learner's imports
    shared    : name -> array that is there already
    call_back : (number, args, keywords) -> value; how to reach a function of the grader's
    imported  : called between the import of a module and the call of its function: what was printed until then is not
                the call's
    """

    def __init__(
        self,
        finder: Finder,
        shared: dict[str, np.ndarray],
        call_back: Callable[[int, list, dict], Any],
        imported: Callable[[], None] = lambda: None,
    ):
        self.finder, self.shared, self.call_back, self.imported = finder, shared, call_back, imported
        self.objects: dict[int, Any] = {}
        self.numbers = itertools.count(1)
        #: exceptions that are not the learner's: only in the grader's own process are there any
        self.let_through: tuple[type[BaseException], ...] = ()

    # -- values -------------------------------------------------------------------------------------------------

    def refer(self, value: Any) -> wire.Reference:
        """Keep an object here, and give what stands for it."""
        handle = next(self.numbers)
        self.objects[handle] = value
        kind = type(value)
        named = value if isinstance(value, type) or callable(value) else kind
        module = _text(getattr(named, "__module__", "") or "")
        return wire.Reference(handle, _text(kind.__name__), module, callable(value))

    def encode(self, value: Any) -> wire.Frame:
        """By value what is plain, by reference what is not, or is too large to send."""
        try:
            return wire.encode(value, self.refer)
        except (wire.WireError, wire.NotPlain, RecursionError):
            # The outermost list or tuple stands for all of it: [status, value].
            return wire.encode([value[0], self.refer(value[1])])

    def resolve(self, pointer: Any) -> Any:
        """What a reference, a shared array, a seed or a callback stands for in here."""
        match pointer:
            case wire.Reference():
                return self.objects[pointer.handle]
            case wire.Shared():
                return self.shared[pointer.name]
            case wire.Rng():
                return np.random.default_rng(pointer.seed)
            case wire.Callback():
                return self._callback(pointer.number)
        raise TypeError(pointer)

    def decode(self, frame: wire.Frame) -> Any:
        return wire.decode(frame, self.resolve, read_only=False)

    def _callback(self, number: int):
        def f(*args, **keywords):
            return self.call_back(number, list(args), keywords)

        return f

    # -- operations ---------------------------------------------------------------------------------------------

    def handle(self, message: list) -> wire.Frame:
        """Do what a message asks. Never raises for anything the learner's code does."""
        operation, released, *arguments = message
        for handle in released:
            self.objects.pop(handle, None)
        if operation != "many":
            return self.encode(self._outcome(operation, arguments))
        outcomes = []
        for asked, *details in arguments:
            outcomes.append(self._outcome(asked, details))
            if outcomes[-1][0] == "error":
                break
        try:
            return wire.encode(["ok", outcomes], self.refer)
        except (wire.WireError, wire.NotPlain, RecursionError):
            # As in `encode`, but of each by itself: one value that cannot be sent does not keep the others.
            return wire.encode(["ok", [[status, self._sendable(value)] for status, value in outcomes]], self.refer)

    def _outcome(self, operation: str, arguments: list) -> list:
        """["ok", value] or ["error", what is to be said of it]."""
        if operation in ("call_name", "keep_call_name"):
            found = self._outcome("name", arguments[:2])
            if found[0] == "error":
                return found
            self.imported()
            operation, arguments = operation.removesuffix("_name"), [found[1], *arguments[2:]]
        try:
            return ["ok", getattr(self, f"do_{operation}")(*arguments)]
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the learner's here, too
            if isinstance(error, self.let_through):
                raise
            explained = ["error", self.explain(error, operation, arguments)]
            error.__traceback__ = None
            return explained

    def _sendable(self, value: Any) -> Any:
        """The value, or a reference to it if it cannot be sent."""
        try:
            wire.encode(value, self.refer)
        except (wire.WireError, wire.NotPlain, RecursionError):
            return self.refer(value)
        return value

    def do_name(self, module: str, name: str):
        """An attribute of one of the learner's modules."""
        loaded = importlib.import_module(f"{PACKAGE}.{module}")
        try:
            return getattr(loaded, name)
        except AttributeError:
            raise _Missing(module, name) from None

    def do_get(self, target, name: str):
        return getattr(target, name)

    def do_ref(self, target, name: str):
        return self.refer(getattr(target, name))

    def do_call(self, target, args: list, keywords: dict):
        return target(*args, **keywords)

    def do_method(self, target, name: str, args: list, keywords: dict):
        return getattr(target, name)(*args, **keywords)

    def do_keep_call(self, target, args: list, keywords: dict):
        return self.refer(target(*args, **keywords))

    def do_keep_method(self, target, name: str, args: list, keywords: dict):
        return self.refer(getattr(target, name)(*args, **keywords))

    def do_put(self, value):
        return self.refer(value)

    def do_fetch(self, target):
        return target

    def do_fill(self, target, name: str, array):
        """Write into an array without putting another in its place."""
        held = getattr(target, name) if name else target
        label = f"{type(target).__name__}.{name}" if name else "the array"
        if not isinstance(held, np.ndarray):
            raise TypeError(f"{label} is {_article(type(held).__name__)}, not an array")
        if held.shape != np.shape(array):
            raise ValueError(f"{label} has the shape {held.shape}, not {np.shape(array)}")
        held[...] = array

    def do_item(self, target, index):
        return self.refer(target[index])

    def do_length(self, target):
        return len(target)

    def do_take(self, target, limit: int):
        return [_plain(item) for item in itertools.islice(iter(target), limit)]

    def do_unwrapped(self, target):
        return _plain(target)

    def do_having(self, target, name: str, wanted: str, limit: int):
        """[index, item] of those items of an attribute that have an attribute themselves."""
        items = itertools.islice(iter(getattr(target, name)), limit)
        return [[index, self.refer(item)] for index, item in enumerate(items) if hasattr(item, wanted)]

    def do_has(self, target, name: str):
        return hasattr(target, name)

    def do_has_name(self, module: str, name: str):
        return hasattr(importlib.import_module(f"{PACKAGE}.{module}"), name)

    def do_same_memory(self, a, b):
        both = isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
        return bool(both and (a is b or np.shares_memory(a, b)))

    # -- exceptions as data -------------------------------------------------------------------------------------

    def explain(self, error: BaseException, operation: str, arguments: list) -> dict[str, Any]:
        """What a learner should know about an exception, as plain data; the grader looks up the lines itself."""
        importing = operation in ("name", "has_name")
        what: dict[str, Any] = {
            "kind": _kind(error, importing),
            "mro": [_text(c.__name__) for c in type(error).__mro__ if c not in (object, _Missing)][:20],
            "message": _message(error),
            "frames": self._frames(error),
            "module": "",
            "name": "",
            "code": "",
        }
        if importing:
            what["module"], what["name"] = _text(arguments[0]), _text(arguments[1])
            absent = isinstance(error, ModuleNotFoundError) and error.name == f"{PACKAGE}.{what['module']}"
            if absent and what["module"] not in self.finder.problems:
                what["kind"], what["name"] = "missing", ""
        if isinstance(error, SystemExit):
            what["code"] = _message(error)
        if isinstance(error, SyntaxError) and error.filename in self.finder.files:
            module = self.finder.files[error.filename]
            what["frames"].append([module, error.lineno or 1, ""])
            what["message"] = _text(error.msg)
        return what

    def _frames(self, error: BaseException) -> list:
        """[module, line, function] of the learner's own frames, outermost first, the middle of a recursion left out."""
        frames: list[list] = []
        trace = error.__traceback__
        while trace is not None and len(frames) < 5000:
            code = trace.tb_frame.f_code
            module = self.finder.files.get(code.co_filename)
            if module is not None:
                name = "" if code.co_name == "<module>" else code.co_name
                frames.append([module, trace.tb_lineno, _text(name)])
            trace = trace.tb_next
        return frames if len(frames) <= 8 else frames[:4] + frames[-4:]


class _Missing(AttributeError):
    """A name that a module of the learner's does not have."""

    def __init__(self, module: str, name: str):
        super().__init__(f"{module}.py has no {name}")


def _kind(error: BaseException, importing: bool) -> str:
    if isinstance(error, _Missing):
        return "missing"
    if isinstance(error, MemoryError):
        return "memory"
    if not isinstance(error, Exception):
        return "exit"
    return "broken" if importing else "error"


def _message(error: BaseException) -> str:
    try:
        return _text(str(error))
    except BaseException:  # the learner's own __str__
        return ""


def _plain(item):
    """A named tuple, or another tuple of a class of its own, as the tuple that it is; anything else as it comes."""
    return tuple(tuple.__iter__(item)) if isinstance(item, tuple) else item


def _text(value: Any) -> str:
    """An exact str of bounded length, also from a subclass of str, or from a metaclass's idea of a name."""
    return str.__getitem__(value, slice(MAX_TEXT)) if isinstance(value, str) else ""


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def seed_everything() -> None:
    """All global randomness starts at the same place in every worker."""
    np.random.seed(0)
    random.seed(0)
    sys.setrecursionlimit(1000)
