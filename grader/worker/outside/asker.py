"""How a check's requests reach the worker: each is sent, recorded as a step, and answered by a value or a handle."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from grader.text import clean_name
from grader.worker import bounds, wire
from grader.worker.outside import handles
from grader.worker.outside.channel import Answer, Channel
from grader.worker.outside.errors import NotAValue, StudentError
from grader.worker.outside.handles import Argument, Contract, Function, InWorker, Method, Remote, RngMaker, held
from grader.worker.outside.transcript import Ask, Describe, ErrorInfo, Names, Opaque, Step, snake

Value = TypeVar("Value")


class Asker:
    """Asks a worker and keeps the transcript.

    describe : array or other plain value -> Python text, for the transcript
    """

    def __init__(self, channel: Channel, describe: Describe | None = None):
        self._channel, self.contract = channel, Contract()
        self._names = Names(describe)
        self.rng = RngMaker(self)
        self.transcript: list[Step] = []
        self.earlier: list[Step] = []
        self._kept = 0  # bytes of the answers in the transcript
        self._bound: list[Remote] = []
        self.modules: set[str] = set()  # those that names were asked of
        channel.make_remote = lambda reference: Remote(self, reference)

    def use_names_of(self, about: object) -> None:
        """Know methods, classes and training of a course by name, from its course.toml."""
        self.contract = Contract(*(getattr(about, name) for name in Contract._fields))

    def ref(self, remote: Remote, name: str) -> Remote:
        """An attribute as a Remote, without a copy of it."""
        kept: Remote = self._channel.request("keep_get", held(remote) and remote.to_wire(), name).value
        return self.named(kept, f"{remote.transcript_name()}.{name}")

    def bind(self, method: Method) -> Remote:
        """A method as an object in the worker, as long as this asker: where it is passed, it may be kept."""
        self._bound.append(self.ref(method.owner, method.name))
        return self._bound[-1]

    def hold(self, function: Function) -> Remote:
        """A function of a module as an object in the worker, to be passed as an argument.

        raises : NotAValue if the name stands for something else
        """
        value = self._fetched(function.module, function.name)
        if not isinstance(value, Remote):
            sentence = f"{function.transcript_name()} is not a function; it is of type {type(value).__name__}."
            raise NotAValue(sentence, type_name="TypeError")
        return value

    def keep_rng(self, rng: Argument) -> Remote:
        """A random generator that stays in the worker."""
        kept: Remote = self.ask(Ask("put", "rng", rng.transcript_name(), (rng,), "keep_fetch"), bind="rng")
        return kept

    def release(self, number: int) -> None:
        """Let an object in the worker go, with the next request."""
        self._channel.released.append(number)

    def named(self, value: Value, text: str) -> Value:
        """Give Remotes the text by which a reader of the transcript finds them."""
        if isinstance(value, Remote):
            held(value).text = held(value).text or text
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value[:100]):
                self.named(item, f"{text}[{index}]")
        return value

    def module_attribute(self, module: str, name: str) -> object:
        """A constant, in capitals, is fetched; anything else is a function or class, and found when it is called."""
        self.modules.add(module)
        constant = name.isupper() and name not in self.contract.classes
        return self._fetched(module, name) if constant else Function(self, module, name)

    def _fetched(self, module: str, name: str) -> object:
        path = f"{module}.{name}"
        return self.named(self.ask(Ask("attribute", path, path, (module, name), "name")), path)

    def attribute(self, remote: Remote, name: str) -> object:
        """An attribute of an object: a value, a Remote or a Method."""
        asked = Ask.read(remote, name)
        value = self.ask(asked)
        if isinstance(value, Remote) and held(value).callable:
            method = held(remote).methods[name] = Method(remote, name)
            return method
        return self.named(value, asked.text)

    def call(self, target: Remote | Method | Function, args: handles.Args, keywords: handles.Keywords, keep: bool = False) -> Any:  # noqa: ANN401
        """Call an object, a method of one, or a function or class of a module.

        keep : leave the result in the worker
        """
        where: tuple[object, ...]
        if isinstance(target, Remote):
            path, operation, where = held(target).path, "call", (target,)
        elif isinstance(target, Method):
            owner = target.owner
            path, operation, where = f"{held(owner).path}.{target.name}", "method", (owner, target.name)
        else:
            path, operation, where = target.transcript_name(), "call_name", (target.module, target.name)
        # A class, which has a capital, is called through its __init__; a function through itself.
        is_class = isinstance(target, Function) and target.name[0].isupper()
        touched, text = path + ".__init__" * is_class, target.transcript_name() + self._names.call(args, keywords)
        asked = Ask("call", touched, text, (*where, list(args), keywords), "keep_" * keep + operation)
        value = self.ask(asked, bind=snake(path.rpartition(".")[2]))
        if is_class and isinstance(value, Remote):
            held(value).path = path
        return value

    def ask(self, asked: Ask, bind: str = "") -> Any:  # noqa: ANN401
        """One request, recorded as one step; a Remote that comes back is bound to a variable."""
        callbacks: dict[int, Callable[..., object]] = {}
        sent = [self._outgoing(argument, callbacks) for argument in asked.arguments]
        with self._step(asked) as step:
            value = self._answered(step, self._channel.request(asked.operation or asked.kind, *sent, callbacks=callbacks))
        if isinstance(value, Remote) and bind:
            step.name = held(value).text = self._names.fresh(bind)
        elif isinstance(value, (list, tuple)) and any(isinstance(item, Remote) for item in value):
            self.named(value, asked.text)
        return value

    def ask_all(self, asks: Sequence[Ask]) -> list[Any]:
        """Several requests in one message, recorded step by step as if they had been asked one after another."""
        sent = [[ask.operation or ask.kind, *(self._outgoing(part, {}) for part in ask.arguments)] for ask in asks[1:]]
        self._channel.following[:0] = sent
        return [self.ask(ask) for ask in asks]

    def _answered(self, step: Step, answer: Answer) -> object:
        """Put an answer into its step: as it is, unless it is an object, or more than a transcript keeps.

        The look-up of a function is no step of its own: nothing happens between it and its end.
        """
        self._kept += answer.size
        step.printed, step.seconds = answer.printed, answer.seconds
        if isinstance(answer.value, Remote) or self._kept > bounds.MAX_KEPT:
            step.outcome = Opaque(self.kind(answer.value))
        else:
            step.outcome = answer.value
        self._names.answered(step)
        if step.kind == "attribute" and isinstance(answer.value, Remote):
            self.transcript.pop()
        return answer.value

    def notes(self) -> tuple[list[str], list[str]]:
        """What the submission read beyond the contract of what was put in, and which of that was called.

        raises : StudentError if the worker cannot be asked any more
        """
        told = self._channel.request("notes").value
        lists = told if type(told) is list and [type(part) for part in told] == [list, list] else [[], []]
        beyond, called = ([clean_name(name) for name in part if type(name) is str] for part in lists)
        return beyond[:20], called

    def kind(self, value: object) -> str:
        """Name of the class of anything that came back."""
        if isinstance(value, Remote):
            return held(value).kind
        return "function" if isinstance(value, (Function, Method)) else type(value).__name__

    def _outgoing(self, value: object, callbacks: dict[int, Callable[..., object]]) -> object:
        """An argument as the wire takes it: proxies as references, functions as callbacks."""
        if type(value) is str:
            return value
        if isinstance(value, InWorker):
            return value.to_wire()
        if type(value) is list or type(value) is tuple:
            return type(value)(self._outgoing(item, callbacks) for item in value)
        if type(value) is dict:
            return {key: self._outgoing(item, callbacks) for key, item in value.items()}
        if type(value) is np.ndarray:
            name, array = self._channel.shared.get(id(value), ("", None))
            return wire.Shared(name) if array is value else value
        if not callable(value):
            return value
        number = self._channel.number_of()
        callbacks[number] = value
        return wire.Callback(number)

    @contextmanager
    def _step(self, asked: Ask) -> Iterator[Step]:
        """Record one step, whatever comes of it."""
        step = Step(asked.kind, asked.target, asked.text, [asked.target] if asked.kind == "call" else [])
        step.trains = asked.target == self.contract.training
        self.transcript.append(step)
        try:
            yield step
        except StudentError as error:
            step.outcome = ErrorInfo(type(error).__name__, error.type_name, error.message)
            step.printed = error.printed
            raise
