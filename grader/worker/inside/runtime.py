"""What runs inside a worker: holds the learner's modules and objects, and does one operation at a time.

The same class serves the confined process and, for the course's own code, the grader's process (`grader.worker.outside.local`).
Everything in here is within the learner's reach, so nothing in here is trusted: it decides no verdict and knows no answer.
"""

import importlib
import itertools
import operator
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from grader.worker import bounds, wire
from grader.worker.inside.loader import PACKAGE, Finder, compiled
from grader.worker.inside.raised import Missing, bounded, explain
from grader.worker.inside.substituted import Substitution

_ndarray, _shares_memory = np.ndarray, np.shares_memory  # as they are before anything of a learner's is loaded

#: (number, arguments, keywords) -> value: how a function of the grader's is reached.
CallBack: TypeAlias = Callable[[int, list[object], dict[str, object]], object]
_UNSENDABLE = (wire.WireError, wire.NotPlain, RecursionError)


class CallbackFailed(Exception):
    """A function of the grader's raised; the learner's code sees no more than that."""


class Runtime:
    """One submission's modules, the objects handed out, and one operation on them after another.

    finder   : answers the learner's imports
    shared   : name -> array that is there already
    put_in   : takes the place of some of the learner's own
    imported : called between the import of a module and the call of its function: what was printed until then is not
               the call's
    """

    def __init__(
        self,
        finder: Finder,
        shared: dict[str, wire.Array],
        call_back: CallBack,
        imported: Callable[[], None] = lambda: None,
        put_in: Substitution | None = None,
    ):
        self.finder, self.shared, self.call_back, self.imported = finder, shared, call_back, imported
        self.put_in = put_in
        self.objects: dict[int, object] = {}
        self.numbers = itertools.count(1)
        #: exceptions that are not the learner's: only in the grader's own process are there any
        self.let_through: tuple[type[BaseException], ...] = ()

    def refer(self, value: object, why: BaseException | None = None) -> wire.Reference:
        """Keep an object here, and give what stands for it. `why` it cannot be sent, if that was tried."""
        handle = next(self.numbers)
        self.objects[handle] = value
        kind = type(value)
        named = value if isinstance(value, type) or callable(value) else kind
        module = bounded(getattr(named, "__module__", "") or "")
        large = "large " * (isinstance(why, wire.WireError) and kind is _ndarray)
        return wire.Reference(handle, large + bounded(kind.__name__), module, callable(value))

    def encode(self, status: str, value: object, first: bool = False) -> wire.Frame:
        """By value what is plain, by reference what is not, or is too large to send; of many, the `first` alone."""

        def framed(value: object) -> wire.Frame:
            return self.framed(["ok", [[status, value]]] if first else [status, value])

        try:
            return framed(value)
        except _UNSENDABLE as why:
            return framed(self.refer(value, why))

    def framed(self, message: list[object]) -> wire.Frame:
        """A message to the grader, objects by reference; raises WireError if it is too large, NotPlain."""
        return wire.encode(message, self.refer, bounds.MAX_ANSWER)

    def resolve(self, pointer: wire.Pointer) -> object:
        """What a reference, a shared array, a seed or a callback stands for in here."""
        match pointer:
            case wire.Reference():
                return self.objects[pointer.handle]
            case wire.Shared():
                return self.shared[pointer.name]
            case wire.Rng():
                return np.random.default_rng(pointer.seed)
            case wire.Earlier():
                return pointer
        return lambda *args, **keywords: self.call_back(pointer.number, list(args), keywords)

    def handle(self, message: list[Any]) -> wire.Frame:
        """Do what a message asks. Never raises for anything the learner's code does.

        message : operation, numbers of objects that are let go, arguments
        """
        asked, released, *arguments = message
        for handle in released:
            self.objects.pop(handle, None)
        if asked != "many":
            return self.encode(*self._outcome(asked, arguments))
        outcomes: list[tuple[str, Any]] = []
        for one, *details in arguments:
            outcomes.append(self._outcome(one, details, outcomes))
            if outcomes[-1][0] == "error":
                break
        try:
            return self.framed(["ok", [list(outcome) for outcome in outcomes]])
        except _UNSENDABLE:  # one of them, or all together: those after the first are asked for again
            return self.encode(*outcomes[0], first=True)

    def _outcome(self, asked: str, arguments: list[Any], earlier: Sequence[tuple[str, Any]] = ()) -> tuple[str, object]:
        """("ok", value) or ("error", what is to be said of it); `earlier` were those before it in the same message."""
        if asked in ("call_name", "keep_call_name"):
            status, found = self._outcome("name", arguments[:2])
            if status == "error":
                return status, found
            self.imported()
            asked, arguments = asked.removesuffix("_name"), [found, *arguments[2:]]
        try:
            if self.put_in is not None:
                if asked == "notes":
                    return "ok", self.put_in.notes()
                self.put_in.put_in()
            value = OPERATIONS[asked.removeprefix("keep_")](
                *[self._meant(part, earlier) if type(part) is wire.Earlier else part for part in arguments]
            )
            if asked == "having":
                return "ok", [[index, self.refer(item)] for index, item in value]
            return "ok", self.refer(value) if asked.startswith("keep_") else value
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the learner's here, too
            if isinstance(error, self.let_through):
                raise
            explained = explain(error, self.finder, arguments if asked in ("name", "has_name") else None)
            error.__traceback__ = None
            return "error", explained

    def _meant(self, part: wire.Earlier, earlier: Sequence[tuple[str, Any]]) -> object:
        """What an argument stands for of what earlier requests gave."""
        value = earlier[part.request][1]
        value = value if part.item < 0 else value[part.item][1]
        return self.objects[value.handle] if type(value) is wire.Reference else value


