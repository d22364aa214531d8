"""What stage 01 checks about Linear."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, StudentError

from ..toolbox import layers
from ..toolbox.layers import backward, expect_different_draws, expect_equal_draws, expect_spread, fill

LAYOUT = "one row per example, one column per unit"
DW = "the sum over the rows n of x[n, i] * dout[n, k]"
DB = "the sum of dout over the rows"
#: Mistakes in how W is drawn by which hardly any number comes twice.
SPREADS = (
    "draws_between_halves", "draws_positive_weights", "forgets_the_two", "leaves_the_count_outside_the_root",
    "leaves_the_two_outside_the_root", "leaves_the_weights_unscaled", "multiplies_by_the_count", "scales_by_a_fixed_number",
    "scales_by_the_outputs", "spreads_like_glorot", "spreads_like_pytorch", "takes_the_spread_for_uniform_bounds",
    "takes_the_variance_for_the_spread",
)  # fmt: skip
DX = "the sum over the units k of dout[n, k] * W[i, k]"


def check_linear_forward_adds_the_bias(student, case):
    """forward(x) is x @ W + b."""
    x, W, b = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3)
    linear = _layer(student, case, W, b)
    case.sizes(rows=5, inputs=4, units=3)
    case.remember("the result for a W that is reshaped where it should be transposed", x @ W.reshape(3, 4).T + b)
    for one, others in layers.without_one(x, W).items():
        case.remember(f"the result of all inputs but the {one}", others + b)
    for name, other in layers.scaled(x).items():
        case.remember(f"the result for {name}", (other @ W + b).astype(np.float32))
    case.expect(linear.forward(x), x @ W + b, "linear.forward(x)", should="x @ W + b", layout=LAYOUT, rtol=FLOAT32_RTOL)


def check_linear_backward_sums_dW_and_db(student, case):
    """backward(dout) sets dW and db to their gradients, summed over the batch."""
    x, W, b, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    linear = _layer(student, case, W, b)
    linear.forward(x)
    backward(student, linear, dout)
    case.sizes(rows=5, inputs=4, units=3)
    case.remember("dW for an x that is reshaped where it should be transposed", x.reshape(4, 5) @ dout)
    for one, others in layers.without_one(x.T, dout).items():
        case.remember(f"dW of all rows but the {one}", others)
    case.remember("dW for the magnitudes of dout", x.T @ np.abs(dout))
    case.remember("db of all rows but the first", dout[1:].sum(axis=0))
    case.remember("db of all rows but the last", dout[:-1].sum(axis=0))
    case.remember("the largest dout of each unit", dout.max(axis=0))
    case.remember("the sum of dout over the units, of the first three rows", dout.sum(axis=1)[:3])
    for name, other in layers.scaled(x).items():
        case.remember(f"dW for {name}", (other.T @ dout).astype(np.float32))
    case.expect(linear.dW, x.T @ dout, "linear.dW", should=DW, layout="the shape of W", rtol=FLOAT32_RTOL)
    case.expect(_vector(linear.db), dout.sum(axis=0), "linear.db", should=DB, layout="the shape of b", rtol=FLOAT32_RTOL)


def check_linear_backward_returns_dx(student, case):
    """backward(dout) returns the gradient of the input."""
    x, W, b, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    linear = _layer(student, case, W, b)
    linear.forward(x)
    case.sizes(rows=5, inputs=4, units=3)
    dx = linear.backward(dout)
    case.remember("the result for a W that is reshaped where it should be transposed", dout @ W.reshape(3, 4))
    case.remember("the result for dout + b", (dout + b) @ W.T)
    case.remember("the result for dW in the place of W", dout @ (x.T @ dout).T)
    for one, others in layers.without_one(dout, W.T).items():
        case.remember(f"the result of all units but the {one}", others)
    case.remember("the result for the magnitudes of dout", np.abs(dout) @ W.T)
    case.expect(dx, dout @ W.T, "linear.backward(dout)", should=DX, layout="the shape of x", rtol=FLOAT32_RTOL)


def check_linear_starts_from_zeros(student, case):
    """A new layer has W of shape (in, out), and zeros in b, dW and db."""
    linear = _new_layer(student, case, 4, 3, student.rng(case.seed), "W", "b", "dW", "db")
    case.expect_shape(linear.W, (4, 3), "linear.W")
    for name, shape in (("b", (3,)), ("dW", (4, 3)), ("db", (3,))):
        case.expect(getattr(linear, name), np.zeros(shape), f"linear.{name}", should=f"zeros of shape {shape}")


def check_linear_draws_he_weights(student, case):
    """W is random around 0, with standard deviation sqrt(2 / in_features)."""
    for inputs, outputs in ((400, 300), (50, 800)):
        case.start_new_example(student)
        linear = _new_layer(student, case, inputs, outputs, student.rng(case.seed), "W")
        W, what = linear.W, f"W of Linear({inputs}, {outputs})"
        case.expect_shape(W, (inputs, outputs), what)
        expect_spread(W, np.sqrt(2 / inputs), what)


def check_linear_draws_from_rng(student, case):
    """All random numbers come from the given rng: same seed, same W."""
    first, again, other = (_new_layer(student, case, 4, 3, student.rng(case.seed + i), "W").W for i in (0, 0, 1))
    expect_equal_draws(first, again, "W", "the same seed twice")
    expect_different_draws(first, other, "W", "two different seeds")
    rng = student.rng.keep(case.seed)
    one, two = (_drawn(student, rng) for _ in range(2))
    expect_different_draws(one, two, "W", "one rng for two layers, one after the other")


def check_linear_takes_any_batch(student, case):
    """forward and backward work for one row, a square layer, other sizes, any memory layout, and float32."""
    sizes = ((1, 4, 3, "f8"), (4, 4, 4, "f8"), (7, 2, 1, "f4"), (*case.rng.integers(2, 9, 3).tolist(), "f8"))
    for rows, inputs, units, dtype in sizes:
        case.start_new_example(student)
        x, W, b = (case.normal("x", inputs, rows, dtype=dtype).T, case.normal("W", inputs, units), case.normal("b", units))
        dout = case.normal("dout", units, rows).T
        linear, of = _layer(student, case, W, b), f"of Linear({inputs}, {units}), for x of shape ({rows}, {inputs}),"
        case.sizes(rows=rows, inputs=inputs, units=units)
        near = {"rtol": FLOAT32_RTOL, "atol": FLOAT32_RTOL}  # the terms have a size of 1, and may cancel each other
        case.expect(linear.forward(x), x @ W + b, f"forward(x) {of}", should="x @ W + b", layout=LAYOUT, **near)
        case.expect(backward(student, linear, dout), dout @ W.T, f"backward(dout) {of}", should=DX, **near)
        case.expect(linear.dW, x.T @ dout, f"dW {of}", should=DW, **near)
        db = linear.db
        if np.shape(db) == (1, units) == np.shape(linear.b):
            db = _vector(db)  # as b is: what shape that should have is another promise
        case.expect(db, dout.sum(axis=0), f"db {of}", should=DB, layout="the shape of b", **near)


def check_linear_answers_for_the_last_batch(student, case):
    """Each call uses the current W, and backward the latest forward: nothing is left from earlier batches."""
    x, W, b, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    linear, other, W_new = _layer(student, case, W, b), _layer(student, case, W, b), case.normal("W_new", 4, 3)
    x_other = case.normal("x_other", 5, 4)
    case.remember("the previous batch's dW", x.T @ dout)
    case.remember("the previous batch's db", dout.sum(axis=0))
    for rows in (5, 3):
        linear.forward(x)
        layers.fill_soon(student, linear, {"W": W_new, "b": b})
        linear.backward(dout)
        fill(student, linear, "W", W_new)
        fill(student, linear, "b", b)
        last, dlast = case.normal(f"x_{rows}", rows, 4), case.normal(f"dout_{rows}", rows, 3)
        case.remember("the result for the other layer's x", x_other[:rows].T @ dlast)
        case.remember("the result for the earlier W", last @ W + b)
        case.expect(linear.forward(last), last @ W_new + b, "The second forward", should="x @ W + b", rtol=FLOAT32_RTOL)
        other.forward(x_other)
        case.expect(backward(student, linear, dlast), dlast @ W_new.T, "The second backward", should=DX, rtol=FLOAT32_RTOL)
        case.expect(linear.dW, last.T @ dlast, "dW after the second backward", should=DW, rtol=FLOAT32_RTOL)
        case.expect(_vector(linear.db), dlast.sum(axis=0), "db after the second backward", should=DB, rtol=FLOAT32_RTOL)


def check_linear_leaves_its_inputs_alone(student, case):
    """forward and backward do not change x, W, b or an earlier result."""
    x, W, b, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    linear = _layer(student, case, W, b)
    layers.read_soon(student, linear, "W", "b")
    held = student.put(x)
    W_before, b_before = linear.W, linear.b
    result = linear.forward.keep(held)
    linear.forward(case.normal("x_next", 5, 4))
    case.expect(student.fetch(result), x @ W + b, "The first result, after the next forward,", rtol=FLOAT32_RTOL)
    linear.forward(held)
    student.soon(("fetch", held), ("get", linear, "W"), ("get", linear, "b"))
    linear.backward(dout)
    case.expect_unchanged(x, student.fetch(held), "x")
    case.expect_unchanged(W_before, linear.W, "linear.W")
    case.expect_unchanged(b_before, linear.b, "linear.b")


def check_linear_works_in_float64(student, case):
    """Results and gradients keep the full precision of float64, whatever their size."""
    for size in (1e-8, 1.0, 1e6):
        case.start_new_example(student)
        x, W, b = case.normal("x", 5, 4, scale=size), case.normal("W", 4, 3), case.normal("b", 3)
        dout = case.normal("dout", 5, 3, scale=size)
        linear = _layer(student, case, W, b)
        case.expect(linear.forward(x), x @ W + b, "linear.forward(x)", rtol=1e-12, dtype=np.float64)
        case.expect(backward(student, linear, dout), dout @ W.T, "linear.backward(dout)", rtol=1e-12, dtype=np.float64)
        case.expect(linear.dW, x.T @ dout, "linear.dW", rtol=1e-12, dtype=np.float64)
        case.expect(_vector(linear.db), dout.sum(axis=0), "linear.db", rtol=1e-12, dtype=np.float64)


def explain_memory(student, case, failed):
    """Whether backward is about another input, or a result changes later: for each failed check that this explains."""
    from ..toolbox import memory  # only where something failed

    W, b, dout = case.normal("W", 4, 3), case.normal("b", 3), case.normal("dout", 5, 3)
    inputs, told = [case.normal(f"x_{k}", 5, 4) for k in range(3)], {}
    if (check := "check_linear_answers_for_the_last_batch") in failed:
        name = memory.of_backward(
            make=lambda: _layer(student, case, W, b),
            forward=lambda linear, k: linear.forward(inputs[k]),
            back=lambda linear: (linear.backward(dout), linear.dW)[1],
            right=[x.T @ dout for x in inputs],
            names=["keeps_the_first_input_only", "keeps_x_for_all_layers_at_once"],
        )
        told |= {check: (name,)} if name else {}
    if (check := "check_linear_leaves_its_inputs_alone") in failed:
        linear = _layer(student, case, W, b)
        told |= {check: ("reuses_its_result",)} if memory.reuses_its_result(student, linear, *inputs[:2]) else {}
    return told


def explain_old_weights(student, case, failed):
    """Whether dx belongs to the W that the layer was made with."""
    if (check := "check_linear_backward_returns_dx") not in failed:
        return {}
    x, W, dout = case.normal("x", 5, 4), case.normal("W", 4, 3), case.normal("dout", 5, 3)
    linear = student.layers.Linear(4, 3, student.rng(case.seed))
    made_with = np.array(linear.W)
    fill(student, linear, "W", W)
    linear.forward(x)
    dx, old = linear.backward(dout), dout @ made_with.T
    says = "dx is that of the W which the layer was made with."
    return {check: ("keeps_a_transposed_copy", says)} if np.shape(dx) == old.shape and np.allclose(dx, old) else {}


def explain_spread(student, case, failed):
    """Which known spreads it is not, where one number comes again and again: none of them cuts anything off."""
    if (check := "check_linear_draws_he_weights") not in failed:
        return {}
    W = np.asarray(student.layers.Linear(400, 300, student.rng(case.seed)).W)
    repeated = W.size - np.unique(W).size > 0.1 * W.size and np.ptp(W) > 0
    return {check: ("", "", SPREADS)} if repeated else {}


def explain_shapes(student, case, failed):
    """Whether a product that only shapes forbid is the known one: with equal sizes it goes through."""
    backward = {"check_linear_backward_sums_dW_and_db", "check_linear_backward_returns_dx"} & failed
    if not backward:
        return {}
    x, W, b, dout = (case.normal(name, 4, 4) if name != "b" else case.normal(name, 4) for name in ("x", "W", "b", "dout"))
    linear, wide = _layer(student, case, W, b), _layer(student, case, W[:, :3], b[:3])
    wide.forward(x)
    try:
        wide.backward(dout[:, :3])
    except StudentError:
        linear.forward(x)
        dx, dW, db = linear.backward(dout), linear.dW, _vector(linear.db)
        same = [
            np.shape(p) == q.shape and np.allclose(p, q) for p, q in ((dx, dout @ W), (dW, x.T @ dout), (db, dout.sum(axis=0)))
        ]
        return dict.fromkeys(backward, ("multiplies_by_W_as_it_stands",)) if all(same) else {}
    return {}


def _new_layer(student, case, inputs, units, rng, *read):
    """A new layer. If its forward answers at all, it has to answer to x: weights that nothing uses are not judged.

    read : attributes that are looked at next
    """
    linear, x = student.layers.Linear(inputs, units, rng), case.given("x", np.eye(inputs)[:2], f"np.eye({inputs})[:2]")
    layers.read_soon(student, linear, *read)
    try:
        result = linear.forward(x)
    except StudentError:
        return linear  # not written yet, or broken: that is another check's affair
    case.expect(result, np.zeros((2, units)), "forward of the new layer", layout=LAYOUT, atol=np.inf)
    gave = "forward of the new layer gives the same numbers for every input."
    unused = "" if np.ptp(result) > 0 or np.any(linear.W) else "Every entry of W is 0."
    case.require(np.ptp(result) > 0, "forward should use the weights that were drawn.", gave, unused)
    return linear


def _drawn(student, rng):
    """W of a new layer."""
    layers.read_soon(student, layers.RESULT, "W")
    return student.layers.Linear(4, 3, rng).W


def _vector(db):
    """The bias gradient; one that is kept as a row (1, units) as (units,): values count, and the shape once."""
    return db[0] if isinstance(db, np.ndarray) and db.ndim == 2 and len(db) == 1 else db


def _layer(student, case, W, b):
    """A Linear whose parameters have been overwritten in place."""
    layers.fill_soon(student, layers.RESULT, {"W": W, "b": b})
    linear = student.layers.Linear(*W.shape, student.rng(case.seed))
    fill(student, linear, "W", W)
    fill(student, linear, "b", b)
    return linear
