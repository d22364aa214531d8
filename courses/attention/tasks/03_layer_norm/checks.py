"""Layer normalisation, forward and backward."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL

from ..toolbox import closed_form, networks

SHAPES = ((6, 5), (2, 3, 4), (4, 4, 4), (1, 8), (5, 3))


def _filled(student, case, features, eps=closed_form.EPS):
    """A LayerNorm with known gamma and beta, and these."""
    case.start_new_example(student)
    layer = student.layers.LayerNorm(features) if eps == closed_form.EPS else student.layers.LayerNorm(features, eps)
    gamma, beta = case.normal("gamma", features), case.normal("beta", features)
    student.fill_all([(layer, "gamma", gamma), (layer, "beta", beta)])
    return layer, gamma, beta


def _drawn(case, name, shape):
    """An input whose positions have means and spreads of their own, so large that no eps shows in five digits."""
    case.sizes(features=shape[-1], positions=int(np.prod(shape[:-1])))
    even = case.rng.permuted(np.broadcast_to(np.linspace(-1.0, 1.0, shape[-1]), shape), axis=-1)
    uneven = even + case.rng.uniform(-0.3, 0.3, shape)
    each = (*shape[:-1], 1)
    x = uneven * case.rng.uniform(5.0, 20.0, each) + case.rng.normal(0.0, 10.0, each)
    return case.given(name, np.round(x, 2))


def check_norm_gives_mean_zero_and_variance_one(student, case):
    """A new LayerNorm gives each position mean 0 and variance 1 over its features."""
    for shape in SHAPES:
        case.start_new_example(student)
        x = _drawn(case, "x", shape)
        found = student.layers.LayerNorm(shape[-1]).forward(x)
        should = "(x - mean) / sqrt(variance + eps), position by position"
        case.expect(found, closed_form.normalised(x), "LayerNorm(D).forward(x)", should=should, rtol=FLOAT32_RTOL)


def check_norm_scales_and_shifts_each_feature(student, case):
    """gamma scales each feature of the normalised x, then beta is added."""
    for shape in SHAPES:
        layer, gamma, beta = _filled(student, case, shape[-1])
        x = _drawn(case, "x", shape)
        should = "gamma * normalised x + beta"
        case.expect(layer.forward(x), closed_form.norm(gamma, beta, x), "layer.forward(x)", should=should, rtol=FLOAT32_RTOL)


def check_norm_adds_eps_to_the_variance(student, case):
    """eps, as it was given, is added to the variance under the root; a position of equal numbers becomes beta."""
    for eps in (closed_form.EPS, 0.5):
        layer, gamma, beta = _filled(student, case, 4, eps)
        x = case.given("x", np.array([[0.001, 0.004, -0.002, 0.003], [2.0, 2.0, 2.0, 2.0], [1.0, -1.0, 0.5, 2.0]]))
        what, should = f"forward(x) with eps = {eps:g}", "gamma * (x - mean) / sqrt(variance + eps) + beta"
        why = "If all numbers of a position are equal, their variance is 0."
        expected = closed_form.norm(gamma, beta, x, eps)
        case.expect(layer.forward(x), expected, what, should=should, rtol=FLOAT32_RTOL, not_finite=why)


def check_norm_backward_agrees_with_central_differences(student, case):
    """backward(dout) returns dx, which agrees with central differences."""
    for shape in ((3, 5), (2, 2, 4), (1, 3)):
        layer, gamma, beta = _filled(student, case, shape[-1])
        x, dout = _drawn(case, "x", shape), case.normal("dout", *shape)
        layer.forward(x)
        dx = layer.backward(dout)
        case.expect_shape(dx, shape, "dx")
        case.stored.clear()  # pictures of one example at a time
        slopes = networks.slopes_of_all(lambda x=x, dout=dout, g=gamma, b=beta: _loss(g, b, x, dout), x)
        case.gradient_matches(dx, slopes, "dx")


def _loss(gamma, beta, x, dout):
    return float((dout * closed_form.norm(gamma, beta, x)).sum())


def check_norm_sums_the_gradients_of_gamma_and_beta(student, case):
    """backward sets dgamma and dbeta, of shape (D,): sums over all positions, of the batch and of the text."""
    for shape in SHAPES:
        layer, gamma, _ = _filled(student, case, shape[-1])
        x, dout = _drawn(case, "x", shape), case.normal("dout", *shape)
        layer.forward(x)
        layer.backward(dout)
        dgamma, dbeta, _ = closed_form.norm_back(gamma, x, dout)
        case.expect(layer.dbeta, dbeta, "dbeta", should="the sum of dout over all positions", rtol=FLOAT32_RTOL)
        case.expect(layer.dgamma, dgamma, "dgamma", should="the sum of dout * normalised x over all positions", rtol=FLOAT32_RTOL)


def check_norm_backward_belongs_to_the_last_forward(student, case):
    """After a second batch, all gradients are that batch's, exact to ten digits."""
    layer, gamma, _ = _filled(student, case, 4)
    x = _drawn(case, "x", (2, 3, 4))
    layer.forward(x)
    layer.backward(case.normal("dout", 2, 3, 4))
    case.remember("dgamma of the first batch", layer.dgamma)
    case.remember("dbeta of the first batch", layer.dbeta)
    x, dout = _drawn(case, "x", (5, 4)), case.normal("dout", 5, 4)
    layer.forward(x)
    for when in ("", ", after backward was called again"):
        dx = layer.backward(dout)
        dgamma, dbeta, exact = closed_form.norm_back(gamma, x, dout)
        for found, wanted, name in ((layer.dbeta, dbeta, "dbeta"), (layer.dgamma, dgamma, "dgamma"), (dx, exact, "dx")):
            case.expect(found, wanted, f"{name} of the second batch{when}", rtol=1e-10, atol=1e-12)


def check_norm_leaves_arrays_alone(student, case):
    """Neither x, dout, gamma and beta nor an earlier result change."""
    layer, gamma, beta = _filled(student, case, 5)
    x, dout = _drawn(case, "x", (3, 5)), case.normal("dout", 3, 5)
    held, given = student.put(x), student.put(dout)
    first = layer.forward.keep(held)
    layer.backward(given)
    layer.forward(_drawn(case, "other", (3, 5)))
    for array, now, name in ((x, held, "x"), (dout, given, "dout")):
        case.expect_unchanged(array, student.fetch(now), name)
    case.expect_unchanged(gamma, layer.gamma, "gamma")
    case.expect_unchanged(beta, layer.beta, "beta")
    what = "The first result, after the next call,"
    case.expect(student.fetch(first), closed_form.norm(gamma, beta, x), what, rtol=FLOAT32_RTOL)
