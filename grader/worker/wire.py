"""The encoding between the grader and a worker: plain data of exact types, array bytes beside it, nothing pickled.

A message is a structure (MessagePack, at most 1 MB) and the bytes of its arrays (at most 256 MB), out of band: a hostile
megabyte of structure costs the reader some 70 MB, a hostile 256 MB would cost 18 GB.
Values are walked before they are encoded, because msgspec by itself turns tuples, sets and subclasses of list and dict into
plain lists and maps; what comes back is walked again, because MessagePack can say more than we do (timestamps, odd keys).
"""

import itertools
import math
import struct
from collections.abc import Callable, Collection, Iterable, Sized
from typing import Any, NamedTuple, TypeAlias

import msgspec
import numpy as np
from msgspec.msgpack import Decoder, Encoder, Ext

Array: TypeAlias = np.ndarray[Any, Any]
Buffer: TypeAlias = bytes | memoryview

MAX_STRUCTURE = 1 << 20
MAX_ARRAYS = 256 << 20
MAX_BUFFERS = 10_000
MAX_DEPTH = 48
MAX_NODES = 200_000  # a small list that holds another twice, and so on, is exponentially large
MAX_BIGINT = 1024  # bytes

_DTYPE_CODES = "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16"
_DTYPES = [np.dtype(code) for code in _DTYPE_CODES.split()]
_DTYPE_INDEX = {dtype: index for index, dtype in enumerate(_DTYPES)}
_SCALARS: dict[type, int] = {dtype.type: index for index, dtype in enumerate(_DTYPES)}
# On some platforms two C types share a size (long and long long): both are the same to us.
_SCALARS.update({t: _DTYPE_INDEX[np.dtype(t)] for t in (np.intc, np.longlong, np.uintc, np.ulonglong)})

ARRAY, SCALAR, TUPLE, SET, COMPLEX, BIGINT, REMOTE, CALLBACK, SHARED, RNG, MAP = range(1, 12)
_CONTAINERS: dict[type, int] = {tuple: TUPLE, set: SET, dict: MAP}
C_ORDER, F_ORDER, STRIDED = range(3)


class WireError(Exception):
    """What arrived is not a message of ours, or what should be sent is too large for one."""


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


#: What stands for something that has no plain form.
Pointer: TypeAlias = Reference | Shared | Rng | Callback
_POINTERS: dict[int, type[Pointer]] = {REMOTE: Reference, SHARED: Shared, RNG: Rng, CALLBACK: Callback}
Refer: TypeAlias = Callable[[object], Reference | None]
Resolve: TypeAlias = Callable[[Pointer], object]

_encoder, _decoder = Encoder(), Decoder()
_ATOMS = frozenset({type(None), bool, float, bytes})
_KEYS = _ATOMS | {str, int}


class _Outgoing(msgspec.Struct):
    """A message in the making, and how large it is so far."""

    refer: Refer | None
    buffers: list[Buffer] = []
    parts: int = 0
    bytes: int = 0


def encode(value: object, refer: Refer | None = None) -> Frame:
    """The message for one value.

    refer  : called with each object that has no plain form; what it returns stands for it
    raises : NotPlain (also for what is nested too deeply), WireError if it is too large
    """
    message = _Outgoing(refer)
    structure = _encoder.encode(_pack(value, message, 0))
    if len(structure) > MAX_STRUCTURE:
        raise WireError(f"a value of {len(structure):,} bytes beside its arrays")
    return Frame(structure, message.buffers)


def _pack(value: Any, message: _Outgoing, depth: int) -> object:  # noqa: ANN401
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return value if -(1 << 63) <= value < 1 << 63 else _pack_big_integer(value, message)
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    message.parts += 1
    if depth > MAX_DEPTH:
        raise NotPlain("nested too deeply")
    if message.parts > MAX_NODES:
        raise WireError("a value of too many parts")
    pack = _PACK.get(kind)
    return pack(value, message, depth + 1) if pack is not None else _stand_in(value, message)


def _pack_all(values: Iterable[object], message: _Outgoing, depth: int) -> list[object]:
    return [value if type(value) in _ATOMS else _pack(value, message, depth) for value in values]


def _pack_container(value: Collection[object], message: _Outgoing, depth: int) -> Ext:
    if type(value) is not tuple and any(type(key) not in _KEYS for key in value):
        return _stand_in(value, message)
    parts = itertools.chain.from_iterable(value.items()) if isinstance(value, dict) else value
    return Ext(_CONTAINERS[type(value)], _encoder.encode(_pack_all(parts, message, depth)))


