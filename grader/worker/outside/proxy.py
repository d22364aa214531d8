"""The submission as a check sees it: `student.losses.softmax(z)` is a message to a worker.

Plain values come back by value, arrays read-only; everything else stays in the worker and is a handle here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from grader.worker import wire
from grader.worker.outside.channel import Answer, Channel
from grader.worker.outside.errors import NotAValue, ProtocolViolation, StudentError, WorkerFault
from grader.worker.outside.handles import CLASSES, Function, Method, Module, Remote, RngMaker, Seeded, SharedArray
from grader.worker.outside.transcript import Ask, ErrorInfo, Names, Opaque, Step, snake

__all__ = ["Function", "Method", "Module", "Remote", "RngMaker", "Seeded", "SharedArray", "Student"]


class Student:
    """A submission in a worker of its own.

    describe : array or other plain value -> Python text, for the transcript
    """

    def __init__(self, channel: Channel, describe: Callable[[Any], str] | None = None):
        self._channel = channel
        self._names = Names(describe)
        self.rng = RngMaker(self)
        self.transcript: list[Step] = []
        self.earlier: list[Step] = []
        self._kept_alive: list[Remote] = []
        self.modules: set[str] = set()  # those that names were asked of
        channel.make_remote = self._remote

    def __getattr__(self, name: str) -> Module:
        if name.startswith("_"):
            raise AttributeError(name)
        return Module(self, name)

    @property
    def alive(self) -> bool:
        """Whether the worker can still be asked."""
        return self._channel.alive

    def listen(self, heard: Callable[[str], None]) -> None:
        """Have `heard` told what is printed from now on, while it is printed."""
        self._channel.heard = heard

    def on_one_cpu(self) -> AbstractContextManager[None]:
        """For a block in which grader and worker only answer each other."""
        return self._channel.on_one_cpu()

    def begin(self, limits: Any) -> None:
        """Another check goes on with this worker: limits and transcript start anew, objects and names stay."""
        self._channel.begin(limits)
        self.earlier += self.transcript
        self.transcript = []

    # -- what checks use ------------------------------------------------------------------------------------------

    def ref(self, remote: Remote, name: str) -> Remote:
        """An attribute as a Remote, without a copy of it."""
        kept = self._channel.request("ref", remote.to_wire(), name).value
        return self._named(kept, f"{remote.transcript_name()}.{name}")

    def put(self, value: Any) -> Remote:
        """Arrays (or a list of them) held in the worker, for functions that work in place."""
        bind = "held"
        text = self._names.text_of(value)
        text = f"copy.deepcopy({text})" if isinstance(value, (list, tuple)) else f"{text}.copy()"
        return self._ask("put", bind, text, "put", value, bind=bind)

    def fill_all(self, writes: Sequence[tuple[Remote, str, Any]]) -> None:
        """`fill` for many (remote, name, array) in one message."""
        self._ask_all([Ask.fill(remote, name, array, self._names.text_of(array)) for remote, name, array in writes])

    def read(self, names: Sequence[tuple[Remote, str]]) -> list[Any]:
        """The attributes for many (remote, name), in one message."""
        asks = [Ask.read(remote, name) for remote, name in names]
        return [self._named(value, ask.text) for value, ask in zip(self._ask_all(asks), asks)]

    def have(self, owners: Sequence[Remote], name: str) -> list[bool]:
        """`has` for many objects in one message."""
        return [value is True for value in self._ask_all([Ask.has(owner, name) for owner in owners])]

    def having(self, owner: Remote, name: str, wanted: str, limit: int = 1000) -> list[Remote]:
        """Those items of a list or another iterable, `owner.name`, that have an attribute."""
        whole = f"{owner.transcript_name()}.{name}"
        text = f"[item for item in {whole} if hasattr(item, {wanted!r})]"
        found = self._ask("having", f"{owner._origin}.{name}", text, "having", owner, name, wanted, limit)
        pairs = found if type(found) is list and all(type(pair) is list for pair in found) else [[]]
        if any([type(part) for part in pair] != [int, Remote] for pair in pairs):
            self._channel.close()
            raise ProtocolViolation("What came back is no answer.")
        return [self._named(item, f"{whole}[{index}]") for index, item in pairs]

    def fetch(self, remote: Remote) -> Any:
        """What a Remote holds now, by value if it is plain."""
        return self._ask("fetch", remote._origin, remote.transcript_name(), "fetch", remote)

    def fill(self, remote: Remote, *where: Any) -> None:
        """fill(layer, "W", array) writes layer.W[...] = array in the worker; fill(ref, array) the same for an array."""
        name, array = where if len(where) == 2 else ("", where[0])
        target = remote.transcript_name() + (f".{name}" if name else "")
        text = f"{target}[...] = {self._names.text_of(array)}"
        self._ask("fill", f"{remote._origin}.{name}".rstrip("."), text, "fill", remote, name, array)

    def item(self, remote: Remote, index: Any) -> Remote:
        """A Remote to remote[index]."""
        text = f"{remote.transcript_name()}[{index!r}]"
        kept = self._ask("item", remote._origin, text, "item", remote, index)
        return self._named(kept, text)

    def length(self, value: Any) -> int:
        """len() of a Remote, or of a plain value."""
        if not isinstance(value, Remote):
            return len(value)
        return self._ask("length", value._origin, f"len({value.transcript_name()})", "length", value)

    def take(self, value: Any, limit: int = 1000) -> list:
        """A list or tuple as a list; of an iterator or generator in the worker up to `limit` items, in one request.

        Items that are tuples of a class of their own, named tuples for one, come as the tuples that they are.
        """
        if isinstance(value, (list, tuple)):
            held = [item for item in value[:limit] if isinstance(item, Remote)]
            unwrapped = iter(self._ask_all([Ask.unwrapped(item) for item in held]))
            return [next(unwrapped) if isinstance(item, Remote) else item for item in value[:limit]]
        if not isinstance(value, Remote):
            raise NotAValue(
                f"The code gave {type(value).__name__}, which cannot be gone through.", type_name="TypeError"
            )
        return self._ask("take", value._origin, f"list({value.transcript_name()})", "take", value, limit)

    def same_memory(self, a: Remote, b: Remote) -> bool:
        """Whether two arrays in the worker share memory."""
        text = f"np.shares_memory({a.transcript_name()}, {b.transcript_name()})"
        return self._ask("same_memory", a._origin, text, "same_memory", a, b) is True

    def has(self, owner: Any, name: str) -> bool:
        """Whether an object in the worker, or a module, has an attribute."""
        if isinstance(owner, Module):
            self.modules.add(owner._name)
            text = f"hasattr({owner._name}, {name!r})"
            return self._ask("has", f"{owner._name}.{name}", text, "has_name", owner._name, name) is True
        text = f"hasattr({owner.transcript_name()}, {name!r})"
        return self._ask("has", f"{owner._origin}.{name}", text, "has", owner, name) is True

    def kind(self, value: Any) -> str:
        """Name of the class of anything that came back."""
        if isinstance(value, Remote):
            return value._kind
        return "function" if isinstance(value, (Function, Method)) else type(value).__name__

    def shared(self, name: str) -> SharedArray:
        """An array that was shared with all workers, to be passed as an argument.

        raises : WorkerFault if this worker has none of that name
        """
        if name not in (known for known, _ in self._channel.shared.values()):
            raise WorkerFault(f"a check passes the shared array {name!r}, which this worker does not have")
        return SharedArray(name)

    # -- how it is asked ------------------------------------------------------------------------------------------

    def _remote(self, reference: wire.Reference) -> Remote:
        return Remote(self, reference)

    def _named(self, value: Any, text: str) -> Any:
        """Give Remotes the text by which a reader of the transcript finds them."""
        if type(value) is Remote and not value._text:
            value._text = text
        elif type(value) in (list, tuple):
            for index, item in enumerate(value[:100]):
                self._named(item, f"{text}[{index}]")
        return value

    def _module_attribute(self, module: str, name: str) -> Any:
        """A constant, in capitals, is fetched; anything else is a function or class, and found when it is called."""
        self.modules.add(module)
        if name in CLASSES or not name.isupper():
            return Function(self, module, name)
        return self._fetched(module, name)

    def _fetched(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        with self._step("attribute", path, path, quiet=True) as record:
            value = record(self._channel.request("name", module, name))
        return self._named(value, path)

    def _hold(self, function: Function) -> Remote:
        """A function of a module as an object in the worker, to be passed as an argument.

        raises : NotAValue if the name stands for something else
        """
        value = self._fetched(function._module, function._name)
        if type(value) is not Remote:
            sentence = f"{function.transcript_name()} is no function but {type(value).__name__}."
            raise NotAValue(sentence, type_name="TypeError")
        return value

    def _attribute(self, remote: Remote, name: str) -> Any:
        path, text = f"{remote._origin}.{name}", f"{remote.transcript_name()}.{name}"
        with self._step("attribute", path, text, quiet=True) as record:
            value = record(self._channel.request("get", remote.to_wire(), name))
        if type(value) is Remote and value._callable:
            method = remote._methods[name] = Method(remote, name)
            return method
        return self._named(value, text)

    def _call(self, target: Remote, args: tuple, keywords: dict, keep: bool) -> Any:
        """Call an object."""
        path, operation = target._origin, "keep_call" if keep else "call"
        text = target.transcript_name() + self._names.call(args, keywords)
        bind = snake(path.rpartition(".")[2])
        return self._ask("call", path, text, operation, target, list(args), keywords, bind=bind)

    def _call_function(self, target: Function, args: tuple, keywords: dict, keep: bool) -> Any:
        """Call a function or class of a module."""
        module, name, path = target._module, target._name, target.transcript_name()
        # A class, which has a capital, is called through its __init__; a function through itself.
        is_class = name[0].isupper()
        text = path + self._names.call(args, keywords)
        operation = "keep_call_name" if keep else "call_name"
        touched = f"{path}.__init__" if is_class else path
        value = self._ask("call", touched, text, operation, module, name, list(args), keywords, bind=snake(name))
        if type(value) is Remote and is_class:
            value._origin = path
        return value

    def _call_method(self, method: Method, args: tuple, keywords: dict, keep: bool) -> Any:
        owner, name = method._owner, method._name
        text = method.transcript_name() + self._names.call(args, keywords)
        operation = "keep_method" if keep else "method"
        path = f"{owner._origin}.{name}"
        return self._ask("call", path, text, operation, owner, name, list(args), keywords, bind=snake(name))

    def _ask(self, kind: str, target: str, text: str, operation: str, *arguments: Any, bind: str = "") -> Any:
        """One request, recorded as one step; a Remote that comes back is bound to a variable."""
        callbacks: dict[int, Callable] = {}
        sent = [self._outgoing(argument, callbacks) for argument in arguments]
        with self._step(kind, target, text) as record:
            value = record(self._channel.request(operation, *sent, callbacks=callbacks))
        if type(value) is Remote and bind:
            record.step.name = value._text = self._names.fresh(bind)
        elif type(value) in (list, tuple) and any(type(item) is Remote for item in value):
            self._named(value, text)
        return value

    def _ask_all(self, asks: Sequence[Ask]) -> list[Any]:
        """Several requests in one message, recorded step by step as if they had been asked one after another."""
        if not asks:
            return []
        sent = [[ask.operation, *(self._outgoing(part, {}) for part in ask.arguments)] for ask in asks]
        try:
            replies: Sequence[Answer | StudentError] = self._channel.request_all(sent)
        except StudentError as error:
            replies = [error]
        values = []
        for ask, reply in zip(asks, replies):
            with self._step(ask.kind, ask.target, ask.text, quiet=ask.kind == "attribute") as record:
                if isinstance(reply, StudentError):
                    raise reply
                values.append(record(reply))
        return values

    def _outgoing(self, value: Any, callbacks: dict[int, Callable]) -> Any:
        """An argument as the wire takes it: proxies as references, functions as callbacks."""
        kind = type(value)
        if hasattr(kind, "to_wire"):
            return value.to_wire()
        if kind in (list, tuple):
            return kind(self._outgoing(item, callbacks) for item in value)
        if kind is dict:
            return {key: self._outgoing(item, callbacks) for key, item in value.items()}
        if kind is np.ndarray:
            name, array = self._channel.shared.get(id(value), ("", None))
            return wire.Shared(name) if array is value else value
        if not callable(value):
            return value
        number = self._channel.number_of()
        callbacks[number] = value
        return wire.Callback(number)

    @contextmanager
    def _step(self, kind: str, target: str, text: str, quiet: bool = False) -> Iterator["_Record"]:
        """Record one step, whatever comes of it. A quiet one is left out if it only looked up a function."""
        step = Step(kind, target, text, [target] if kind == "call" else [])
        self.transcript.append(step)
        record = _Record(self, step)
        try:
            yield record
        except StudentError as error:
            step.outcome = ErrorInfo(type(error).__name__, error.type_name, error.message)
            step.printed = error.printed
            raise
        if quiet and type(record.value) is Remote:
            self.transcript.pop()  # nothing happens between a look-up and its end


class _Record:
    """Writes an answer into its step."""

    def __init__(self, student: Student, step: Step):
        self.student, self.step, self.value = student, step, None

    def __call__(self, answer: Answer) -> Any:
        self.value, step = answer.value, self.step
        step.outcome = Opaque(answer.value._kind) if type(answer.value) is Remote else answer.value
        step.printed, step.seconds = answer.printed, answer.seconds
        self.student._names.answered(step)
        return answer.value
