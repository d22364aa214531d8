"""Scaled dot product attention, forward: the weights, their mask, and the mix of values."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL

from ..toolbox import closed_form

#: Batch, queries, keys, features of a query, features of a value.
SHAPES = ((2, 3, 4, 5, 6), (1, 4, 4, 4, 4), (3, 1, 5, 2, 1), (4, 2, 3, 9, 3))


def _drawn(case, B, T, S, D, E, scale=1.0):
    case.sizes(D=D, queries=T, keys=S)
    return case.normal("q", B, T, D, scale=scale), case.normal("k", B, S, D, scale=scale), case.normal("v", B, S, E)


def _masked(case, T, S):
    """A mask that hides keys of every query but leaves each of them one, and no two queries alike where that can be."""
    mask = case.rng.random((T, S)) < 0.6
    mask[np.arange(T), np.arange(T) % S] = True
    mask[np.arange(T), (np.arange(T) + 1) % S] = S == 1
    return case.given("mask", mask)


def check_weights_are_softmax_of_scaled_scores(student, case):
    """Without a mask, the weights are softmax(q @ k.T / sqrt(D)), for each query over the keys."""
    for shape in SHAPES:
        case.start_new_example(student)
        q, k, _ = _drawn(case, *shape)
        found = student.attention.attention_weights(q, k)
        expected = closed_form.weights(q, k)
        _keep_map(case, found, expected)
        case.expect(found, expected, "attention_weights(q, k)", should="softmax of q @ k.T / sqrt(D)", rtol=FLOAT32_RTOL)


def check_weights_of_each_query_sum_to_one(student, case):
    """The weights of each query are at least 0 and sum to exactly 1."""
    for shape in SHAPES:
        case.start_new_example(student)
        q, k, _ = _drawn(case, *shape)
        found = student.attention.attention_weights(q, k)
        case.expect(found, np.zeros((shape[0], *shape[1:3])), "attention_weights(q, k)", atol=np.inf)
        digits = 64 * np.finfo(found.dtype).eps
        case.expect(found.sum(axis=2), np.ones(shape[:2]), "The sum over the keys", should="1", rtol=digits)
        case.require((found >= 0).all(), "No weight is negative.", f"The smallest weight is {found.min():.4g}.")


def check_weights_respect_the_mask(student, case):
    """Where the mask is False the weight is exactly 0; the others are as if the hidden keys did not exist."""
    for shape in SHAPES:
        case.start_new_example(student)
        q, k, _ = _drawn(case, *shape)
        mask = _masked(case, *shape[1:3])
        found, expected = student.attention.attention_weights(q, k, mask), closed_form.weights(q, k, mask)
        _keep_map(case, found, expected)
        should = "0 where the mask is False, softmax over the other keys"
        case.expect(found, expected, "attention_weights(q, k, mask)", should=should, rtol=FLOAT32_RTOL)
        hidden = found[:, ~mask]
        gave = f"The largest weight where the mask is False is {hidden.max(initial=0.0):.3g}."
        case.require(not hidden.any(), "Where the mask is False, the weight should be exactly 0.", gave)


def check_weights_are_zero_without_any_key(student, case):
    """A query that may look nowhere gets only zeros, not nan, and changes no other query's weights."""
    q, k, _ = _drawn(case, 2, 4, 3, 5, 2)
    mask = case.given("mask", np.array([[True] * 3, [False] * 3, [True] * 3, [False] * 3]))
    found, expected = student.attention.attention_weights(q, k, mask), closed_form.weights(q, k, mask)
    why = "If every score of a row is minus infinity, so is the largest: -inf - (-inf) is nan, and so is 0 / 0."
    should = "0 in every row of the mask that is all False"
    case.expect(found, expected, "attention_weights(q, k, mask)", should=should, rtol=FLOAT32_RTOL, not_finite=why)


