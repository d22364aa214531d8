"""What stays in the worker, as seen from a check: objects, methods, functions, modules, and markers for arguments.

A handle can be called and asked for attributes, but neither compares nor converts: an object cannot answer for itself
whether it is right.
"""

from typing import Any, Protocol

from grader.worker import wire
from grader.worker.outside.errors import NotAValue


def _refuses(operation: str):
    def method(self, *_args, **_named):
        raise NotAValue(f"The code gave {self._what()}, where a number or an array is needed.", type_name="TypeError")

    method.__name__ = operation
    return method


class Handle:
    """Something that stays in the worker. Every way of using it as a value raises NotAValue."""

    __slots__ = ()
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def _what(self) -> str:
        return "an object"


_OPERATIONS = (
    "eq ne lt le gt ge bool int float complex index len iter next contains getitem setitem delitem array neg pos abs invert "
    "round add sub mul matmul truediv floordiv mod divmod pow and or xor lshift rshift radd rsub rmul rmatmul rtruediv "
    "rfloordiv rmod rpow rand ror rxor"
)
for _operation in _OPERATIONS.split():
    setattr(Handle, f"__{_operation}__", _refuses(f"__{_operation}__"))


#: What the contract makes a method of. A call looks it up by itself, so that no message of its own has to do so.
METHODS = frozenset({"forward", "backward", "parameters", "gradients", "predict", "step"})
#: Classes whose names would else be taken for those of constants, which are fetched at once.
CLASSES = frozenset({"MLP", "SGD"})


class Asks(Protocol):
    """What a handle needs of whoever made it: to be fetched from, to be called, to be let go."""

    _channel: Any
    _kept_alive: list["Remote"]

    def ref(self, remote: "Remote", name: str) -> "Remote": ...
    def _attribute(self, remote: "Remote", name: str) -> Any: ...
    def _module_attribute(self, module: str, name: str) -> Any: ...
    def _hold(self, function: "Function") -> "Remote": ...
    def _call(self, target: "Remote", args: tuple, keywords: dict, keep: bool) -> Any: ...
    def _call_function(self, target: "Function", args: tuple, keywords: dict, keep: bool) -> Any: ...
    def _call_method(self, method: "Method", args: tuple, keywords: dict, keep: bool) -> Any: ...
    def _ask(self, kind: str, target: str, text: str, operation: str, *arguments: Any, bind: str = "") -> Any: ...


class Remote(Handle):
    """An object in the worker. Attributes are fetched, methods are called there."""

    __slots__ = ("__weakref__", "_callable", "_handle", "_kind", "_methods", "_origin", "_student", "_text")

    def __init__(self, student: "Asks", reference: wire.Reference, text: str = ""):
        self._student, self._handle, self._kind = student, reference.handle, reference.kind
        self._origin = f"{reference.module}.{reference.kind}".removeprefix("builtins.").lstrip(".")
        self._callable, self._text = reference.callable, text
        self._methods: dict[str, Method] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # NumPy and copy ask for protocols of their own
        if name in METHODS:
            return Method(self, name)
        method = self._methods.get(name)
        return method if method is not None else self._student._attribute(self, name)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._student._call(self, args, keywords, keep=False)

    def __repr__(self) -> str:
        return f"<{self._kind} in the worker>"

    def __del__(self):
        try:
            self._student._channel.released.append(self._handle)
        except AttributeError:
            pass  # half made, or the interpreter is ending

    def _what(self) -> str:
        return f"an object of class {self._kind}"

    def to_wire(self) -> wire.Reference:
        return wire.Reference(self._handle, "", "", False)

    def transcript_name(self) -> str:
        return self._text or f"<{self._kind}>"


class Method(Handle):
    """A method of an object in the worker, by name; `keep` leaves its result there."""

    __slots__ = ("_name", "_owner")

    def __init__(self, owner: Remote, name: str):
        self._owner, self._name = owner, name

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._owner._student._call_method(self, args, keywords, keep=False)

    def keep(self, *args: Any, **keywords: Any) -> Remote:
        """Call it, and leave the result in the worker."""
        return self._owner._student._call_method(self, args, keywords, keep=True)

    def _what(self) -> str:
        return f"the method {self._name}"

    def to_wire(self) -> wire.Reference:
        bound = self._owner._student.ref(self._owner, self._name)
        self._owner._student._kept_alive.append(bound)  # as long as the student: the argument may be kept there
        return bound.to_wire()

    def transcript_name(self) -> str:
        return f"{self._owner.transcript_name()}.{self._name}"


class Function(Handle):
    """A function or class of one of the learner's modules, found when it is called; `keep` leaves its result there."""

    __slots__ = ("_held", "_module", "_name", "_student")

    def __init__(self, student: "Asks", module: str, name: str):
        self._student, self._module, self._name = student, module, name
        self._held: Remote | None = None

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._student._call_function(self, args, keywords, keep=False)

    def keep(self, *args: Any, **keywords: Any) -> Remote:
        """Call it, and leave the result in the worker."""
        return self._student._call_function(self, args, keywords, keep=True)

    def _what(self) -> str:
        return f"the function {self.transcript_name()}"

    def to_wire(self) -> wire.Reference:
        if self._held is None:  # as long as this: it may be passed again
            self._held = self._student._hold(self)
        return self._held.to_wire()

    def transcript_name(self) -> str:
        return f"{self._module}.{self._name}"


class Module:
    """One of the learner's modules; imported in the worker when one of its names is first needed."""

    __slots__ = ("_name", "_student")

    def __init__(self, student: "Asks", name: str):
        self._student, self._name = student, name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._student._module_attribute(self._name, name)


class RngMaker:
    """`rng(7)`: a new np.random.default_rng(7) in the worker each time it is passed; `rng.keep(7)`: one that stays.

    offset : added to every seed, for who wants other draws from the same check
    """

    def __init__(self, student: "Asks"):
        self._student, self.offset = student, 0

    def __call__(self, seed: int) -> "Seeded":
        return Seeded(int(seed) + self.offset)

    def keep(self, seed: int) -> Remote:
        seeded = self(seed)
        return self._student._ask("put", "rng", seeded.transcript_name(), "put", seeded.to_wire(), bind="rng")


class Seeded:
    """Stands for a random generator in the arguments of a call."""

    __slots__ = ("seed",)

    def __init__(self, seed: int):
        self.seed = seed

    def to_wire(self) -> wire.Rng:
        return wire.Rng(self.seed)

    def transcript_name(self) -> str:
        return f"np.random.default_rng({self.seed})"


class SharedArray:
    """Stands for an array that every worker has already."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def to_wire(self) -> wire.Shared:
        return wire.Shared(self.name)

    def transcript_name(self) -> str:
        return self.name
