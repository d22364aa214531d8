"""What stays in the worker, as seen from a check: objects, methods, functions, modules, and markers for arguments.

A handle can be called and asked for attributes, but neither compares nor converts: an object cannot answer for itself
whether it is right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias, cast

from grader.worker import bounds, wire
from grader.worker.outside.errors import NotAValue


class InWorker:
    """What stands here for something in the worker, also among the arguments of a call."""

    __slots__ = ()

    def to_wire(self) -> wire.Pointer:
        raise NotImplementedError

    def transcript_name(self) -> str:
        """Python text by which a transcript calls it."""
        raise NotImplementedError


class Handle(InWorker):
    """Something that stays in the worker. Every way of using it as a value raises NotAValue."""

    __slots__ = ()
    __array_ufunc__ = None
    __hash__ = object.__hash__


def _refuses(operation: str) -> Callable[..., NoReturn]:
    def method(self: Handle, *_args: object, **_named: object) -> NoReturn:
        raise NotAValue(f"The code returned {what_is(self)}; a number or an array is needed.", type_name="TypeError")

    method.__name__ = operation
    return method


_OPERATIONS = (
    "eq ne lt le gt ge bool int float complex index len iter next contains getitem setitem delitem array neg pos abs invert "
    "round add sub mul matmul truediv floordiv mod divmod pow and or xor lshift rshift radd rsub rmul rmatmul rtruediv "
    "rfloordiv rmod rpow rand ror rxor"
)
for _operation in _OPERATIONS.split():
    setattr(Handle, f"__{_operation}__", _refuses(f"__{_operation}__"))


class Contract(NamedTuple):
    """Names of the course's own, from its course.toml."""

    methods: tuple[str, ...] = ()  #: a call looks one up by itself, so that no message of its own has to do so
    classes: tuple[str, ...] = ()  #: they would else be taken for constants, which are fetched at once
    training: str = ""  #: "module.function"


Earlier: TypeAlias = wire.Earlier  #: stands among arguments for what an earlier request of the same message gave
Args: TypeAlias = tuple[object, ...]
Keywords: TypeAlias = dict[str, object]


class Asks(Protocol):
    """What a handle needs of whoever made it: to be fetched from, to be called, to be let go."""

    contract: Contract

    def attribute(self, remote: "Remote", name: str) -> object: ...
    def module_attribute(self, module: str, name: str) -> object: ...
    def call(self, target: "Remote | Method | Function", args: Args, keywords: Keywords, keep: bool = False) -> Any: ...  # noqa: ANN401
    def hold(self, function: "Function") -> "Remote": ...
    def bind(self, method: "Method") -> "Remote": ...
    def keep_rng(self, rng: "Argument") -> "Remote": ...
    def release(self, number: int) -> None: ...


@dataclass(slots=True)
class Held:
    """What is known here of an object in the worker.

    number  : by which the worker knows it
    kind    : name of its class
    path    : where it comes from, "module.Class" or "module.Class.method"
    text    : variable or expression by which a transcript calls it, if it has one
    methods : that it was asked for before
    """

    asker: Asks
    number: int
    kind: str
    callable: bool
    path: str
    text: str = ""
    methods: dict[str, "Method"] = field(default_factory=dict)


class Remote(Handle):
    """An object in the worker. Attributes are fetched, methods are called there."""

    __slots__ = ("__weakref__", "_held")

    def __init__(self, asker: Asks, reference: wire.Reference):
        path = f"{reference.module}.{reference.kind}".removeprefix("builtins.").lstrip(".")
        self._held = Held(asker, reference.handle, reference.kind, reference.callable, path)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if (name.startswith("__") and name.endswith("__")) or name == "_held":
            raise AttributeError(name)  # NumPy and copy ask for protocols of their own
        if name in self._held.asker.contract.methods:
            return Method(self, name)
        method = self._held.methods.get(name)
        return method if method is not None else self._held.asker.attribute(self, name)

    def __call__(self, *args: object, **keywords: object) -> Any:  # noqa: ANN401
        return self._held.asker.call(self, args, keywords)

    def __repr__(self) -> str:
        return f"<{self._held.kind} in the worker>"

    def __del__(self) -> None:
        try:
            self._held.asker.release(self._held.number)
        except AttributeError:
            pass  # half made, or the interpreter is ending

    def to_wire(self) -> wire.Reference:
        return wire.Reference(self._held.number, "", "", False)

    def transcript_name(self) -> str:
        return self._held.text or f"<{self._held.kind}>"


