"""Two values -> a verdict in words: the order of the steps, what the numbers show, and no guesses."""

import numpy as np
import pytest

from grader.checks.compare import Unmet, compare
from grader.checks.difference import Mismatch, first_shown, words
from grader.checks.patterns import NUMBERS, SHAPES
from tests.wording import banned_words

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5], [-2.5, 1.0, 3.5], [0.25, -0.75, 1.75], [4.0, -3.0, 0.125]])
B = np.array([0.3, -0.7, 1.1])
WANT = X @ np.array([[1.0, 0.5, -0.25], [0.75, -1.5, 2.0], [-0.5, 1.25, 0.375]]) + B
SIZES = {"rows": 5, "units": 3}


def verdict(given, expected=WANT, **options) -> Unmet:
    problem = compare(given, expected, options.pop("what", "f(x)"), counts=SIZES, named={"x": X, "b": B}, **options)
    assert problem is not None
    for text in (problem.should, problem.gave, problem.looks_like, problem.message):
        assert not banned_words(text)
        assert not text or text.rstrip().endswith((".", "?")), text
    return problem


@pytest.mark.parametrize(
    "given",
    [WANT, WANT * (1 + 5e-11), np.asfortranarray(WANT), WANT.astype(np.longdouble)],
    ids=["equal", "within rtol", "fortran order", "longdouble"],
)
def test_right_answers_pass(given):
    assert compare(given, WANT, "f(x)") is None


@pytest.mark.parametrize("given", [2.5, np.float64(2.5), np.array(2.5), np.float32(2.5)])
def test_one_number_may_be_a_float_or_any_numpy_float(given):
    assert compare(given, 2.5, "loss") is None


@pytest.mark.parametrize("expected", [np.inf, np.array([1.0, np.inf, -2.0])])
def test_nothing_equals_an_infinity_that_comes_from_a_submission(expected):
    """Expected values may be its own, such as the curves of its train; of inf every number is as far away as may be."""
    given = np.zeros_like(expected) if np.ndim(expected) else 1.0
    with np.errstate(all="ignore"):
        assert verdict(given, expected).kind == "values"


def test_a_whole_number_is_fine_where_one_number_is_expected():
    assert compare(0, 0.0, "relative_error(a, b)") is None


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (None, "missing", "returned None"),
        ("text", "type", "a text"),
        ((WANT, B), "type", "Its first item is the expected result."),
        ([[1.0]], "type", "a list of 1 item"),
        (True, "type", "returned True"),
        (WANT[0], "shape", "an array of shape (3,); it should be (5, 3)"),
        (WANT.T, "shape", "It is transposed."),
        (np.ones((3, 5)), "shape", "Rows and columns are swapped."),
        (WANT.ravel(), "shape", "The values are right, but in a different shape."),
        (WANT.sum(axis=0), "shape", "the sum over axis 0"),
        (WANT.mean(axis=1), "shape", "the mean over axis 1"),
        (WANT.sum(), "shape", "the sum of all entries"),
        (WANT.astype(complex), "dtype", "complex numbers"),
        (WANT.astype(object), "dtype", "Python objects"),
        (WANT.astype(int), "dtype", "Whole numbers lose"),
        (np.full_like(WANT, np.nan), "not finite", "nan everywhere"),
        (np.where(np.arange(5)[:, None] == 1, np.inf, WANT), "not finite", "inf throughout row 1"),
    ],
)
def test_the_first_step_that_does_not_fit_is_named(given, kind, said):
    problem = verdict(given)
    assert problem.kind == kind
    assert said in problem.message


def test_missing_comes_before_shape_and_shape_before_nan():
    assert verdict(None).kind == "missing"
    assert verdict(np.full((2, 2), np.nan)).kind == "shape"
    assert verdict(np.full((5, 3), np.nan, dtype=object)).kind == "dtype"


#: What a learner may have returned for WANT, and the patterns that hold, the first of them being told.
SHOWN = [
    (WANT * 5, "not divided by a size, any factor"),
    (WANT / 5, "divided by a size twice, any factor"),
    (WANT * 3 / 5, "two sizes, any factor"),
    (WANT / 15, "two sizes, any factor"),
    (WANT * 5 / 64, "another batch, any factor"),
    (WANT * 2, "a constant, any factor"),
    (WANT * np.log(2), "a constant, any factor"),
    (-WANT, "opposite signs, any factor, some signs"),
    (WANT * -2, "a constant, any factor"),
    (WANT * 1.37, "any factor"),
    (WANT * 0, "zeros, one number, one number a row, one row, zeros where it differs"),
    (WANT * 0 + 4, "one number, one number a row, one row"),
    (np.broadcast_to(WANT.sum(axis=0), WANT.shape), "one row"),
    (np.broadcast_to(WANT[:, :1], WANT.shape), "one number a row, one line right"),
    (WANT - B, "an input apart"),
    (WANT - 2 * B, "an input apart"),
    (WANT + B, "an input apart"),
    (WANT + 1.5, "an offset"),
    (WANT - 1.5, "an offset"),
    (X, "an input"),
    (np.abs(WANT), "no signs, some signs"),
    (np.copysign(WANT, WANT[::-1]), "some signs"),
    (np.maximum(WANT, 0), "cut off at zero, zeros where it differs"),
    (np.minimum(WANT, 1.0), "cut off"),
    (WANT[::-1], "reverse order, rows in another order, other places, one line right"),
    (np.roll(WANT, 1, axis=0), "rows one down, rows in another order, other places"),
    (np.roll(WANT, -1, axis=0), "rows one up, rows in another order, other places"),
    (WANT[[2, 0, 1, 4, 3]], "rows in another order, other places"),
    (WANT[:, [1, 0, 2]], "columns in another order, other places, one line right"),
    (np.sort(WANT, axis=None).reshape(WANT.shape), "other places"),
    (np.round(WANT, 2), "rounded"),
    (
        WANT.astype(np.float32),
        "float32, few digits, an offset, some signs, rows in another order, columns in another order, other places",
    ),
    (WANT * (1 + 1e-6 * np.sin(X)), "few digits"),
    (np.where(np.arange(5)[:, None] == 4, 0, WANT), "few lines of zeros, zeros where it differs"),
    (np.where(np.arange(3) == 1, 9.5, WANT), "few lines"),
    (np.where(np.arange(3) == 1, WANT, 9.5), "one line right"),
    (np.where(np.arange(15).reshape(5, 3) == 7, 9.5, WANT), "one entry"),
    (np.where(np.arange(15).reshape(5, 3) % 4 == 0, 0, WANT), "zeros where it differs"),
]


