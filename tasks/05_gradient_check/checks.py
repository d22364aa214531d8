"""What stage 05 checks about numerical_gradient and relative_error."""

import numpy as np

from grader.checks.api import Unmet


def check_numerical_gradient_finds_the_slopes(student, case):
    """The gradient has one entry for each entry of x: the slope of f in that direction."""
    x, w = case.normal("x", 2, 3), case.normal("w", 2, 3)
    f = case.function("f", "lambda x: (w * x**2).sum() + x[0, 0] * x[1, 2]", like=x, w=w)
    slopes = 2 * w * x
    slopes[0, 0] += x[1, 2]
    slopes[1, 2] += x[0, 0]
    case.sizes(entries=6)
    case.remember("the gradient multiplied by x: steps of eps * x, divided by eps alone", slopes * x)
    case.remember("the gradient divided by x", slopes / x)
    so_far = np.cumsum(slopes).reshape(x.shape)
    case.remember("the running sum of the gradient: each entry moves together with those before it", so_far)
    found = student.gradcheck.numerical_gradient(f, x)
    should = "2 * w * x, and in two places the slope of the product of two entries"
    try:
        case.expect(found, slopes, "numerical_gradient(f, x)", should=should, rtol=1e-3)
    except Unmet as unmet:
        whole = unmet.kind == "values" and np.array_equal(found, np.trunc(slopes))
        unmet.looks_like = "They are the slopes without what comes after the decimal point." if whole else unmet.looks_like
        raise


def check_numerical_gradient_steps_to_both_sides(student, case):
    """Each slope is (f(x + eps) - f(x - eps)) / (2 eps); eps is 1e-5 if none is given."""
    x, w = case.normal("x", 2, 3), case.uniform("w", 2, 3, low=1.0, high=3.0)
    f = case.function("f", "lambda x: (w * x**3).sum()", like=x, w=w)
    for eps, options, digits in ((0.1, {"eps": 0.1}, 1e-9), (0.05, {"eps": 0.05}, 1e-9), (1e-5, {}, 1e-8)):
        case.start_new_example(student)
        case.remember("the result for a very small eps, not the given one", 3 * w * x**2)
        case.remember("the result of a step forward alone", w * (3 * x**2 + 3 * x * eps + eps**2))
        case.remember("the result of a step backward alone", w * (3 * x**2 - 3 * x * eps + eps**2))
        own_steps = eps * np.maximum(1, np.abs(x))
        case.remember("the result of steps that grow with the entry: eps * max(1, |x|)", w * (3 * x**2 + own_steps**2))
        found = student.gradcheck.numerical_gradient(f, x, **options)
        what = f"numerical_gradient(f, x, eps={eps})" if options else "numerical_gradient(f, x)"
        should = f"w * (3 * x**2 + {eps}**2): the slope of cubes by steps to both sides"
        try:
            case.expect(found, w * (3 * x**2 + eps**2), what, should=should, rtol=digits)
        except Unmet as unmet:
            other = unmet.kind == "values" and not options  # as it is given, eps is used as it should be
            unmet.looks_like = "Where eps is given, the slopes are right: the default is not 1e-5." if other else unmet.looks_like
            raise