def held(remote: object) -> Held:
    """What is known of a Remote. No attribute of its own says so: any name may be one of the learner's.

    raises : NotAValue for a plain value, which the learner's code may return in the place of an object
    """
    if not isinstance(remote, Remote):
        raise NotAValue(f"The code returned a value of type {type(remote).__name__}; an object is needed.", type_name="TypeError")
    return remote._held  # noqa: SLF001


class Method(Handle):
    """A method of an object in the worker, by name; `keep` leaves its result there."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Remote, name: str):
        self.owner, self.name = owner, name

    def __call__(self, *args: object, **keywords: object) -> Any:  # noqa: ANN401
        return held(self.owner).asker.call(self, args, keywords)

    def keep(self, *args: object, **keywords: object) -> Remote:
        return cast(Remote, held(self.owner).asker.call(self, args, keywords, keep=True))

    def to_wire(self) -> wire.Pointer:
        return held(self.owner).asker.bind(self).to_wire()

    def transcript_name(self) -> str:
        return f"{self.owner.transcript_name()}.{self.name}"


class Function(Handle):
    """A function or class of one of the learner's modules, found when it is called; `keep` leaves its result there."""

    __slots__ = ("_asker", "_kept", "module", "name")

    def __init__(self, asker: Asks, module: str, name: str):
        self._asker, self.module, self.name = asker, module, name
        self._kept: Remote | None = None

    def __call__(self, *args: object, **keywords: object) -> Any:  # noqa: ANN401
        return self._asker.call(self, args, keywords)

    def keep(self, *args: object, **keywords: object) -> Remote:
        return cast(Remote, self._asker.call(self, args, keywords, keep=True))

    def to_wire(self) -> wire.Pointer:
        if self._kept is None:  # as long as this: it may be passed again
            self._kept = self._asker.hold(self)
        return self._kept.to_wire()

    def transcript_name(self) -> str:
        return f"{self.module}.{self.name}"


#: Kinds of plain values that stay in the worker for one reason alone: they are too large, or nested too deeply.
_TOO_LARGE = {
    "list": "a list that is too large to be read",
    "tuple": "a tuple that is too large to be read",
    "large ndarray": f"more than {bounds.MAX_ANSWER >> 20} MB of numbers",
}


def what_is(handle: Handle) -> str:
    """ "an object of class Box", "the method forward"."""
    if isinstance(handle, Remote):
        kind = held(handle).kind
        return _TOO_LARGE.get(kind, f"an object of class {kind}")
    if isinstance(handle, Method):
        return f"the method {handle.name}"
    return f"the function {handle.transcript_name()}"


class Module:
    """One of the learner's modules; imported in the worker when one of its names is first needed. Its text is its name."""

    __slots__ = ("_asker", "_name")

    def __init__(self, asker: Asks, name: str):
        self._asker, self._name = asker, name

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._asker.module_attribute(self._name, name)

    def __str__(self) -> str:
        return self._name


class Argument(InWorker):
    """Stands in the arguments of a call for what the worker has, or makes, by itself."""

    __slots__ = ("_pointer", "_text")

    def __init__(self, pointer: wire.Pointer, text: str):
        self._pointer, self._text = pointer, text

    def to_wire(self) -> wire.Pointer:
        return self._pointer

    def transcript_name(self) -> str:
        return self._text


class RngMaker:
    """`rng(7)`: a new np.random.default_rng(7) in the worker each time it is passed; `rng.keep(7)`: one that stays.

    offset : added to every seed, for who wants other draws from the same check
    """

    def __init__(self, asker: Asks):
        self._asker, self.offset = asker, 0

    def __call__(self, seed: int) -> Argument:
        seed = int(seed) + self.offset
        return Argument(wire.Rng(seed), f"np.random.default_rng({seed})")

    def keep(self, seed: int) -> Remote:
        return self._asker.keep_rng(self(seed))