def _pack_array(value: Array, message: _Outgoing, _depth: int) -> Ext:
    if value.dtype not in _DTYPE_INDEX or not value.dtype.isnative:
        return _stand_in(value, message)
    message.bytes += value.nbytes
    if message.bytes > MAX_ARRAYS or len(message.buffers) >= MAX_BUFFERS:
        raise WireError(f"arrays of more than {MAX_ARRAYS >> 20} MB")
    if value.flags.c_contiguous:
        layout, data = C_ORDER, value
    elif value.flags.f_contiguous:
        layout, data = F_ORDER, value.T
    else:
        layout, data = STRIDED, np.ascontiguousarray(value)
    message.buffers.append(data.reshape(-1).view(np.uint8).data if data.size else b"")
    header = [_DTYPE_INDEX[value.dtype], layout, len(message.buffers) - 1, *value.shape]
    return Ext(ARRAY, _encoder.encode(header))


def _pack_big_integer(value: int, message: _Outgoing) -> Ext:
    size = value.bit_length() // 8 + 1
    if size > MAX_BIGINT:
        return _stand_in(value, message)
    return Ext(BIGINT, value.to_bytes(size, "little", signed=True))


def _stand_in(value: object, message: _Outgoing) -> Ext:
    reference = message.refer(value) if message.refer is not None else None
    if reference is None:
        raise NotPlain(f"an object of class {type(value).__name__}")
    return Ext(REMOTE, _encoder.encode(reference))


#: Type -> what makes its plain form: (value, message, depth of its parts).
_PACK: dict[type, Callable[[Any, _Outgoing, int], object]] = {
    list: _pack_all,
    np.ndarray: _pack_array,
    complex: lambda value, *_: Ext(COMPLEX, struct.pack("<dd", value.real, value.imag)),
    **dict.fromkeys(_SCALARS, lambda value, *_: Ext(SCALAR, bytes([_SCALARS[type(value)]]) + value.tobytes())),
    **dict.fromkeys(_CONTAINERS, _pack_container),
    **{kind: lambda value, *_, code=code: Ext(code, _encoder.encode(value)) for code, kind in _POINTERS.items()},
}


class _Incoming(msgspec.Struct):
    """A message that is being read, and how many parts of it were seen."""

    buffers: list[Buffer]
    resolve: Resolve | None
    read_only: bool
    parts: int = 0


def decode(frame: Frame, resolve: Resolve | None = None, *, read_only: bool = True) -> Any:  # noqa: ANN401
    """The value of one message.

    resolve   : turns each Reference, Shared, Rng and Callback into what it stands for; without it they are refused
    read_only : whether arrays may not be written to
    raises    : WireError, and nothing else, whatever the bytes are
    """
    if len(frame.structure) > MAX_STRUCTURE:
        raise WireError("a structure that is too large")
    try:
        return _unpack(_decoder.decode(frame.structure), _Incoming(frame.buffers, resolve, read_only), 0)
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError, MemoryError, struct.error) as e:
        raise WireError(f"not a message: {type(e).__name__}") from None


def _unpack(value: object, message: _Incoming, depth: int) -> object:
    if type(value) in _KEYS:
        return value
    message.parts += 1
    if depth > MAX_DEPTH + 1 or message.parts > MAX_NODES:
        raise WireError("nested too deeply, or in too many parts")
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
    items = _unpack_all(items, message, depth)
    if code == TUPLE:
        return tuple(items)
    keys = items if code == SET else items[::2]
    if any(type(key) not in _KEYS for key in keys):
        raise WireError("a key that cannot be one")
    return set(items) if code == SET else dict(zip(keys, items[1::2], strict=True))


def _unpack_big_integer(_code: int, data: bytes, _message: _Incoming, _depth: int) -> int:
    if len(data) > MAX_BIGINT:
        raise WireError("an integer that is too large")
    return int.from_bytes(data, "little", signed=True)


def _unpack_pointer(code: int, data: bytes, message: _Incoming, _depth: int) -> object:
    """What a Reference, Shared, Rng or Callback, with fields of the right types, stands for."""
    if message.resolve is None:
        raise WireError(f"type {code} has no place in this message")
    made, fields = _POINTERS[code], _decoder.decode(data)
    if type(fields) is not list or [type(field) for field in fields] != list(made.__annotations__.values()):
        raise WireError(f"type {code} has no place in a message")
    return message.resolve(made(*fields))


def _unpack_array(_code: int, data: bytes, message: _Incoming, _depth: int) -> Array:
    header = _decoder.decode(data)
    if type(header) is not list or len(header) < 3 or any(type(n) is not int or n < 0 for n in header):
        raise WireError("an array without a header")
    dtype = _DTYPES[_index(header[0], _DTYPES)]
    layout, shape = header[1], header[3:]
    buffer = message.buffers[_index(header[2], message.buffers)]
    size = math.prod(shape)
    # Before NumPy sees it: a product of Python ints cannot overflow.
    if size * dtype.itemsize != len(buffer):
        raise WireError("an array of another size than it says")
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
