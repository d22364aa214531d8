"""The encoding between the grader and a worker: plain data of exact types, array bytes beside it, nothing pickled.

A message is a structure (MessagePack, at most 1 MB) and the bytes of its arrays (at most 256 MB), out of band: a hostile
megabyte of structure costs the reader some 70 MB, a hostile 256 MB would cost 18 GB.
Values are walked before they are encoded, because msgspec by itself turns tuples, sets and subclasses of list and dict into
plain lists and maps; what comes back is walked again, because MessagePack can say more than we do (timestamps, odd keys).
"""

import struct
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import msgspec
import numpy as np

MAX_STRUCTURE = 1 << 20
MAX_ARRAYS = 256 << 20
MAX_BUFFERS = 10_000
MAX_DEPTH = 48
MAX_NODES = 200_000  # a small list that holds another twice, and so on, is exponentially large
MAX_BIGINT = 1024  # bytes

_DTYPE_CODES = "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16"
_DTYPES = [np.dtype(code) for code in _DTYPE_CODES.split()]
_DTYPE_INDEX = {dtype: index for index, dtype in enumerate(_DTYPES)}
_SCALARS = {dtype.type: index for index, dtype in enumerate(_DTYPES)}
# On some platforms two C types share a size (long and long long): both are the same to us.
_SCALARS.update({t: _DTYPE_INDEX[np.dtype(t)] for t in (np.intc, np.longlong, np.uintc, np.ulonglong)})

ARRAY, SCALAR, TUPLE, SET, COMPLEX, BIGINT, REMOTE, CALLBACK, SHARED, RNG, MAP = range(1, 12)
C_ORDER, F_ORDER, STRIDED = range(3)

HEADER = struct.Struct("<II")  # bytes of structure, number of buffers; then 8 bytes for the length of each buffer


class WireError(Exception):
    """What arrived is not a message of ours, or what should be sent is too large for one."""


class NotPlain(Exception):
    """A value that has no plain form, and no reference may stand for it."""


class Frame(NamedTuple):
    """One message: its structure, and the bytes of its arrays in order."""

    structure: bytes
    buffers: list[Any]  # objects with the buffer interface; for a receiver: uint8 arrays


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

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()
_ATOMS = frozenset({type(None), bool, float, bytes})
_KEYS = frozenset({type(None), bool, float, bytes, str, int})


def encode(value: Any, refer: Callable[[Any], Reference | None] | None = None) -> Frame:
    """The message for one value.

    refer  : called with each object that has no plain form; what it returns stands for it
    raises : NotPlain (also for what is nested too deeply), WireError if it is too large
    """
    buffers: list[Any] = []
    state = [0, 0]  # values seen, bytes of arrays
    structure = _encoder.encode(_pack(value, refer, buffers, state, 0))
    if len(structure) > MAX_STRUCTURE:
        raise WireError(f"a value of {len(structure):,} bytes beside its arrays")
    return Frame(structure, buffers)


def _pack(value, refer, buffers, state, depth):
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return value if -(1 << 63) <= value < 1 << 63 else _bigint(value, refer)
    if kind is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    state[0] += 1
    if depth > MAX_DEPTH:
        raise NotPlain("nested too deeply")
    if state[0] > MAX_NODES:
        raise WireError("a value of too many parts")
    if kind is np.ndarray:
        if value.dtype in _DTYPE_INDEX and value.dtype.isnative:
            return _array(value, buffers, state)
    elif kind is list:
        depth += 1
        return [v if type(v) in _ATOMS else _pack(v, refer, buffers, state, depth) for v in value]
    elif kind is tuple:
        return msgspec.msgpack.Ext(TUPLE, _nested(value, refer, buffers, state, depth))
    elif kind is dict:
        if all(type(key) in _KEYS for key in value):
            items = [part for pair in value.items() for part in pair]
            return msgspec.msgpack.Ext(MAP, _nested(items, refer, buffers, state, depth))
    elif kind is set:
        if all(type(item) in _KEYS for item in value):
            return msgspec.msgpack.Ext(SET, _nested(value, refer, buffers, state, depth))
    elif kind is complex:
        return msgspec.msgpack.Ext(COMPLEX, struct.pack("<dd", value.real, value.imag))
    elif kind in _SCALARS:
        return msgspec.msgpack.Ext(SCALAR, bytes([_SCALARS[kind]]) + value.tobytes())
    elif kind is Shared:
        return msgspec.msgpack.Ext(SHARED, value.name.encode())
    elif kind is Rng:
        return msgspec.msgpack.Ext(RNG, _encoder.encode(value.seed))
    elif kind is Callback:
        return msgspec.msgpack.Ext(CALLBACK, _encoder.encode(value.number))
    elif kind is Reference:
        return _reference(value)
    return _stand_in(value, refer)


def _nested(items, refer, buffers, state, depth):
    depth += 1
    return _encoder.encode([v if type(v) in _ATOMS else _pack(v, refer, buffers, state, depth) for v in items])


def _bigint(value, refer):
    size = value.bit_length() // 8 + 1
    if size > MAX_BIGINT:
        return _stand_in(value, refer)
    return msgspec.msgpack.Ext(BIGINT, value.to_bytes(size, "little", signed=True))


def _stand_in(value, refer):
    reference = refer(value) if refer is not None else None
    if reference is None:
        raise NotPlain(f"an object of class {type(value).__name__}")
    return _reference(reference)


def _reference(reference):
    return msgspec.msgpack.Ext(REMOTE, _encoder.encode(list(reference)))


