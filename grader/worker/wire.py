"""The encoding between the grader and a worker: plain data of exact types, array bytes beside it, nothing pickled.

A message is a structure (MessagePack) and the bytes of its arrays, out of band; `bounds` says how much there may be of each.
What one end encodes, the other decodes: both count alike.
Values are walked before they are encoded, because msgspec by itself turns tuples, sets and subclasses of list and dict into
plain lists and maps; an answer is walked again, because MessagePack can say more than we do (timestamps, odd keys).
"""

import itertools
import math
import struct
from collections.abc import Callable, Collection, Iterable, Sized
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from msgspec.msgpack import Decoder, Encoder, Ext

from grader.worker import bounds
from grader.worker.bounds import WireError as WireError

Array: TypeAlias = np.ndarray[Any, Any]
Buffer: TypeAlias = bytes | memoryview

_DTYPE_CODES = "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16"
_DTYPES = [np.dtype(code) for code in _DTYPE_CODES.split()]
_DTYPE_INDEX = {dtype: index for index, dtype in enumerate(_DTYPES)}
_SCALARS: dict[type, int] = {dtype.type: index for index, dtype in enumerate(_DTYPES)}
# On some platforms two C types share a size (long and long long): both are the same to us.
_SCALARS.update({t: _DTYPE_INDEX[np.dtype(t)] for t in (np.intc, np.longlong, np.uintc, np.ulonglong)})

ARRAY, SCALAR, TUPLE, SET, COMPLEX, BIGINT, REMOTE, CALLBACK, SHARED, RNG, MAP, EARLIER = range(1, 13)
_CONTAINERS: dict[type, int] = {tuple: TUPLE, set: SET, dict: MAP}
C_ORDER, F_ORDER, STRIDED = range(3)


class NotPlain(Exception):
    """A value that has no plain form, and no reference may stand for it."""


class Frame(NamedTuple):
    """One message: its structure, and the bytes of its arrays in order."""

    structure: bytes
    buffers: list[Buffer]


class Reference(NamedTuple):
    """An object that stays where it is."""

    handle: int
    kind: str  # name of its class
    module: str  # where the class is defined
    callable: bool


class Shared(NamedTuple):
    """An array that the worker has already."""

    name: str


class Rng(NamedTuple):
    """A random generator made anew in the worker from a seed."""

    seed: int


class Callback(NamedTuple):
    """A function of the grader's."""

    number: int


class Earlier(NamedTuple):
    """What an earlier request of the same message gave: all of it, or of what was found the item of that number."""

    request: int
    item: int = -1


#: What stands for something that has no plain form.
Pointer: TypeAlias = Reference | Shared | Rng | Callback | Earlier
_POINTERS: dict[int, type[Pointer]] = {REMOTE: Reference, SHARED: Shared, RNG: Rng, CALLBACK: Callback, EARLIER: Earlier}
Refer: TypeAlias = Callable[[object], Reference | None]
Resolve: TypeAlias = Callable[[Pointer], object]

_encoder, _decoder = Encoder(), Decoder()
_ATOMS = frozenset({type(None), bool, float, bytes})
_KEYS = _ATOMS | {str, int}


class _Outgoing(bounds.Budget):
    refer: Refer | None = None
    buffers: list[Buffer] = []


def encode(value: object, refer: Refer | None = None, most: int = bounds.MAX_SENT) -> Frame:
    """The message for one value.

    refer  : called with each object that has no plain form; what it returns stands for it
    most   : bytes of its arrays, counted as the other end will hold them
    raises : NotPlain (also for what is nested too deeply), WireError if it is too large
    """
    message = _Outgoing(most, refer=refer)
    structure = _encoder.encode(_pack(value, message, 0))
    if len(structure) > bounds.MAX_STRUCTURE:
        raise WireError(f"a value of {len(structure):,} bytes beside its arrays")
    return Frame(structure, message.buffers)


def _pack(value: Any, message: _Outgoing, depth: int) -> object:  # noqa: ANN401
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return value if _is_small(value) else _pack_big_integer(value, message)
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    message.part()
    if depth > bounds.MAX_DEPTH:
        raise NotPlain("nested too deeply")
    pack = _PACK.get(kind)
    if pack is None and issubclass(kind, np.ndarray) and not f"{kind.__module__}".startswith("numpy"):
        value, pack = np.ndarray.view(value, np.ndarray), _pack_array  # a class of the learner's, such as arrays with a gradient
    return pack(value, message, depth + 1) if pack is not None else _stand_in(value, message)


