"""What was asked of a submission, as Python that can be pasted, and what it answered."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from grader.worker.outside.handles import InWorker, Remote, held

#: Array or other plain value -> Python text.
Describe: TypeAlias = Callable[[Any], str]

_LITERAL = 12  # entries of an array that are written out


@dataclass(frozen=True)
class Opaque:
    """An answer that is an object of the learner's: all that is known is its class."""

    kind: str


@dataclass(frozen=True)
class ErrorInfo:
    """An answer that is an exception."""

    error: str  #: name of our class, such as "StudentError" or "CallTimeout"
    type_name: str
    message: str


@dataclass
class Step:
    """One thing asked of the submission.

    kind    : "call", "attribute", "fetch", "take", "fill", "put", "item", "has", "having", "same_memory"
    target  : "module.Class.method", "module.Class.W", ...
    expr    : Python source of the expression or statement
    touched : functions of the learner's that were called directly
    outcome : plain value, Opaque or ErrorInfo
    name    : variable that the text binds the answer to, or nothing
    trains  : whether the target is the course's function that trains
    """

    kind: str
    target: str
    expr: str
    touched: list[str] = field(default_factory=list)
    outcome: Any = None
    printed: str = ""
    seconds: float = 0.0
    name: str = ""
    trains: bool = False

    @property
    def text(self) -> str:
        """The line of Python."""
        return f"{self.name} = {self.expr}" if self.name else self.expr


class Ask(NamedTuple):
    """A request: what the transcript says of it, and what is sent.

    operation : that the worker is asked for, if it is not called as the step's kind is
    """

    kind: str
    target: str
    text: str
    arguments: tuple[object, ...]
    operation: str = ""

    @classmethod
    def read(cls, remote: Remote, name: str) -> "Ask":
        path, text = f"{held(remote).path}.{name}", f"{remote.transcript_name()}.{name}"
        return cls("attribute", path, text, (remote, name), "get")


class Names:
    """Variable names for objects and answers, so that a transcript reads as one script; without `describe`, values by repr."""

    def __init__(self, describe: Describe | None = None):
        self.describe = describe or repr
        self._used: set[str] = set()
        self._steps: dict[int, Step] = {}

    def fresh(self, wish: str) -> str:
        """A name like the wish that is not taken: linear, linear2, ..."""
        wish = re.sub(r"\W", "", wish) or "value"
        name, number = wish, 2
        while name in self._used:
            name, number = f"{wish}{number}", number + 1
        self._used.add(name)
        return name

    def answered(self, step: Step) -> None:
        """Remember an answer, in case it is an argument later on."""
        if isinstance(step.outcome, (np.ndarray, list)):
            self._steps[id(step.outcome)] = step  # the step keeps the object, so its id stays its own

    def text_of(self, value: object) -> str:
        """Python text for an argument."""
        if isinstance(value, InWorker):
            return value.transcript_name()
        step = self._steps.get(id(value))
        if step is not None and step.outcome is value:
            if not step.name:
                step.name = self.fresh(snake(step.target.rpartition(".")[2]) + "_out")
            return step.name
        if (type(value) is list or type(value) is tuple) and 0 < len(value) <= _LITERAL:
            inner = ", ".join(self.text_of(item) for item in value)
            return f"[{inner}]" if type(value) is list else f"({inner}{',' * (len(value) == 1)})"
        if callable(value):
            called = str(getattr(value, "__name__", "f"))
            return called if called.isidentifier() else "f"
        return self.describe(value)

    def call(self, args: tuple[object, ...], keywords: dict[str, object]) -> str:
        """ "(x, lr=0.1)"."""
        parts = [self.text_of(value) for value in args]
        parts += [f"{name}={self.text_of(value)}" for name, value in keywords.items()]
        return f"({', '.join(parts)})"


def snake(name: str) -> str:
    """ "RowShares" -> "row_shares"; "AbCD" -> "abcd"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name).lower().strip("_")