def _attribute_of_module(module: str, name: str) -> object:
    loaded = importlib.import_module(f"{PACKAGE}.{module}")
    try:
        return getattr(loaded, name)
    except AttributeError:
        raise Missing(module, name) from None


def _fill(target: object, name: str, array: wire.Array) -> None:
    """Write into an array without putting another in its place."""
    held = getattr(target, name) if name else target
    label = f"{type(target).__name__}.{name}" if name else "the array"
    if not isinstance(held, np.ndarray):
        kind = type(held).__name__
        raise TypeError(f"{label} is {'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}, not an array")
    if held.shape != np.shape(array):
        raise ValueError(f"{label} has the shape {held.shape}, not {np.shape(array)}")
    held[...] = array


def _plain(item: object) -> object:
    """A named tuple, or another tuple of a class of its own, as the tuple that it is; anything else as it comes."""
    return tuple(tuple.__iter__(item)) if isinstance(item, tuple) else item


def _same_memory(a: object, b: object) -> bool:
    """Whether two arrays share memory; where NumPy denies it, one is written into and the other read."""
    if not (isinstance(a, _ndarray) and isinstance(b, _ndarray)):
        return False
    if a is b or _shares_memory(a, b) or not a.flags.writeable:
        return a is b or _shares_memory(a, b)
    kept, before = a.copy(), b.tobytes()
    a[...] = kept == 0  # another value in every place
    seen = b.tobytes() != before
    a[...] = kept
    return seen


def _made(text: str, *arguments: object) -> object:
    """What `make` of a text of the course returns; no import of a submission finds that text."""
    place: dict[str, Any] = {"__name__": "given"}
    exec(compiled(text, "<given>"), place)
    return place["make"](*arguments)


#: What can be asked for. With "keep_" before it, the value stays here and a reference goes out.
OPERATIONS: dict[str, Callable[..., Any]] = {
    "name": _attribute_of_module,
    "get": getattr,
    "call": lambda target, args, keywords: target(*args, **keywords),
    "method": lambda target, name, args, keywords: getattr(target, name)(*args, **keywords),
    "fetch": lambda target: target,
    "fill": _fill,
    "item": operator.getitem,
    "take": lambda target, limit: [_plain(item) for item in itertools.islice(iter(target), limit)],
    "unwrapped": _plain,
    "having": lambda target, name, wanted, limit: [
        (index, item) for index, item in enumerate(itertools.islice(iter(getattr(target, name)), limit)) if hasattr(item, wanted)
    ],
    "made": _made,
    "has": hasattr,
    "has_name": lambda module, name: hasattr(importlib.import_module(f"{PACKAGE}.{module}"), name),
    "same_memory": _same_memory,
}


def seed_everything() -> None:
    """All global randomness starts at the same place in every worker."""
    np.random.seed(0)
    random.seed(0)
    sys.setrecursionlimit(1000)