def _pack_all(values: Iterable[object], message: _Outgoing, depth: int) -> list[object]:
    return [value if type(value) in _ATOMS else _pack(value, message, depth) for value in values]


def _pack_container(value: Collection[object], message: _Outgoing, depth: int) -> Ext:
    if type(value) is not tuple:
        if not all(type(key) in _KEYS and (type(key) is not int or _is_small(key)) for key in value):
            return _stand_in(value, message)
        message.more_keys(len(value))
    parts = itertools.chain.from_iterable(value.items()) if isinstance(value, dict) else value
    return Ext(_CONTAINERS[type(value)], _encoder.encode(_pack_all(parts, message, depth)))


def _pack_array(value: Array, message: _Outgoing, _depth: int) -> Ext:
    if value.dtype not in _DTYPE_INDEX or not value.dtype.isnative:
        return _stand_in(value, message)
    layout = C_ORDER if value.flags.c_contiguous else F_ORDER if value.flags.f_contiguous else STRIDED
    message.array(value.size, value.dtype.itemsize, twice=layout == STRIDED)
    if len(message.buffers) >= bounds.MAX_BUFFERS:
        raise WireError(f"more than {bounds.MAX_BUFFERS:,} arrays")
    data = np.ascontiguousarray(value.T if layout == F_ORDER else value)
    message.buffers.append(data.reshape(-1).view(np.uint8).data if data.size else b"")
    return Ext(ARRAY, _encoder.encode([_DTYPE_INDEX[value.dtype], layout, len(message.buffers) - 1, *value.shape]))


def _is_small(value: int) -> bool:
    """Whether MessagePack has it. Larger ones are not allowed as keys: they can be chosen to have one hash, all of them."""
    return -(1 << 63) <= value < 1 << 63


def _pack_big_integer(value: int, message: _Outgoing) -> Ext:
    size = value.bit_length() // 8 + 1
    small = size <= bounds.MAX_BIGINT
    return Ext(BIGINT, value.to_bytes(size, "little", signed=True)) if small else _stand_in(value, message)


def _stand_in(value: object, message: _Outgoing) -> Ext:
    reference = message.refer(value) if message.refer is not None else None
    if reference is None:
        raise NotPlain(f"an object of class {type(value).__name__}")
    message.reference()
    return Ext(REMOTE, _encoder.encode(reference))


#: Type -> what makes its plain form: (value, message, depth of its parts).
_PACK: dict[type, Callable[[Any, _Outgoing, int], object]] = {
    list: _pack_all,
    np.ndarray: _pack_array,
    np.str_: lambda value, *rest: _pack(str(value), *rest),
    complex: lambda value, *_: Ext(COMPLEX, struct.pack("<dd", value.real, value.imag)),
    **dict.fromkeys(_SCALARS, lambda value, *_: Ext(SCALAR, bytes([_SCALARS[type(value)]]) + value.tobytes())),
    **dict.fromkeys(_CONTAINERS, _pack_container),
    **{kind: lambda value, *_, code=code: Ext(code, _encoder.encode(value)) for code, kind in _POINTERS.items()},
}


class _Incoming(bounds.Budget):
    """A message that is being read. Each of its buffers is taken out when an array is made of it."""

    buffers: list[Buffer | None] = []
    resolve: Resolve | None = None
    read_only: bool = True


def decode(frame: Frame, resolve: Resolve | None = None, *, read_only: bool = True, most: int = bounds.MAX_SENT) -> Any:  # noqa: ANN401
    """The value of one message.

    resolve   : turns each Pointer into what it stands for; without it they are refused
    read_only : whether arrays may not be written to
    most      : bytes of its arrays, as they are held here
    raises    : WireError, and nothing else, whatever the bytes are
    """
    if len(frame.structure) > bounds.MAX_STRUCTURE:
        raise WireError("a structure that is too large")
    message = _Incoming(most, buffers=[*frame.buffers], resolve=resolve, read_only=read_only)
    try:
        return _unpack(_decoder.decode(frame.structure), message, 0)
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError, MemoryError, struct.error) as e:
        raise WireError(f"not a message: {type(e).__name__}") from None