def _array(value, buffers, state):
    state[1] += value.nbytes
    if state[1] > MAX_ARRAYS or len(buffers) >= MAX_BUFFERS:
        raise WireError(f"arrays of more than {MAX_ARRAYS >> 20} MB")
    if value.flags.c_contiguous:
        layout, data = C_ORDER, value
    elif value.flags.f_contiguous:
        layout, data = F_ORDER, value.T
    else:
        layout, data = STRIDED, np.ascontiguousarray(value)
    buffers.append(data.reshape(-1).view(np.uint8) if data.size else b"")
    header = [_DTYPE_INDEX[value.dtype], layout, len(buffers) - 1, *value.shape]
    return msgspec.msgpack.Ext(ARRAY, _encoder.encode(header))


def decode(frame: Frame, resolve: Callable[[Any], Any] | None = None, *, read_only: bool = True) -> Any:
    """The value of one message.

    resolve   : turns each Reference, Shared, Rng and Callback into what it stands for; without it they are refused
    read_only : whether arrays may not be written to
    raises    : WireError, and nothing else, whatever the bytes are
    """
    if len(frame.structure) > MAX_STRUCTURE:
        raise WireError("a structure that is too large")
    try:
        return _unpack(_decoder.decode(frame.structure), frame.buffers, resolve, read_only, 0, [0])
    except WireError:
        raise
    except (msgspec.DecodeError, ValueError, TypeError, OverflowError, RecursionError, MemoryError, struct.error) as e:
        raise WireError(f"not a message: {type(e).__name__}") from None


def _unpack(value, buffers, resolve, read_only, depth, seen):
    kind = type(value)
    if kind in _KEYS:
        return value
    seen[0] += 1
    if depth > MAX_DEPTH + 1 or seen[0] > MAX_NODES:
        raise WireError("nested too deeply, or in too many parts")
    if kind is list:
        depth += 1
        return [v if type(v) in _KEYS else _unpack(v, buffers, resolve, read_only, depth, seen) for v in value]
    if kind is not msgspec.msgpack.Ext:
        raise WireError(f"a {kind.__name__} has no place in a message")
    code, data = value.code, bytes(value.data)
    if code == ARRAY:
        return _read_array(_decoder.decode(data), buffers, read_only)
    if code == SCALAR:
        return _checked(np.frombuffer(data, _DTYPES[_index(data[0], _DTYPES)], offset=1), 1)[0]
    if code == COMPLEX:
        return complex(*struct.unpack("<dd", data))
    if code == BIGINT:
        if len(data) > MAX_BIGINT:
            raise WireError("an integer that is too large")
        return int.from_bytes(data, "little", signed=True)
    if code in (TUPLE, SET, MAP):
        items = _decoder.decode(data)
        if type(items) is not list:
            raise WireError("a container without items")
        items = [_unpack(item, buffers, resolve, read_only, depth + 1, seen) for item in items]
        if code == TUPLE:
            return tuple(items)
        keys = items if code == SET else items[::2]
        if any(type(key) not in _KEYS for key in keys):
            raise WireError("a key that cannot be one")
        return set(items) if code == SET else dict(zip(keys, items[1::2], strict=True))
    if resolve is None:
        raise WireError(f"type {code} has no place in this message")
    return resolve(_read_pointer(code, data))


def _read_pointer(code, data):
    """A Reference, Shared, Rng or Callback, with fields of the right types."""
    if code == SHARED:
        return Shared(data.decode())
    fields = _decoder.decode(data)
    if code == REMOTE and type(fields) is list and [type(f) for f in fields] == [int, str, str, bool]:
        return Reference(*fields)
    if code == RNG and type(fields) is int:
        return Rng(fields)
    if code == CALLBACK and type(fields) is int:
        return Callback(fields)
    raise WireError(f"type {code} has no place in a message")


def _index(number, items):
    if type(number) is not int or not 0 <= number < len(items):
        raise WireError("a number that points nowhere")
    return number


def _checked(array, size):
    if array.size != size:
        raise WireError("an array of another size than it says")
    # A bool that is neither 0 nor 1 would count as several.
    return array.view(np.uint8) != 0 if array.dtype == np.bool_ else array


def _read_array(header, buffers, read_only):
    if type(header) is not list or len(header) < 3 or any(type(n) is not int or n < 0 for n in header):
        raise WireError("an array without a header")
    dtype = _DTYPES[_index(header[0], _DTYPES)]
    layout, shape = header[1], header[3:]
    buffer = buffers[_index(header[2], buffers)]
    size = 1
    for length in shape:
        size *= length
    # Before NumPy sees it: a product of Python ints cannot overflow.
    if size * dtype.itemsize != memoryview(buffer).nbytes:
        raise WireError("an array of another size than it says")
    flat = _checked(np.frombuffer(buffer, dtype) if size else np.empty(0, dtype), size)
    if layout == F_ORDER:
        array = flat.reshape(shape[::-1]).T
    else:
        array = flat.reshape(shape)
    if layout == STRIDED and array.ndim:
        spread = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype)[..., ::2]
        spread[...] = array
        array = spread
    array.flags.writeable = not read_only
    return array


def header_of(frame: Frame) -> bytes:
    """What goes before a frame's bytes on a stream: the lengths of its parts."""
    if not frame.buffers:
        return HEADER.pack(len(frame.structure), 0)
    lengths = [memoryview(buffer).nbytes for buffer in frame.buffers]
    return HEADER.pack(len(frame.structure), len(lengths)) + struct.pack(f"<{len(lengths)}Q", *lengths)


def check_lengths(structure: int, lengths: list[int]) -> None:
    """Refuse a frame by its header, before memory is set aside for it."""
    if structure > MAX_STRUCTURE or len(lengths) > MAX_BUFFERS or sum(lengths) > MAX_ARRAYS:
        raise WireError("a message that is too large")
