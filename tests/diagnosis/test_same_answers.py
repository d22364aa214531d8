"""When two answers count as the same, and what of an answer does not depend on the draw."""

import numpy as np
import pytest

from grader.diagnosis.random_draws import agree, alike, features
from grader.diagnosis.same_answers import (
    ALL_OF_HISTORY,
    NO_HISTORY,
    VALIDATION_ONLY,
    answers,
    comparable,
    history_scope,
    same,
    same_answers,
)
from grader.worker.outside.transcript import ErrorInfo, Opaque, Step

A = np.array([[1.0, -2.0], [3.0, 1e-3]])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1.5, np.float64(1.5)),
        (3, np.int64(3)),
        (A, A * (1 + 1e-12)),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan])),
        (np.array([np.inf]), np.array([np.inf])),
        ([A, 1.0], (A, 1.0)),
        ({"a": [1.0]}, {"a": [1.0]}),
        (ErrorInfo("StudentError", "ValueError", "one"), ErrorInfo("StudentError", "ValueError", "other")),
        (Opaque("Linear"), Opaque("Dense")),
        (np.float32([1]), np.float32([1 + 1e-6])),
        (np.array([1.0, 1e-17]), np.array([1.0, 3e-17])),
        (np.zeros(3), np.zeros(3)),
        (np.zeros((0, 2)), np.zeros((0, 2))),
        (None, None),
    ],
)
def test_what_the_contract_leaves_free_is_the_same(a, b):
    assert same(a, b)
    assert same(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (A, A.T),
        (A, A.astype(np.float32)),
        (A, A[None]),
        (A, A * (1 + 1e-8)),
        (np.array([1.0, 1e-12]), np.array([1.0, 1e-13])),
        (np.array([1.0, np.nan]), np.array([np.nan, 1.0])),
        (np.array([np.inf]), np.array([-np.inf])),
        (1.0, None),
        (True, 1),
        (1.0, np.array([1.0])),
        (1.0, np.float32(1.0)),
        ([A], [A, A]),
        ({"a": 1}, {"b": 1}),
        ("1.0", 1.0),
        (ErrorInfo("StudentError", "ValueError", ""), ErrorInfo("StudentError", "TypeError", "")),
        (ErrorInfo("StudentError", "ValueError", ""), 1.0),
        (Opaque("Linear"), A),
    ],
)
def test_what_differs_is_not_the_same(a, b):
    assert not same(a, b)
    assert not same(b, a)


def _call(outcome):
    return Step("call", "data.minibatches", "minibatches(x, y)", [], outcome)


def test_a_generator_and_what_it_yields_are_one_answer():
    taken = Step("take", "generator", "list(batches)", [], [(A, 1)])
    assert same_answers(answers([_call(Opaque("generator")), taken]), answers([_call([(A, 1)])]))


def test_other_questions_are_other_answers():
    assert not same_answers(answers([_call(1.0)]), answers([_call(1.0), _call(1.0)]))
    assert not same_answers(answers([_call(1.0)]), answers([Step("call", "data.other", "other()", [], 1.0)]))


def _batches(order, x, y):
    return features(answers([_call([(x[rows], y[rows]) for rows in np.split(order, [2])])]))


def test_rows_and_pairs_do_not_depend_on_the_order():
    x, y = np.arange(12.0).reshape(4, 3), np.arange(4)
    one, two = _batches(np.array([2, 0, 3, 1]), x, y), _batches(np.array([1, 3, 0, 2]), x, y)
    broken = _batches(np.array([1, 3, 0, 2]), x, y[::-1])
    for name in ("0/first", "0/second", "0/together", "0/shapes"):
        assert alike(name, one[name], two[name])
    assert not alike("0/value", one["0/value"], two["0/value"])
    assert not alike("0/together", one["0/together"], broken["0/together"])
    assert alike("0/first", one["0/first"], broken["0/first"])


def test_a_spread_is_compared_as_a_spread():
    rng = np.random.default_rng(0)
    drawn = [features(answers([_call(scale * rng.standard_normal((80, 60)))])) for scale in (1.0, 1.0, 1.1)]
    assert alike("0/spread", drawn[0]["0/spread"], drawn[1]["0/spread"])
    assert not alike("0/spread", drawn[0]["0/spread"], drawn[2]["0/spread"])


def test_an_empty_batch_and_what_is_no_batch_have_features_too():
    empty = features(answers([_call([(np.ones((2, 3)), np.ones(2)), (np.ones((0, 3)), np.ones(0))])]))
    assert empty["0/first"].shape == (2, 3)
    assert "0/first" not in features(answers([_call([(Opaque("Linear"), None)])]))
    assert "0/first" not in features(answers([_call([(1.0, 2.0)])]))


@pytest.mark.parametrize(
    ("trains", "returned", "compared"),
    [
        (True, {"val_loss": [1.0]}, VALIDATION_ONLY),
        (True, [1.0], NO_HISTORY),
        (False, [1.0], ALL_OF_HISTORY),
        (False, {"val_loss": [1.0]}, ALL_OF_HISTORY),
    ],
)
def test_what_a_training_returns_is_free_only_where_the_course_says_which_function_trains(trains, returned, compared):
    given, other = (answers([Step("call", "fit.fit", "", outcome=o, trains=trains)]) for o in (returned, [2.0]))
    assert history_scope(given) == compared
    assert same_answers(comparable(given, compared), comparable(other, compared)) == (compared == NO_HISTORY)


def test_two_codes_that_never_draw_agree_only_in_the_same_numbers():
    """Both give the same from draw to draw, where the right code does not: that alone makes them no one mistake."""
    right = [{"result/value": np.array([k, 1.0])} for k in range(3)]
    first_rows, all_rows = ([{"result/value": np.array([k, 2.0])}] * 3 for k in (7.0, 8.0))
    assert agree(first_rows, first_rows, right)
    assert not agree(first_rows, all_rows, right)
    assert not agree(first_rows, right, right)