def check_weights_stay_finite_for_large_scores(student, case):
    """Scores of 1000 and -1000 give finite weights, with and without a mask, whatever the other queries' scores are."""
    q, k, _ = _drawn(case, 2, 3, 4, 5, 2)
    q[0, 0], q[1, 2] = 500.0 * np.sign(q[0, 0]), -2000.0 * k[1, 1]
    q = case.given("q", q)
    large = np.float64(k)
    large[0, 3] *= 1000.0
    k = case.given("k", large)
    mask = case.given("mask", np.array([[True, True, False, False], [False, True, True, False], [True, False, True, False]]))
    why = "The exp of a number above 709 is too large for a float."
    for name, chosen in (("attention_weights(q, k)", None), ("attention_weights(q, k, mask)", mask)):
        expected = closed_form.weights(q, k, chosen)
        found = student.attention.attention_weights(q, k, chosen)
        should = "softmax over the keys that a query may see"
        case.expect(found, expected, name, should=should, rtol=FLOAT32_RTOL, atol=1e-7, not_finite=why)


def check_attention_mixes_the_values(student, case):
    """forward(q, k, v) is your own attention_weights(q, k) @ v: one row per query, one column per feature of a value."""
    for shape in SHAPES:
        case.start_new_example(student)
        q, k, v = _drawn(case, *shape)
        weights = _own_weights(student, case, shape, q, k)
        case.expect(
            weights.sum(axis=2), np.ones(shape[:2]), "The sum of attention_weights(q, k) over the keys", rtol=FLOAT32_RTOL
        )
        what, should = "Attention().forward(q, k, v)", "attention_weights(q, k) @ v"
        case.expect(student.attention.Attention().forward(q, k, v), weights @ v, what, should=should, rtol=FLOAT32_RTOL)


def check_attention_uses_the_mask(student, case):
    """With a mask, forward(q, k, v, mask) mixes the values by your own attention_weights(q, k, mask)."""
    for shape in SHAPES[:3]:
        case.start_new_example(student)
        q, k, v = _drawn(case, *shape)
        mask = _masked(case, *shape[1:3])
        mix = _own_weights(student, case, shape, q, k, mask) @ v
        what, should = "Attention().forward(q, k, v, mask)", "attention_weights(q, k, mask) @ v"
        case.expect(student.attention.Attention().forward(q, k, v, mask), mix, what, should=should, rtol=FLOAT32_RTOL)


def check_attention_leaves_its_arguments_alone(student, case):
    """Neither q, k, v and the mask nor an earlier result change, and each call uses its own arguments."""
    layer = student.attention.Attention()
    given = [*_drawn(case, 2, 3, 4, 5, 6), case.given("mask", np.ones((3, 4), bool))]
    others = [*_drawn(case, 1, 2, 2, 3, 2), None]
    held = [student.put(array) for array in given]
    first = layer.forward.keep(*held)
    second = layer.forward(*others)
    weights = [student.attention.attention_weights(q, k, mask) for q, k, _, mask in (held, others)]
    for name, array, now in zip(("q", "k", "v", "mask"), given, held):
        case.expect_unchanged(array, student.fetch(now), name)
    mixed = [own @ v for own, (_, _, v, _) in zip(weights, (given, others))]
    case.expect(student.fetch(first), mixed[0], "The first result, after the next call,", rtol=FLOAT32_RTOL)
    case.expect(second, mixed[1], "The second result", should="that of its own q, k and v", rtol=FLOAT32_RTOL)


def _own_weights(student, case, shape, q, k, *mask):
    """What the learner's function gives, of the right shape: whether it is right, its own checks ask."""
    weights = student.attention.attention_weights(q, k, *mask)
    case.expect(weights, np.zeros(shape[:3]), f"attention_weights(q, k{', mask' if mask else ''})", atol=np.inf)
    return weights


def _keep_map(case, found, expected):
    """The weights of the first example, for the report's picture."""
    if isinstance(found, np.ndarray) and found.shape == expected.shape and found.dtype.kind == "f":
        case.evidence("weights", found[0])
        case.evidence("weights_expected", expected[0])
