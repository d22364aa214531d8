"""What stage 02 checks about ReLU."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, Unmet, number


def check_relu_forward_zeroes_what_is_negative(student, case):
    """forward(x) is 0 where x is negative, and x elsewhere."""
    x = case.normal("x", 5, 4, scale=2.0)
    x.flat[3:7] = -3.0, 0.5, 5.0, 10.0
    case.sizes(rows=5)
    result = student.layers.ReLU().forward(x)
    try:
        case.expect(result, np.maximum(x, 0), "relu.forward(x)", should="the larger of 0 and x", rtol=FLOAT32_RTOL)
    except Unmet as unmet:
        if unmet.kind == "values" and np.any(result):
            unmet.looks_like = unmet.looks_like or _curve_shows(x[result != 0], result[result != 0])
        raise


def _curve_shows(x, y):
    """Which straight line the entries that are not 0 lie on, if it goes through 0 or has slope 1."""
    if np.ptp(y - x) <= 1e-6:
        c = np.mean(y - x)
        return (
            f"Where it is not 0, it is x {'plus' if c > 0 else 'minus'} {number(abs(c), 4)}."
            if abs(c) > 1e-6
            else "It is x or 0."
        )
    return f"Where it is not 0, it is {number(np.mean(y / x), 4)} times x." if np.ptp(y / x) <= 1e-6 else ""


def check_relu_backward_passes_where_x_was_positive(student, case):
    """backward(dout) is dout where x was above 0, and 0 elsewhere."""
    x, dout = case.normal("x", 5, 4, scale=2.0), case.normal("dout", 5, 4)
    x[:, 0], x[3], x[4, 1:] = -np.abs(x[:, 0]), -np.abs(x[3]), np.abs(x[4, 1:])
    x.flat[5:8], dout.flat[4:8] = (5.0, 10.0, -0.5), (-2.0, -1.5, 0.25, 0.5)
    case.sizes(rows=5)
    relu = student.layers.ReLU()
    relu.forward(x)
    should, back = "dout where x was above 0, and 0 elsewhere", relu.backward(dout)
    try:
        case.expect(back, dout * (x > 0), "relu.backward(dout)", should=should, rtol=FLOAT32_RTOL)
    except Unmet as unmet:
        if unmet.kind == "values":
            found, counted = _gate_shows(x, dout, back)
            unmet.looks_like = found or unmet.looks_like or counted
        raise


def _gate_shows(x, dout, back):
    """Where the gradient passes and where it stops, if it does nothing else: a rule, and how many entries are off."""
    passes, stops = np.isclose(back, dout, 1e-5), back == 0
    if not np.all(passes | stops) or not (passes.any() and stops.any()):
        return "", ""
    late, early = stops & (x > 0), passes & (x <= 0)
    for axis, name in ((1, "row"), (0, "column")):
        if np.all(passes.all(axis=axis) | stops.all(axis=axis)):
            return f"Each {name} of dout passes or stops as a whole.", ""
    if not early.any() and (passes & (x > 0)).any() and np.max(x[late]) < np.min(x[passes]):
        largest, least = number(np.max(x[late]), 4), number(np.min(x[passes]), 4)
        return f"The gradient is 0 where x is above 0 and up to {largest}; where x is {least} or more, it passes.", ""
    passing, stopping = np.count_nonzero(early), np.count_nonzero(late)
    return "", f"Every entry is that of dout or 0: {passing} pass where x is not above 0, and {stopping} stop where it is."


def check_relu_passes_no_gradient_at_zero(student, case):
    """The derivative is 0 at exactly 0, and 1 directly above it."""
    x = case.given("x", np.array([[0.0, -0.0, 1e-12, -1e-12, 1e-4, 0.0]]))
    dout = case.normal("dout", 1, 6)
    relu = student.layers.ReLU()
    relu.forward(x)
    should, back = "0 where x is 0, and dout where x is above 0, however little", relu.backward(dout)
    why = "At x = 0 a quotient such as x / abs(x) is 0 / 0."
    case.expect(back, dout * (x > 0), "relu.backward(dout)", should=should, rtol=FLOAT32_RTOL, not_finite=why)


def check_relu_backward_is_about_the_last_forward(student, case):
    """Each ReLU uses its own latest forward, and nothing from earlier calls."""
    x, x_last, dout = case.normal("x", 4, 3), case.normal("x_last", 4, 3), case.normal("dout", 4, 3)
    x_last[x_last * x < 0] *= -1  # the same signs as x ...
    x_last[::2] *= -1  # ... but in every other row
    wide, dout_wide = case.normal("wide", 2, 5), case.normal("dout_wide", 2, 5)
    relu, other = student.layers.ReLU(), student.layers.ReLU()
    relu.forward(x)
    relu.backward(dout)
    case.remember("the gradient for the x of the previous forward", dout * (x > 0))
    relu.forward(x_last)
    other.forward(x)
    should = "dout where the x of this object's last forward was above 0"
    case.expect(relu.backward(dout), dout * (x_last > 0), "relu.backward(dout)", should=should, rtol=FLOAT32_RTOL)
    relu.forward(wide)
    case.expect(relu.backward(dout_wide), dout_wide * (wide > 0), "relu.backward(dout_wide)", should=should, rtol=FLOAT32_RTOL)


def check_relu_forward_returns_a_new_array(student, case):
    """forward returns a new array; neither forward nor backward changes x or an earlier result."""
    for x in (case.normal("x", 5, 4), case.uniform("positive", 5, 4, low=0.1, high=2.0)):
        case.start_new_example(student)
        relu, held = student.layers.ReLU(), student.put(x)
        result = relu.forward.keep(held)
        case.expect_unchanged(x, student.fetch(held), "x")
        gave = "The result of forward shares its memory with x: changing one changes the other."
        case.require(not student.same_memory(result, held), "The result should be a new array.", gave)
        relu.forward(case.normal("x_next", 5, 4))
        what = "The first result, after the next forward,"
        case.expect(student.fetch(result), np.maximum(x, 0), what, rtol=FLOAT32_RTOL)
        result = relu.forward.keep(held)
        relu.backward(case.normal("dout", 5, 4))
        case.expect_unchanged(x, student.fetch(held), "x")
        what = "The result of forward, after backward,"
        case.expect(student.fetch(result), np.maximum(x, 0), what, rtol=FLOAT32_RTOL)


def check_relu_takes_any_shape(student, case):
    """forward and backward keep shape and precision: one row, one dimension, three, a view, float32."""
    shapes = ((1, 4), (6,), (2, 3, 4), (4, 4), tuple(case.rng.integers(2, 9, 2).tolist()))
    for shape, dtype in zip(shapes, ("f8", "f8", "f8", "f4", "f8")):
        x, dout = case.normal("x", *shape[::-1], dtype=dtype).T, case.normal("dout", *shape[::-1]).T
        x[(0,) * len(shape)] = 1e-12
        case.start_new_example(student)
        relu, of = student.layers.ReLU(), f"for x of shape {shape}"
        case.expect(relu.forward(x), np.maximum(x, 0), f"relu.forward(x) {of}", should="the larger of 0 and x", atol=0)
        case.expect(relu.backward(dout), dout * (x > 0), f"relu.backward(dout) {of}", should="dout where x > 0", atol=0)


def explain_memory(student, case, failed):
    """Whether backward is about another input, or a result changes later: for each failed check that this explains."""
    from ..toolbox import memory  # only where something failed

    inputs, dout, told = [case.normal(f"x_{k}", 5, 4) for k in range(3)], case.normal("dout", 5, 4), {}
    if (check := "check_relu_backward_is_about_the_last_forward") in failed:
        name = memory.of_backward(
            make=student.layers.ReLU,
            forward=lambda relu, k: relu.forward(inputs[k]),
            back=lambda relu: relu.backward(dout),
            right=[dout * (x > 0) for x in inputs],
            names=["makes_its_mask_once", "shares_its_mask"],
        )
        told |= {check: (name,)} if name else {}
    if (check := "check_relu_forward_returns_a_new_array") in failed:
        told |= {check: ("reuses_its_result",)} if memory.reuses_its_result(student, student.layers.ReLU(), *inputs[:2]) else {}
    return told