def _unpack(value: object, message: _Incoming, depth: int) -> object:
    if type(value) in _KEYS:
        return value
    message.part()
    if depth > bounds.MAX_DEPTH + 1:
        raise WireError("nested too deeply")
    if type(value) is list:
        return _unpack_all(value, message, depth + 1)
    if type(value) is not Ext:
        raise WireError(f"a {type(value).__name__} has no place in a message")
    code = value.code
    if code not in _UNPACK:
        raise WireError(f"type {code} has no place in a message")
    return _UNPACK[code](code, bytes(value.data), message, depth + 1)


def _unpack_all(values: list[object], message: _Incoming, depth: int) -> list[object]:
    return [value if type(value) in _KEYS else _unpack(value, message, depth) for value in values]


def _unpack_container(code: int, data: bytes, message: _Incoming, depth: int) -> object:
    items = _decoder.decode(data)
    if type(items) is not list:
        raise WireError("a container without items")
    if code == TUPLE:
        return tuple(_unpack_all(items, message, depth))
    keys = items if code == SET else items[::2]
    message.more_keys(len(keys))
    if any(type(key) not in _KEYS for key in keys):  # as they were sent: of what is made of them, some hash alike
        raise WireError("a key that cannot be one")
    return set(keys) if code == SET else dict(zip(keys, _unpack_all(items[1::2], message, depth), strict=True))


def _unpack_big_integer(_code: int, data: bytes, _message: _Incoming, _depth: int) -> int:
    if len(data) > bounds.MAX_BIGINT:
        raise WireError("an integer that is too large")
    return int.from_bytes(data, "little", signed=True)


def _unpack_pointer(code: int, data: bytes, message: _Incoming, _depth: int) -> object:
    """What a Pointer, with fields of the right types, stands for."""
    if message.resolve is None:
        raise WireError(f"type {code} has no place in this message")
    made, fields = _POINTERS[code], _decoder.decode(data)
    if type(fields) is not list or [type(field) for field in fields] != list(made.__annotations__.values()):
        raise WireError(f"type {code} has no place in a message")
    message.reference()
    return message.resolve(made(*fields))


def _unpack_array(_code: int, data: bytes, message: _Incoming, _depth: int) -> Array:
    header = _decoder.decode(data)
    if type(header) is not list or len(header) < 3 or any(type(n) is not int or n < 0 for n in header):
        raise WireError("an array without a header")
    dtype = _DTYPES[_index(header[0], _DTYPES)]
    layout, shape = header[1], header[3:]
    place, size = _index(header[2], message.buffers), math.prod(shape)
    buffer, message.buffers[place] = message.buffers[place], None
    # Before NumPy sees it: a product of Python ints cannot overflow.
    if buffer is None or size * dtype.itemsize != len(buffer):
        raise WireError("an array of another size than it says, or of bytes that another has")
    message.array(size, dtype.itemsize, twice=layout == STRIDED)
    flat = _checked(np.frombuffer(buffer, dtype) if size else np.empty(0, dtype), size)
    array: Array = flat.reshape(shape[::-1]).T if layout == F_ORDER else flat.reshape(shape)
    if layout == STRIDED and array.ndim:
        array = np.repeat(array, 2, axis=-1)[..., ::2]
    array.flags.writeable = not message.read_only
    return array


#: Code -> what reads it: (code, data, message, depth of its parts).
_UNPACK: dict[int, Callable[[int, bytes, _Incoming, int], object]] = {
    ARRAY: _unpack_array,
    SCALAR: lambda _code, data, *_: _checked(np.frombuffer(data, _DTYPES[_index(data[0], _DTYPES)], offset=1), 1)[0],
    COMPLEX: lambda _code, data, *_: complex(*struct.unpack("<dd", data)),
    BIGINT: _unpack_big_integer,
    **dict.fromkeys(_CONTAINERS.values(), _unpack_container),
    **dict.fromkeys(_POINTERS, _unpack_pointer),
}


def _index(number: object, items: Sized) -> int:
    if type(number) is not int or not 0 <= number < len(items):
        raise WireError("a number that points nowhere")
    return number


def _checked(array: Array, size: int) -> Array:
    if array.size != size:
        raise WireError("an array of another size than it says")
    # A bool that is neither 0 nor 1 would count as several.
    return array.view(np.uint8) != 0 if array.dtype == np.bool_ else array
