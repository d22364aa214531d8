"""The submission as a check sees it: `student.rows.shares(z)` is a message to a worker.

Plain values come back by value, arrays read-only; everything else stays in the worker and is a handle here.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from grader.worker.bounds import TimeLimits
from grader.worker.outside.asker import Asker
from grader.worker.outside.errors import NotAValue, ProtocolViolation
from grader.worker.outside.handles import Argument, Module, Remote, held
from grader.worker.outside.transcript import Ask


class Student(Asker):
    """A submission in a worker of its own, and what a check can do with it."""

    def __getattr__(self, name: str) -> Module:
        if name.startswith("_"):
            raise AttributeError(name)
        return Module(self, name)

    @property
    def alive(self) -> bool:
        return self._channel.alive

    @property
    def pid(self) -> int | None:
        return self._channel.pid

    def listen(self, heard: Callable[[str], None]) -> None:
        """Have `heard` told what is printed from now on, while it is printed."""
        self._channel.heard = heard

    def on_one_cpu(self) -> AbstractContextManager[None]:
        """For a block in which grader and worker only answer each other."""
        return self._channel.on_one_cpu()

    def begin(self, limits: TimeLimits) -> None:
        """Another check goes on with this worker: limits and transcript start anew, objects and names stay."""
        self._channel.begin(limits)
        self.earlier += self.transcript
        self.transcript, self._kept = [], 0

    def soon(self, *requests: Sequence[object]) -> None:
        """Say what is asked directly after the next request, to send it along: its answers wait here, until something else is asked.

        requests : operation and arguments of each; `Earlier(0)` stands for what the next request gives
        """
        self._channel.following = [[self._outgoing(part, {}) for part in request] for request in requests]

    def put(self, value: object) -> Remote:
        """Arrays (or a list of them) held in the worker, for functions that work in place."""
        text = self._names.text_of(value)
        text = f"copy.deepcopy({text})" if isinstance(value, (list, tuple)) else f"{text}.copy()"
        kept: Remote = self.ask(Ask("put", "held", text, (value,), "keep_fetch"), bind="held")
        return kept

    def fill_all(self, writes: Sequence[tuple[Remote, str, object]], *then: Sequence[object]) -> None:
        """`fill` for many (remote, name, array) in one message, and what comes `then`, as for `soon`."""
        self.soon(*(("fill", *write) for write in writes[1:]), *then)
        for write in writes:
            self.fill(*write)

    def read(self, names: Sequence[tuple[Remote, str]]) -> list[Any]:
        """The attributes for many (remote, name), in one message."""
        asks = [Ask.read(remote, name) for remote, name in names]
        return [self.named(value, ask.text) for value, ask in zip(self.ask_all(asks), asks)]

    def have(self, owners: Sequence[Remote], name: str, *then: Sequence[object]) -> list[bool]:
        """`has` for many objects in one message, and what comes `then`, as for `soon`."""
        self.soon(*(("has", owner, name) for owner in owners[1:]), *then)
        return [self.has(owner, name) for owner in owners]

    def having(self, owner: Remote, name: str, *wanted: str, limit: int = 1000) -> list[list[Remote]]:
        """For each attribute that is wanted, those items of a list or another iterable, `owner.name`, that have it."""
        path, whole = f"{held(owner).path}.{name}", f"{owner.transcript_name()}.{name}"
        texts = [f"[item for item in {whole} if hasattr(item, {attribute!r})]" for attribute in wanted]
        asks = [Ask("having", path, text, (owner, name, attribute, limit)) for attribute, text in zip(wanted, texts)]
        found = [self._pairs(answer) for answer in self.ask_all(asks)]
        return [[self.named(item, f"{whole}[{index}]") for index, item in pairs] for pairs in found]

    def _pairs(self, answer: object) -> list[tuple[int, Remote]]:
        """An answer as (index, item), for it comes from a worker; raises ProtocolViolation."""
        pairs = answer if type(answer) is list and all(type(pair) is list for pair in answer) else [[]]
        if any([type(part) for part in pair] != [int, Remote] for pair in pairs):
            self._channel.close()
            raise ProtocolViolation("The worker sent an invalid reply.")
        return pairs

    def made(self, names: str, text: str, source: str, answer: Callable[..., object], *arguments: object) -> list[Any]:
        """Objects of the course's own in the worker: what `make(answer, *arguments)` of a source returns, a tuple.

        names  : of the objects in the transcript, "model, loss"
        text   : Python that a transcript has for it
        answer : called back by them, in whatever call, until the next check begins
        """
        sent = (source, Argument(self._channel.lasting(answer), "answer"), *arguments)
        objects = self.ask(Ask("put", "made", f"{names} = {text}", sent, "made"))
        if type(objects) is not tuple or [type(item) for item in objects] != [Remote] * len(names.split(", ")):
            self._channel.close()
            raise ProtocolViolation("The worker sent an invalid reply.")
        for item, name in zip(objects, names.split(", ")):
            held(item).text = name
        return list(objects)

    def fetch(self, remote: Remote) -> Any:  # noqa: ANN401
        """What a Remote holds now, by value if it is plain."""
        return self.ask(Ask("fetch", held(remote).path, remote.transcript_name(), (remote,)))

    def fill(self, remote: Remote, *where: object) -> None:
        """fill(layer, "W", array) writes layer.W[...] = array in the worker; fill(ref, array) the same for an array."""
        name, array = str(where[0]) if len(where) == 2 else "", where[-1]
        dotted = name and f".{name}"
        path, text = held(remote).path, f"{remote.transcript_name()}{dotted}[...] = {self._names.text_of(array)}"
        self.ask(Ask("fill", path + dotted, text, (remote, name, array)))

    def item(self, remote: Remote, index: object) -> Remote:
        """A Remote to remote[index]."""
        path, text = held(remote).path, f"{remote.transcript_name()}[{index!r}]"
        kept: Remote = self.ask(Ask("item", path, text, (remote, index), "keep_item"))
        return self.named(kept, text)

    def take(self, value: object, limit: int = 1000) -> list[Any]:
        """A list or tuple as a list; of an iterator or generator in the worker up to `limit` items, in one request.

        Items that are tuples of a class of their own, named tuples for one, come as the tuples that they are.
        """
        if isinstance(value, (list, tuple)):
            remotes = [item for item in value[:limit] if isinstance(item, Remote)]
            asks = [Ask("take", held(item).path, item.transcript_name(), (item,), "unwrapped") for item in remotes]
            unwrapped = iter(self.ask_all(asks))
            return [next(unwrapped) if isinstance(item, Remote) else item for item in value[:limit]]
        if not isinstance(value, Remote):
            sentence = f"The code returned a value of type {type(value).__name__}; a list is expected."
            raise NotAValue(sentence, type_name="TypeError")
        items: list[Any] = self.ask(Ask("take", held(value).path, f"list({value.transcript_name()})", (value, limit)))
        return items[:limit] if type(items) is list else items

    def same_memory(self, a: Remote, b: Remote) -> bool:
        """Whether two arrays in the worker share memory."""
        path, text = (held(a) and held(b)).path, f"np.shares_memory({a.transcript_name()}, {b.transcript_name()})"
        return self.ask(Ask("same_memory", path, text, (a, b))) is True

    def has(self, owner: Remote | Module, name: str) -> bool:
        """Whether an object in the worker, or a module, has an attribute."""
        if not isinstance(owner, Module):
            path, text = f"{held(owner).path}.{name}", f"hasattr({owner.transcript_name()}, {name!r})"
            return self.ask(Ask("has", path, text, (owner, name))) is True
        self.modules.add(module := str(owner))
        text = f"hasattr({module}, {name!r})"
        return self.ask(Ask("has", f"{module}.{name}", text, (module, name), "has_name")) is True