def check_numerical_gradient_takes_any_shape(student, case):
    """Every entry gets its slope, for x with one or three dimensions, one row or one column, and where x is 0."""
    for shape in ((5,), (2, 3, 2), (1, 6), (6, 1), (1,)):
        case.start_new_example(student)
        x, w = case.normal("x", *shape), case.normal("w", *shape)
        x.flat[len(x) // 2 :: 3] = 0.0
        f = case.function("f", "lambda x: (1 + (w * x).sum()) ** 2", like=x, w=w)
        found, slopes = student.gradcheck.numerical_gradient(f, x), 2 * (1 + (w * x).sum()) * w
        case.expect(found, slopes, f"numerical_gradient(f, x) for shape {shape}", rtol=1e-3, dtype=np.float64)


def check_numerical_gradient_puts_x_back(student, case):
    """Each entry of x is restored (up to rounding) before the next one changes."""
    x, w = case.uniform("x", 3, 2, low=1.0, high=2.0), case.uniform("w", 3, 2, low=1.0, high=2.0)
    f = case.function("f", "lambda x: (w * x).prod()", like=x, w=w)  # a straight line along each entry
    for eps in (0.1, 1e-5):
        case.start_new_example(student)
        held = student.put(x)
        found = student.gradcheck.numerical_gradient(f, held, eps=eps)
        digits = 4 * np.finfo(float).eps * (np.abs(x) + eps)
        case.expect_unchanged(x, student.fetch(held), "x", atol=digits)
        should = "(w * x).prod() / x, with all other entries unchanged"
        slopes, what = (w * x).prod() / x, f"numerical_gradient(f, x, eps={eps})"
        case.expect(found, slopes, what, should=should, rtol=1e-6)


def check_relative_error_measures_the_worst_entry(student, case):
    """The result is the largest |a - b| / (|a| + |b|) over all entries."""
    a = case.uniform("a", 3, 4, low=0.5, high=4.0)
    factors = case.uniform("factors", 3, 4, low=0.999, high=1.001)
    b = case.given("b", np.round(a * factors, 6))
    a[1, 2], b[1, 2] = 1.0, 3.0
    a[2, 1], b[2, 1] = 40.0, 44.0
    case.remember("the largest |a - b| / sqrt(a**2 + b**2)", (np.abs(a - b) / np.hypot(a, b)).max())
    should = "the largest |a - b| / (|a| + |b|), which is 0.5 here"
    for tiny in (1e-8, 1e-7, 1e-6):
        case.remember(f"the right result plus {tiny:g}", 0.5 + tiny)
    case.expect(student.gradcheck.relative_error(a, b), 0.5, "relative_error(a, b)", should=should, rtol=1e-9)


def check_relative_error_treats_both_alike(student, case):
    """Signs and order do not matter: -1 and -3 give the same as 1 and 3, and a, b the same as b, a."""
    a, b = case.normal("a", 2, 3, 2, scale=2.0), case.normal("b", 2, 3, 2, scale=2.0)
    for name, (left, right) in {
        "(a, b)": (np.abs(a), np.abs(b)), "(b, a)": (np.abs(b), np.abs(a)), "of negative entries": (-np.abs(a), -np.abs(b)),
        "of mixed signs": (a, a * np.sign(b) + 0.01), "of opposite signs": (np.abs(a), -np.abs(b)),
    }.items():  # fmt: skip
        case.start_new_example(student)
        left, right = case.given("left", left), case.given("right", right)
        expected = np.max(np.abs(left - right) / (np.abs(left) + np.abs(right)))
        case.expect(student.gradcheck.relative_error(left, right), expected, f"relative_error {name}", rtol=1e-9)


def check_relative_error_copes_with_zeros(student, case):
    """0 against 0 gives 0, 0 against anything else gives 1, and tiny entries count as much as large ones."""
    pairs = (([0.0], [0.0], 0.0), ([0.0, 5.0], [1e-4, 5.0], 1.0), ([2.0, 1e-4], [2.0, 0.0], 1.0),
             ([1e-5, 3e6], [3e-5, 3e6], 0.5), ([1e4, 1e-8], [1e4, 3e-8], 0.5))  # fmt: skip
    for left, right, expected in pairs:
        case.start_new_example(student)
        a, b = case.given("a", np.array(left)), case.given("b", np.array(right))
        what = f"relative_error({left}, {right})"
        # Any floor up to 1e-8 will do, and so will 1e-12 that is added: hence as few digits, and no smaller entries.
        case.expect(student.gradcheck.relative_error(a, b), expected, what, should=f"{expected:g}", rtol=1e-4)


def check_relative_error_leaves_its_inputs_alone(student, case):
    """Neither array is changed."""
    a, b = case.normal("a", 3, 4), case.normal("b", 3, 4)
    held_a, held_b = student.put(a), student.put(b)
    student.gradcheck.relative_error(held_a, held_b)
    case.expect_unchanged(a, student.fetch(held_a), "a")
    case.expect_unchanged(b, student.fetch(held_b), "b")


def explain_step(student, case, failed):
    """Which mistake of the division it is not, where cubes tell that the steps are not eps long."""
    if (check := "check_numerical_gradient_finds_the_slopes") not in failed:
        return {}
    x, w = case.normal("x", 2, 3), case.uniform("w", 2, 3, low=1.0, high=3.0)
    f = case.function("f", "lambda x: (w * x**3).sum()", like=x, w=w)
    found = np.ravel(student.gradcheck.numerical_gradient(f, x, eps=0.1))
    columns = np.stack([np.ravel(3 * w * x**2), np.ravel(w)], axis=1)
    (factor, bend), *_ = np.linalg.lstsq(columns, found, rcond=None)
    fits = np.allclose(columns @ (factor, bend), found, 1e-6)
    other = fits and factor > 0 and bend > 0 and not np.isclose(bend / factor, 0.1**2, 1e-3)
    return {check: ("", "", ("forgets_that_the_run_is_two_steps",))} if other else {}
