"""Digests find equal what is equal but for rounding, and nothing else."""

import numpy as np
import pytest

from grader.diagnosis.digests import LETTERS, Digest, digest
from grader.diagnosis.drawn_digests import ABSENT, CHANGES, MEETS, packed, unpacked
from grader.diagnosis.same_answers import same
from grader.worker.outside.transcript import ErrorInfo, Opaque

A = np.array([[1.0, -2.0], [3.0, 1e-3]])
#: Each of these differs from all others.
DIFFERENT = [
    *(A, A.T, A[None], 2 * A, A / 2, -A, A + 1e-5, A.astype(np.float32), A.astype(complex), A * 1j, A.tolist()),
    *(np.array([1.0, np.nan]), np.array([np.nan, 1.0]), np.array([np.inf, 1.0]), np.array([-np.inf, 1.0])),
    *(np.array([0.0, 1.0]), np.zeros(2), np.zeros((2, 0)), np.zeros((0, 2)), np.array([0, 1]), np.array([False, True])),
    *(0, 1, 2, 1.0, 2.0, 0.5, 1e-300, 5e-324, 1.7e308, 0.0, np.float32(1), 10**400, 10**400 + 1, True, False, None),
    *("", "a", "\ud800", b"a", [], [1.0], [1.0, 2.0], [[1.0], 2.0], {}, {"a": 1.0}, {"b": 1.0}, {1: 1.0}),
    *(Opaque("Linear"), ErrorInfo("StudentError", "ValueError", "x"), ErrorInfo("StudentError", "TypeError", "x")),
]  # fmt: skip
EQUAL = [
    (1.5, np.float64(1.5)),
    (3, np.int64(3)),
    ([A, 1.0], (A, np.float64(1.0))),
    ({"a": [1.0], "b": 2}, {"b": 2, "a": (1.0,)}),
    (np.array([1.0, 1e-17]), np.array([1.0, -3e-17])),
    (np.array([0.0, -0.0]), np.array([-0.0, 0.0])),
    (ErrorInfo("StudentError", "ValueError", "one"), ErrorInfo("StudentError", "ValueError", "other")),
    (Opaque("Linear"), Opaque("Dense")),
    (np.float32([1, 3]), np.float32([1 + 1e-6, 3])),
    (A, np.asfortranarray(A)),
]


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_what_is_the_same_has_equal_digests(a, b):
    assert same(a, b)
    assert digest(a).agrees(digest(b))


def test_what_differs_has_other_digests():
    found = [digest(value) for value in DIFFERENT]
    for k, one in enumerate(found):
        assert [j for j, other in enumerate(found) if one.agrees(other)] == [k], DIFFERENT[k]


def test_equality_is_that_of_the_values_themselves():
    """Among numbers that lie on the edges of a plain grid, too: multiples of its step, of its half, powers of two."""
    values = [*range(-8, 9), *(2.0**k for k in range(-20, 20)), *(k * 1e-6 for k in range(9)), 0.1, 1 / 3, 1e300]
    for a in values:
        arrays = np.array([1.0, a]), np.array([1.0, a * (1 + 1e-13)])
        assert digest(arrays[0]).agrees(digest(arrays[1]))
        assert digest(a).agrees(digest(float(a))) == isinstance(a, float)


@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_rounding_loses_nothing_and_a_hundred_thousandth_is_seen(size):
    rng = np.random.default_rng(size)
    for power in range(-300, 300, 13):
        array = rng.normal(size=size) * 10.0**power
        noisy = array * (1 + rng.uniform(-1e-13, 1e-13, size))
        assert digest(array).agrees(digest(noisy))
        off = array.copy()
        off[np.abs(array).argmax()] *= 1 + 1e-5
        assert not digest(array).agrees(digest(off))


def test_a_digest_says_no_more_than_it_must():
    text = str(digest(A))
    assert len(text) == 2 * LETTERS + 1
    assert Digest.read(text) == digest(A)
    assert len(str(digest("text"))) == LETTERS  # on both grids the same
    assert Digest.read(str(digest(1))) == digest(1)


def test_features_are_told_once_and_come_back():
    long = "a" * 80
    told = {"3.train[0]/value": "?", "3.train[1]/value": "AbC_-d,012345", "3.train[1]/spread": "~0.25", "constant": ABSENT}
    told |= {long: MEETS, f"{long}b": CHANGES, f"{long}c": "abcdef"}
    assert packed(told).startswith("03.train[0]/value|")
    assert unpacked(packed(told)) == told
    assert packed({}) == ""
    assert unpacked("") == {}