@pytest.mark.parametrize(("given", "names"), SHOWN)
def test_what_the_numbers_show(given, names):
    mismatch = Mismatch(given, WANT, SIZES, {"x": X, "b": B})
    hold = [p for p in NUMBERS if p.test(mismatch)]
    assert ", ".join(p.name for p in hold) == names
    assert len(hold) == 1 or words()[hold[0].name]["place"], "where the order decides, the reason stands there"
    assert verdict(given).looks_like == first_shown(hold[:1], mismatch)


def test_every_pattern_has_been_shown():
    """The others are shown below: of one number, of squares, of left-overs, of equal sizes."""
    others = {"left over", "a floor", "reversed sign", "two equal sizes", "transpose"}
    assert {p.name for p in NUMBERS} == others | {names.partition(",")[0] for _, names in SHOWN}
    assert len({p.name for p in (*NUMBERS, *SHAPES)}) == len(NUMBERS) + len(SHAPES)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (WANT * 5, "Every entry is exactly 5 times what it should be, and the batch has 5 rows: a division by that number is missing."),
        (WANT / 5,
         "Every entry is exactly 1/5 of what it should be, and the batch has 5 rows: it is divided by that number once too often."),
        (WANT * 5 / 64, "Every entry is exactly 5/64 of what it should be, and the batch has 5 rows, not 64."),
        (WANT / -np.log(2), "Every entry is exactly 1/ln 2 times what it should be, with the opposite sign."),
        (WANT - 2 * B, "The difference is exactly b in every row: b has the opposite sign."),
        (np.maximum(WANT, 0), "Entries that should be negative are 0; the rest is right."),
        (np.where(np.arange(5)[:, None] > 2, 0, WANT), "Rows 3 and 4 contain only zeros."),
        (np.where(np.arange(3) == 1, 9.5, WANT), "Only column 1 of 3 differs."),
    ],
)  # fmt: skip
def test_the_blanks_of_a_sentence_are_filled(given, said):
    assert verdict(given).looks_like == said


def test_a_square_may_be_transposed():
    square = WANT[:3]
    assert verdict(square.T, square).looks_like == "It is the transpose of the expected array."


def test_one_number_has_no_entries():
    assert verdict(-2.5, 2.5, what="loss").looks_like == "The sign is reversed."
    assert verdict(5.0, 2.5, what="loss").looks_like == "It is exactly twice what it should be."


def test_the_worst_entry_and_the_number_of_entries_are_told():
    given = WANT.copy()
    given[2, 1] += 0.5
    given[4, 0] -= 3.0
    assert f"f(x)[4, 0] is {given[4, 0]:.4g}; it should be {WANT[4, 0]:.4g}. 2 of 15 entries differ" in verdict(given).gave


def test_numbers_that_look_alike_get_more_digits():
    assert verdict(2.3000001, 2.3, what="loss").gave == "loss is 2.3000001; it should be 2.3."


def test_leftovers_of_an_earlier_call_are_recognised():
    earlier = {"the dW of the batch before": X.T @ X}
    want = X.T @ (X + 1)
    assert "It is the dW of the batch before." in verdict(X.T @ X, want, earlier=earlier).looks_like
    assert "added to, not replaced" in verdict(want + X.T @ X, want, earlier=earlier).looks_like


def test_a_floor_under_the_log_is_recognised():
    assert "-ln(1e-12)" in verdict(-np.log(1e-12), 300.0, what="loss").looks_like
    assert "-ln" not in verdict(27.5, 300.0, what="loss").looks_like


def test_two_equal_sizes_are_both_named_and_no_cause_is_given():
    problem = compare(WANT * 5, WANT, "f(x)", counts={"rows": 5, "classes": 5})
    assert problem is not None
    assert "5 rows, and there are 5 classes" in problem.looks_like
    assert "missing" not in problem.looks_like


def test_unrelated_numbers_are_given_no_meaning():
    rng = np.random.default_rng(0)
    for _ in range(300):
        given, want = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
        assert verdict(given, want).looks_like == ""
    for _ in range(300):
        assert verdict(float(rng.normal()), float(rng.normal()), what="loss").looks_like == ""


def test_a_dtype_that_is_asked_for_is_demanded():
    assert compare(WANT.astype(np.float32), WANT, "f(x)", rtol=1e-5) is None
    problem = verdict(WANT.astype(np.float32), dtype=np.float64, rtol=1e-5)
    assert problem.kind == "dtype"
    assert "float32" in problem.gave


def test_a_nan_never_passes():
    for value in (np.nan, np.inf, -np.inf):
        given = WANT.copy()
        given[0, 0] = value
        assert compare(given, WANT, "f(x)", rtol=np.inf, atol=np.inf) is not None


def test_a_shape_that_means_something_is_explained():
    problem = verdict(WANT[:, 0], layout="one row per example, one column per unit")
    assert "it should be (5, 3): one row per example, one column per unit." in problem.message
