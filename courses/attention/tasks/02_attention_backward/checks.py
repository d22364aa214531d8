"""The way back through attention: central differences, the mask, the closed form."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL

from ..toolbox import closed_form, networks

#: Batch, queries, keys, features of a query, features of a value.
SHAPES = ((2, 3, 4, 5, 2), (1, 3, 3, 3, 3), (3, 1, 2, 2, 4))
NAMES = ("dq", "dk", "dv")


def _went_back(student, case, shape, mask=None):
    """q, k, v, dout and what backward gave for them."""
    case.start_new_example(student)
    B, T, S, D, E = shape
    case.sizes(D=D, queries=T, keys=S)
    arrays = [case.normal("q", B, T, D), case.normal("k", B, S, D), case.normal("v", B, S, E)]
    dout = case.normal("dout", B, T, E)
    layer = student.attention.Attention()
    layer.forward(*arrays, mask)
    return arrays, dout, _three(student, case, layer.backward(dout))


def _three(student, case, found):
    """What backward returned, as three arrays."""
    arrays = student.take(found)
    should = "backward(dout) should return the three arrays dq, dk, dv."
    case.require(len(arrays) == 3, should, f"It returned {len(arrays)}.")
    return arrays


def _agree(case, arrays, mask, dout, found):
    """Each of the three gradients with the slopes of sum(dout * out)."""

    def loss():
        return float((dout * closed_form.attend(*arrays, mask)).sum())

    for array, gradient, name in zip(arrays, found, NAMES):
        case.expect_shape(gradient, array.shape, name)
    case.stored.clear()  # pictures of one example at a time
    for k in (2, 0, 1):  # dv first: it does not go through the softmax
        case.gradient_matches(found[k], networks.slopes_of_all(loss, arrays[k]), NAMES[k])


def check_attention_backward_agrees_with_central_differences(student, case):
    """backward(dout) returns (dq, dk, dv), and each agrees with central differences."""
    for shape in SHAPES:
        arrays, dout, found = _went_back(student, case, shape)
        _agree(case, arrays, None, dout, found)


def check_attention_backward_respects_the_mask(student, case):
    """With a mask the gradients agree, too: what no query sees gets 0, and so does a query that sees nothing."""
    for mask in (closed_form.causal(3), np.array([[True, False, True], [False, False, False], [True, False, False]])):
        mask = case.given("mask", mask)
        arrays, dout, found = _went_back(student, case, (2, 3, 3, 4, 2), mask)
        for gradient, name in zip(found, NAMES):
            finite = isinstance(gradient, np.ndarray) and np.isfinite(gradient).all()
            case.require(finite, f"{name} should be finite.", f"{name} contains nan or inf.")
        _agree(case, arrays, mask, dout, found)


def check_attention_backward_matches_closed_form(student, case):
    """The gradients are right to ten digits, also where the weights are nearly 0 or 1: they are no approximations."""
    for scale in (1.0, 4.0):
        case.start_new_example(student)
        arrays = [case.normal("q", 2, 4, 5, scale=scale), case.normal("k", 2, 3, 5, scale=scale), case.normal("v", 2, 3, 6)]
        dout = case.normal("dout", 2, 4, 6)
        layer = student.attention.Attention()
        layer.forward(*arrays)
        expected = closed_form.attend_back(*arrays, None, dout)
        for array, exact, name in zip(_three(student, case, layer.backward(dout)), expected, NAMES):
            case.expect(array, exact, name, rtol=1e-10, atol=1e-10 * np.abs(exact).max(), should="right to ten digits")


def check_attention_backward_belongs_to_the_last_forward(student, case):
    """backward is that of the last forward, the same when called again, and leaves q, k, v and dout alone."""
    layer = student.attention.Attention()
    first = [case.normal(name, 2, 3, 4) for name in ("q", "k", "v")]
    layer.forward(*first)
    layer.backward(case.normal("dout", 2, 3, 4))
    arrays = [case.normal("q", 1, 2, 4), case.normal("k", 1, 5, 4), case.normal("v", 1, 5, 3)]
    dout = case.normal("dout", 1, 2, 3)
    held, given = [student.put(array) for array in arrays], student.put(dout)
    layer.forward(*held)
    expected = closed_form.attend_back(*arrays, None, dout)
    for when in ("", " of the second call"):
        for array, exact, name in zip(_three(student, case, layer.backward(given)), expected, NAMES):
            case.expect(array, exact, f"{name}{when}", should="that of the last forward", rtol=FLOAT32_RTOL)
    for array, now, name in zip([*arrays, dout], [*held, given], ("q", "k", "v", "dout")):
        case.expect_unchanged(array, student.fetch(now), name)


def check_attention_backward_is_proportional_to_dout(student, case):
    """1000 times the dout gives 1000 times the gradients: nothing is averaged, added or cut off."""
    arrays = [case.normal("q", 2, 3, 4), case.normal("k", 2, 5, 4), case.normal("v", 2, 5, 3)]
    dout, layer = case.normal("dout", 2, 3, 3), student.attention.Attention()
    expected = closed_form.attend_back(*arrays, None, dout)
    for factor in (1e3, 1e-3):
        layer.forward(*arrays)
        found = _three(student, case, layer.backward(case.given("scaled", factor * dout, f"{factor:g} * dout")))
        for array, exact, name in zip(found, expected, NAMES):
            what, should = f"{name} for {factor:g} * dout", f"{factor:g} times as large"
            case.expect(array, factor * exact, what, should=should, rtol=FLOAT32_RTOL)
