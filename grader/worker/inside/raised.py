"""What a learner should know about an exception, as plain data: its words, the lines it came through, and what the names
of its last line held. All but the exception's own text is read without calling anything of the learner's.
"""

import re
import sys
import types
from collections.abc import Iterator
from itertools import islice
from typing import cast

import numpy as np

from grader.worker.inside.loader import PACKAGE, Finder
from grader.worker.inside.substituted import PUT_IN

MAX_TEXT = 2000
MAX_NAMES = 8
_MOST_ENTRIES = 1000  #: of a namespace that are looked at
_MOST_LINES = 12  #: of a statement
_LARGEST = 1 << 31  #: whole number that is told

#: Exceptions in which it helps to know what the names of the line held.
_ABOUT_VALUES = (TypeError, ValueError, LookupError, AttributeError)
_NAME = re.compile(r"(?<![\w.])(?:self\.)?[^\W\d]\w{0,60}\b")

#: As they are before anything of a learner's is loaded. Of a class, what the interpreter itself keeps: a metaclass may
#: say otherwise. Compared with `is` alone: to hash a class, or to ask whether it equals another, may call its metaclass.
_ndarray = np.ndarray
_SIZED = (list, tuple, dict, str)
_OTHERS = (type(None), float, bool, complex, types.FunctionType, types.MethodType, types.BuiltinFunctionType)
_WHOLE, _NUMBERS = (int, np.int64, np.intp), (np.float64, np.float32)
_mro_of, _namespace_of, _name_of = (type.__dict__[name].__get__ for name in ("__mro__", "__dict__", "__name__"))
_trace_of = BaseException.__dict__["__traceback__"].__get__

#: What a name held: [name, kind, sizes]. Kind is "ndarray" (sizes: its shape), "list" and the like (its length),
#: "int" (the number itself), or another type's name.
Told = list[object]


class Missing(AttributeError):
    """A name that a module of the learner's does not have."""

    def __init__(self, module: str, name: str):
        super().__init__(f"{module}.py has no {name}")


def explain(error: BaseException, finder: Finder, importing: list[object] | None) -> dict[str, object]:
    """What a learner should know about an exception, as plain data; the grader looks up the lines itself.

    importing : module and name that were looked for, if that is how it came about
    """
    module, name = [bounded(part) for part in importing] if importing else ("", "")
    kind, message, traces = _kind(error, importing is not None), _message(error), _traces(error, finder)
    ends = [*traces[:4], *traces[4:][-4:]]
    frames = [_frame(trace, finder) for trace in ends]
    absent = isinstance(error, ModuleNotFoundError) and error.name == f"{PACKAGE}.{module}"
    if importing and absent and module not in finder.problems:
        kind, name = "missing", ""
    if isinstance(error, SyntaxError) and error.filename in finder.files:
        frames.append([finder.files[error.filename], error.lineno or 1, ""])
        message = bounded(error.msg)
    return {
        "kind": kind,
        "mro": [bounded(_name_of(c)) for c in _mro_of(type(error)) if c is not object and c is not Missing][:20],
        "message": message,
        "frames": frames,
        "module": module,
        "name": name,
        "code": _message(error) if isinstance(error, SystemExit) else "",
        **_values(error, traces, finder),
    }


def _values(error: BaseException, traces: list[types.TracebackType], finder: Finder) -> dict[str, object]:
    """Where the last line failed, what its names held, and what the object holds that lacks an attribute."""
    span = _span(traces[-1]) if traces and not _in_what_was_put_in(traces[-1]) else []
    if not any(kind is known for kind in _mro_of(type(error)) for known in _ABOUT_VALUES):
        return {"span": span, "seen": [], "holds": []}
    seen = _seen(traces[-1].tb_frame, span, finder) if span else []
    return {"span": span, "seen": seen, "holds": _holds(error)}


def _in_what_was_put_in(trace: types.TracebackType | None) -> bool:
    """Whether it was no line of the learner's that failed, but a substitute which the line calls."""
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(PUT_IN):
        trace = trace.tb_next
    return trace is not None


def _traces(error: BaseException, finder: Finder) -> list[types.TracebackType]:
    """The learner's own frames, outermost first."""
    found: list[types.TracebackType] = []
    trace = _trace_of(error)
    while trace is not None and len(found) < 5000:
        if trace.tb_frame.f_code.co_filename in finder.files:
            found.append(trace)
        trace = trace.tb_next
    return found


