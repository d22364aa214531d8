"""How a check's requests reach the worker: each is sent, recorded as a step, and what comes back is a value or a handle."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from grader.worker import wire
from grader.worker.outside.channel import Answer, Channel
from grader.worker.outside.errors import NotAValue, StudentError
from grader.worker.outside.handles import CLASSES, Function, Method, Remote, RngMaker
from grader.worker.outside.transcript import Ask, ErrorInfo, Names, Opaque, Step, snake


class Asker:
    """Asks a worker and keeps the transcript.

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

    def ref(self, remote: Remote, name: str) -> Remote:
        """An attribute as a Remote, without a copy of it."""
        kept = self._channel.request("ref", remote.to_wire(), name).value
        return self._named(kept, f"{remote.transcript_name()}.{name}")

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

    def __init__(self, asker: Asker, step: Step):
        self.asker, self.step, self.value = asker, step, None

    def __call__(self, answer: Answer) -> Any:
        self.value, step = answer.value, self.step
        step.outcome = Opaque(answer.value._kind) if type(answer.value) is Remote else answer.value
        step.printed, step.seconds = answer.printed, answer.seconds
        self.asker._names.answered(step)
        return answer.value
