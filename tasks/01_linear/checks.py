"""What stage 01 promises about Linear."""

import numpy as np

from grader.checking import ROUGH, expect_different_draws, expect_equal_draws, expect_spread


def check_linear_forward_adds_the_bias(student, case):
    """forward(x) is x @ W + b."""
    x, W, b = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3)
    linear = _layer(student, case, W, b)
    case.sizes(rows=5, inputs=4, units=3)
    case.expect(linear.forward(x), x @ W + b, "linear.forward(x)", should="x @ W + b", rtol=ROUGH)


def check_linear_backward_sums_dW_and_db(student, case):
    """backward(dout) sets dW and db to their gradients, summed over the batch."""
    x, W, b, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    linear = _layer(student, case, W, b)
    linear.forward(x)
    linear.backward(dout)
    case.sizes(rows=5, inputs=4, units=3)
    case.expect(
        linear.dW, x.T @ dout, "linear.dW", should="the sum over all rows n of x[n, i] * dout[n, k]", rtol=ROUGH
    )
    case.expect(linear.db, dout.sum(axis=0), "linear.db", should="the sum of dout over the rows", rtol=ROUGH)


def check_linear_backward_returns_dx(student, case):
    """backward(dout) returns the gradient of the input."""
    x, W, b, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    linear = _layer(student, case, W, b)
    linear.forward(x)
    case.sizes(rows=5, inputs=4, units=3)
    should = "the sum over all units k of dout[n, k] * W[i, k]"
    case.expect(linear.backward(dout), dout @ W.T, "linear.backward(dout)", should=should, rtol=ROUGH)


def check_linear_starts_from_zeros(student, case):
    """A new layer has W of shape (in, out), and zeros for b, dW and db."""
    linear = student.layers.Linear(4, 3, student.rng(case.seed))
    case.expect_shape(linear.W, (4, 3), "linear.W")
    for name, shape in (("b", (3,)), ("dW", (4, 3)), ("db", (3,))):
        case.expect(getattr(linear, name), np.zeros(shape), f"linear.{name}", should=f"zeros of shape {shape}")


def check_linear_draws_he_weights(student, case):
    """W starts random around 0, with standard deviation sqrt(2 / in_features)."""
    for inputs, outputs in ((400, 300), (50, 800)):
        W, what = student.layers.Linear(inputs, outputs, student.rng(case.seed)).W, f"W of Linear({inputs}, {outputs})"
        case.expect_shape(W, (inputs, outputs), what)
        expect_spread(W, np.sqrt(2 / inputs), what)


def check_linear_draws_from_rng(student, case):
    """All random numbers come from the rng that is handed over: one seed, one W."""
    first, again, other = (student.layers.Linear(4, 3, student.rng(case.seed + i)).W for i in (0, 0, 1))
    expect_equal_draws(first, again, "W", "the same seed twice")
    expect_different_draws(first, other, "W", "two different seeds")
    rng = student.rng.keep(case.seed)
    one, two = student.layers.Linear(4, 3, rng).W, student.layers.Linear(4, 3, rng).W
    expect_different_draws(one, two, "W", "one rng for two layers, one after the other")


def check_linear_takes_any_batch(student, case):
    """forward and backward work for one row, for a square layer, and however x lies in memory."""
    for rows, inputs, units in ((1, 4, 3), (4, 4, 4), (7, 2, 1)):
        x, W, b = case.normal("x", inputs, rows).T, case.normal("W", inputs, units), case.normal("b", units)
        dout, size = case.normal("dout", units, rows).T, f", {rows} row{'s'[: rows > 1]}, Linear({inputs}, {units})"
        linear = _layer(student, case, W, b)
        case.sizes(rows=rows, inputs=inputs, units=units)
        case.expect(linear.forward(x), x @ W + b, f"linear.forward(x){size}", should="x @ W + b", rtol=ROUGH)
        case.expect(linear.backward(dout), dout @ W.T, f"linear.backward(dout){size}", rtol=ROUGH)
        case.expect(linear.dW, x.T @ dout, f"linear.dW{size}", rtol=ROUGH)
        case.expect(linear.db, dout.sum(axis=0), f"linear.db{size}", rtol=ROUGH)


def check_linear_backward_is_about_the_last_forward(student, case):
    """The gradients are those of this layer's last forward alone: nothing is left from earlier calls."""
    W, b, W_new = case.normal("W", 4, 3), case.normal("b", 3), case.normal("W_new", 4, 3)
    linear, other = _layer(student, case, W, b), _layer(student, case, W, b)
    x, dout, x_last, dout_last = (case.normal(*args) for args in _TWO_BATCHES)
    linear.forward(x)
    case.remember("the dW of the earlier batch", x.T @ dout)
    case.remember("the db of the earlier batch", dout.sum(axis=0))
    case.remember("the dx with the W of before", dout_last @ W.T)
    linear.backward(dout)
    student.fill(linear, "W", W_new)
    linear.forward(x_last)
    other.forward(x)
    case.expect(linear.backward(dout_last), dout_last @ W_new.T, "the second backward", rtol=ROUGH)
    case.expect(linear.dW, x_last.T @ dout_last, "linear.dW after the second backward", rtol=ROUGH)
    case.expect(linear.db, dout_last.sum(axis=0), "linear.db after the second backward", rtol=ROUGH)


def check_linear_leaves_its_inputs_alone(student, case):
    """forward and backward change neither x nor W nor b, nor a result handed out before."""
    x, W, b, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    linear, held = _layer(student, case, W, b), student.put(x)
    result = linear.forward.keep(held)
    linear.forward(case.normal("x_next", 5, 4))
    case.expect_unchanged(x @ W + b, student.fetch(result), "the first result", atol=1e-5)
    linear.forward(held)
    linear.backward(dout)
    case.expect_unchanged(x, student.fetch(held), "x")
    case.expect_unchanged(W, linear.W, "linear.W")
    case.expect_unchanged(b, linear.b, "linear.b")


def check_linear_works_in_float64(student, case):
    """Parameters, results and gradients keep all digits of float64, whatever their size."""
    x, W, b = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3)
    linear = _layer(student, case, W, b)
    case.expect(linear.W, W, "linear.W", dtype=np.float64)
    case.expect(linear.forward(x), x @ W + b, "linear.forward(x)", dtype=np.float64)
    for size in (1e-8, 1.0, 1e6):
        dout = case.normal("dout", 5, 3, scale=size)
        case.expect(linear.backward(dout), dout @ W.T, "linear.backward(dout)", dtype=np.float64)
        case.expect(linear.dW, x.T @ dout, "linear.dW", dtype=np.float64)
        case.expect(linear.db, dout.sum(axis=0), "linear.db", dtype=np.float64)


_TWO_BATCHES = (("x", 5, 4), ("dout", 5, 3), ("x_last", 3, 4), ("dout_last", 3, 3))


def _layer(student, case, W, b):
    """A Linear whose parameters have been overwritten in place."""
    linear = student.layers.Linear(*W.shape, student.rng(case.seed))
    student.fill(linear, "W", W)
    student.fill(linear, "b", b)
    return linear
