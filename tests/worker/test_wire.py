"""The encoding: what goes in comes out with its exact type, and whatever bytes arrive, nothing but WireError is raised."""

import tracemalloc

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.worker import bounds, stream, wire

DTYPES = st.sampled_from(
    [np.dtype(code) for code in ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]]
)
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
KEYS = st.text(max_size=5) | st.integers(-(1 << 63), (1 << 63) - 1) | st.booleans()
VALUES = st.recursive(
    ATOMS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.sets(KEYS, max_size=4)
    ),
    max_leaves=12,
)


def same(a, b):
    """Equal in value and, all the way down, in type."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)


def there_and_back(value, **options):
    return wire.decode(wire.encode(value), **options)


@given(VALUES.filter(lambda value: "\ud800" not in repr(value)))
@settings(max_examples=150, deadline=None)
def test_plain_values_come_back_as_they_were(value):
    assert same(there_and_back(value), value)


def test_a_string_of_numpys_is_a_string():
    word = there_and_back(np.array(["healthy"])[0])
    assert (type(word), word) == (str, "healthy")


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.int8, np.bool_, np.complex64, np.float16])
def test_numpy_scalars_keep_their_type(kind):
    back = there_and_back(kind(1))
    assert type(back) is kind
    assert back == 1


def test_layout_of_memory_is_kept():
    square = np.arange(12.0).reshape(3, 4)
    assert there_and_back(square).flags.c_contiguous
    assert there_and_back(square.T).flags.f_contiguous
    strided = there_and_back(square[:, ::2])
    assert not strided.flags.c_contiguous
    assert not strided.flags.f_contiguous
    assert np.array_equal(strided, square[:, ::2])
    assert np.array_equal(there_and_back(square[::-1]), square[::-1])


def test_arrays_are_read_only_for_the_grader_and_writable_for_the_worker():
    assert not there_and_back(np.ones(3)).flags.writeable
    frame = wire.encode(np.ones(3))
    received = wire.Frame(frame.structure, [np.array(buffer) for buffer in frame.buffers])
    assert wire.decode(received, read_only=False).flags.writeable


class Sly(list):
    pass


@pytest.mark.parametrize(
    "value",
    [
        Sly(),
        np.ma.array([1]),
        np.ones((2, 2)).view(np.matrix),
        np.array([None]),
        np.array(["a"]),
        object(),
        frozenset(),
        np.ones(2, ">f8"),
        {(1, 2): 3},
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_types_are_not_plain(value):
    with pytest.raises(wire.NotPlain):
        wire.encode(value)


def test_an_array_of_a_class_of_ones_own_is_an_array():
    class Parameter(np.ndarray):
        def __getattribute__(self, name):
            raise AssertionError(name)

    back = there_and_back([np.arange(6.0).reshape(2, 3).T.view(Parameter)])
    assert type(back[0]) is np.ndarray
    assert back[0].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]


def test_a_reference_stands_for_what_is_not_plain():
    frame = wire.encode([object(), 1], lambda value: wire.Reference(7, type(value).__name__, "m", False))
    assert wire.decode(frame, lambda pointer: pointer) == [wire.Reference(7, "object", "m", False), 1]
    with pytest.raises(wire.WireError):
        wire.decode(frame)


def test_what_holds_itself_or_is_too_deep_is_refused():
    circle = []
    circle.append(circle)
    with pytest.raises(wire.NotPlain):
        wire.encode(circle)
    doubled = []
    for _ in range(40):
        doubled = [doubled, doubled]
    with pytest.raises(wire.WireError):
        wire.encode(doubled)


def test_what_is_too_large_is_refused():
    with pytest.raises(wire.WireError):
        wire.encode(["x" * 100_000] * 11)
    with pytest.raises(wire.WireError):
        wire.encode(np.empty(bounds.MAX_SENT // bounds.WEIGHT + 1, np.int8))
    with pytest.raises(wire.WireError):
        wire.decode(wire.Frame(b"\x90" * (bounds.MAX_STRUCTURE + 1), []))
    with pytest.raises(wire.WireError):
        stream.check_lengths(10, [100, 1], 100)
    with pytest.raises(wire.WireError):
        stream.check_lengths(bounds.MAX_STRUCTURE + 1, [], 100)


def ext(code, *fields):
    return msgspec.msgpack.Ext(code, msgspec.msgpack.encode(list(fields)))


def header(*fields):
    return wire.Frame(msgspec.msgpack.encode(ext(wire.ARRAY, *fields)), [b"12345678"])


@pytest.mark.parametrize(
    "fields",
    [
        (11, 0, 0, 1 << 40, 1 << 40),  # larger than any memory
        (11, 0, 0, 2),  # larger than its bytes
        (11, 0, 1, 1),  # a buffer that is not there
        (11, 0, -1, 1),
        (99, 0, 0, 1),
        (11, 0, 0, -1),
        (11, 0, 0, 1.0),
        (11,),
    ],
    ids=str,
)
def test_a_forged_array_is_refused(fields):
    with pytest.raises(wire.WireError):
        wire.decode(header(*fields))


def message(*parts, buffers=()):
    return wire.Frame(msgspec.msgpack.encode(list(parts)), list(buffers))


def read_arrays(headers, buffers, most=1 << 20):
    """The arrays of a message, or None if it is refused, and the bytes that reading it took."""
    frame = message(*(ext(wire.ARRAY, *fields) for fields in headers), buffers=buffers)
    tracemalloc.start()
    try:
        return wire.decode(frame, most=most), tracemalloc.get_traced_memory()[1]
    except wire.WireError:
        return None, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("layout", [wire.C_ORDER, wire.F_ORDER, wire.STRIDED])
def test_a_buffer_is_read_once(layout):
    two = [(11, layout, 0, 1000), (11, layout, 0, 1000)]
    assert read_arrays(two[:1], [bytes(8000)])[0] is not None
    assert read_arrays(two, [bytes(8000)])[0] is None
    empty = [(11, layout, 0, 0, 7)] * 2
    assert read_arrays(empty, [b""])[0] is None
    assert read_arrays([(11, layout, i, 0, 7) for i in range(2)], [b"", b""])[0] is not None


@pytest.mark.parametrize(
    ("layout", "code", "item"), [(wire.C_ORDER, 11, 8), (wire.STRIDED, 11, 8), (wire.STRIDED, 5, 1), (wire.C_ORDER, 0, 1)]
)
def test_what_arrays_take_is_bounded_however_many_are_sent(layout, code, item):
    """Ten, twenty and forty of them, of which the bound lets five through: no more memory is taken for the rest."""
    size, counted = 4000, 4000 * 8 * (2 if layout == wire.STRIDED else 1)
    most = 5 * counted
    taken = []
    for many in (5, 10, 20, 40):
        buffers = [bytes(size * item) for _ in range(many)]
        arrays, bytes_taken = read_arrays([(code, layout, i, size) for i in range(many)], buffers, most)
        assert (arrays is not None) == (many == 5)
        taken.append(bytes_taken)
    assert max(taken) < 1.5 * most + 20_000


def test_the_two_ends_count_arrays_alike():
    gaps, flags = np.ones((100, 20))[:, ::2], np.ones(1000, bool)
    for value, counted in ((gaps, 16_000), (flags, 8000), ([gaps, flags], 24_000)):
        frame = wire.encode(value, most=counted)
        wire.decode(frame, most=counted)
        with pytest.raises(wire.WireError):
            wire.encode(value, most=counted - 1)
        with pytest.raises(wire.WireError):
            wire.decode(frame, most=counted - 1)


@pytest.mark.parametrize("keyed", [set, dict.fromkeys], ids=["set", "dict"])
def test_whole_numbers_that_hash_alike_are_no_keys(keyed):
    alike = [k * ((1 << 61) - 1) for k in range(1, 40)]
    assert len(set(map(hash, alike))) == 1
    with pytest.raises(wire.NotPlain):
        wire.encode(keyed(alike))
    code = wire.SET if keyed is set else wire.MAP
    forged = [msgspec.msgpack.Ext(wire.BIGINT, k.to_bytes(16, "little")) for k in alike]
    items = forged if keyed is set else [part for k in forged for part in (k, None)]
    with pytest.raises(wire.WireError):
        wire.decode(message(ext(code, *items)))


@pytest.mark.parametrize("keyed", [set, dict.fromkeys], ids=["set", "dict"])
def test_keys_of_a_message_are_counted_together(keyed):
    value = [keyed(range(bounds.MAX_KEYS // 2)), keyed(range(bounds.MAX_KEYS // 2))]
    assert there_and_back(value) == value
    with pytest.raises(wire.WireError):
        wire.encode([*value, keyed([1])])
    code = wire.SET if keyed is set else wire.MAP
    many = ext(code, *range((1 + (code == wire.MAP)) * (bounds.MAX_KEYS + 1)))
    with pytest.raises(wire.WireError):
        wire.decode(message(many))


def test_objects_of_a_message_are_counted():
    def refer(value):
        return wire.Reference(1, type(value).__name__, "m", False)

    fits = [object()] * bounds.MAX_REFERENCES
    frame = wire.encode(fits, refer)
    assert len(wire.decode(frame, lambda pointer: pointer)) == len(fits)
    with pytest.raises(wire.WireError):
        wire.encode([*fits, object()], refer)
    met = []
    for many in (1, 2, 4):
        references = [ext(wire.REMOTE, 1, "", "", False)] * (many * (bounds.MAX_REFERENCES + 1))
        with pytest.raises(wire.WireError):
            wire.decode(message(*references), met.append)
    assert len(met) == 3 * bounds.MAX_REFERENCES


@pytest.mark.parametrize("code", range(wire.MAP + 2))
def test_a_type_without_content_raises_nothing_but_wire_errors(code):
    decode_or_refuse(wire.Frame(msgspec.msgpack.encode(msgspec.msgpack.Ext(code, b"")), []))


def test_a_bool_counts_once():
    forged = header(0, 0, 0, 8)
    assert wire.decode(forged).sum() == 8
    assert set(wire.decode(forged).view(np.uint8)) == {1}


def test_types_that_messagepack_has_and_we_do_not_are_refused():
    import datetime

    with pytest.raises(wire.WireError):
        wire.decode(wire.Frame(msgspec.msgpack.encode(datetime.datetime.now(datetime.UTC)), []))
    with pytest.raises(wire.WireError):
        wire.decode(wire.Frame(msgspec.msgpack.encode({"a": 1}), []))


@given(st.binary(max_size=200), st.lists(st.binary(max_size=32), max_size=3))
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_raise_nothing_but_wire_errors(structure, buffers):
    decode_or_refuse(wire.Frame(structure, buffers))


@given(VALUES, st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_messages_raise_nothing_but_wire_errors(value, data):
    try:
        frame = wire.encode(value)
    except wire.WireError:
        return
    structure = bytearray(frame.structure)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(structure) - 1))
        structure[position] = data.draw(st.integers(0, 255))
    decode_or_refuse(wire.Frame(bytes(structure), frame.buffers))


def decode_or_refuse(frame):
    try:
        value = wire.decode(frame, lambda pointer: pointer)
    except wire.WireError:
        return
    # What was let through is plain, or a pointer, through and through.
    plain = (type(None), bool, int, float, complex, str, bytes, list, tuple, set, dict, np.ndarray, np.generic)
    assert isinstance(value, plain)