def _frame(trace: types.TracebackType, finder: Finder) -> list[object]:
    """[module, line, function]."""
    code = trace.tb_frame.f_code
    function = "" if code.co_name == "<module>" else bounded(code.co_name)
    return [finder.files[code.co_filename], trace.tb_lineno, function]


def _span(trace: types.TracebackType) -> list[int]:
    """Where the expression that failed stands: line, last line, column and last column in bytes; empty if not known."""
    if trace.tb_lasti < 0:
        return []
    positions = islice(trace.tb_frame.f_code.co_positions(), trace.tb_lasti // 2, None)
    found = [place for place in next(positions, ()) if place is not None]
    return found if len(found) == 4 else []


def _seen(frame: types.FrameType, span: list[int], finder: Finder) -> list[Told]:
    """What the names on some lines held when they failed: of locals, and of `self` what it keeps itself."""
    text = finder.modules[finder.files[frame.f_code.co_filename]].replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")[span[0] - 1 : span[1]]
    known = dict(_entries(frame.f_locals))
    names = dict.fromkeys(match[0] for line in lines[:_MOST_LINES] for match in _NAME.finditer(line[:MAX_TEXT]))
    if any(name.startswith("self.") for name in names) and "self" in known:
        known |= {f"self.{name}": value for name, value in _kept_by(known["self"])}
    found = (_held(name, known[name]) for name in names if name in known)
    return list(islice((held for held in found if held), MAX_NAMES))


def _holds(error: BaseException) -> list[Told]:
    """What the object keeps that has no such attribute, names with the same initial first."""
    if type(error) is not AttributeError or type(error.name) is not str:
        return []
    initial = error.name[:1].lower()
    found = [_held(name, value) for name, value in _kept_by(error.obj) if not name.startswith("_")]
    return sorted((held for held in found if held), key=lambda held: str(held[0])[:1].lower() != initial)[:MAX_NAMES]


def _kept_by(value: object) -> Iterator[tuple[str, object]]:
    """The names in an instance's own dictionary with their values, found without asking the instance or its class."""
    for kind in _mro_of(type(value)):
        slot = dict(_entries(_namespace_of(kind))).get("__dict__")
        if type(slot) is types.GetSetDescriptorType and slot.__objclass__ is kind:
            return _entries(slot.__get__(value))
    return iter(())


def _entries(namespace: object) -> Iterator[tuple[str, object]]:
    """Name and value of what a namespace holds, if it is one of the interpreter's own. Nothing is looked up in it."""
    kind = type(namespace)
    if not any(kind is known for known in _NAMESPACES):
        return iter(())
    items = list(islice(cast("dict[object, object]", namespace).items(), _MOST_ENTRIES))
    return ((name, value) for name, value in items if type(name) is str)


#: From Python 3.13 on, a function's locals are a kind of their own.
_NAMESPACES = (dict, types.MappingProxyType, type((lambda: sys._getframe().f_locals)()))  # noqa: SLF001


def _held(name: str, value: object) -> Told:
    """What is told of one value, by its exact type; empty if that is nothing."""
    kind, named = type(value), bounded(name)
    if kind is _ndarray:
        return [named, "ndarray", list(cast(np.ndarray, value).shape)]
    if any(kind is sized for sized in _SIZED):
        return [named, _name_of(kind), [len(cast("list[object]", value))]]
    if any(kind is whole for whole in _WHOLE):
        number = int(cast(int, value))
        return [named, "int", [number]] if abs(number) < _LARGEST else []
    if any(kind is number for number in _NUMBERS):
        return [named, "float", []]
    return [named, _name_of(kind), []] if any(kind is other for other in _OTHERS) else []


def _kind(error: BaseException, importing: bool) -> str:
    if isinstance(error, Missing):
        return "missing"
    if isinstance(error, MemoryError):
        return "memory"
    if not isinstance(error, Exception):
        return "exit"
    return "broken" if importing else "error"


def _message(error: BaseException) -> str:
    try:
        return bounded(str(error))
    except BaseException:  # the learner's own __str__
        return ""


def bounded(value: object) -> str:
    """An exact str of bounded length, also from a subclass of str, or from a metaclass's idea of a name."""
    return str.__getitem__(value, slice(MAX_TEXT)) if isinstance(value, str) else ""
