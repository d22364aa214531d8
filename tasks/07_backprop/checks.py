"""Backpropagation: gradients by the chain rule, against central differences and against the closed form."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, Case, Unmet, listed

from ..toolbox import closed_form, networks

DEEP, SHALLOW, SQUARE, TRUE = (6, 5, 4, 3), (4, 3), (5, 5, 5, 5), (784, 128, 64, 10)


def _went_back(student, case, sizes, rows, *read):
    """A filled network after forward(x) and backward(dlogits): all that a check needs of it.

    read : how many of its layers are read next, and which attributes of them
    """
    case.start_new_example(student)
    model, parameters = networks.filled(student, case, sizes)
    x, dlogits = case.normal("x", rows, sizes[0]), case.normal("dlogits", rows, sizes[-1])
    case.sizes(rows=rows, classes=sizes[-1], inputs=sizes[0])
    model.forward(x)
    networks.read_soon(student, *((model, *one) for one in read))
    return model, parameters, x, dlogits, model.backward(dlogits)


def check_backprop_agrees_with_central_differences(student, case):
    """backward's gradients agree with numerical gradients, and it returns dx."""
    # Square layers first: there a gradient that goes another way fits every layer, and its numbers tell which way.
    for sizes, rows in ((SQUARE, 6), (DEEP, 7), (SHALLOW, 1)):
        gradients = len(sizes) - 1, "dW", "db"
        model, parameters, x, dlogits, dx = _went_back(student, case, sizes, rows, gradients)
        analytic = [*networks.gradients_of(student, model), dx]
        names, agreed = [*networks.names(len(parameters), "d"), "dx"], []
        values = closed_form.activations(parameters, x)
        case.stored.clear()  # pictures of one network at a time
        # The last layer first: there the gradient starts, and an error travels from there to all others.
        for k in [*range(len(parameters) - 1, -1, -1), len(parameters)]:
            array, entries = [*parameters, x][k], list(np.ndindex([*parameters, x][k].shape))
            numeric, trusted = networks.slopes(parameters, array, values, dlogits, entries)
            try:
                _compare(case, names[k], analytic[k], numeric, trusted, entries, array.shape)
            except Unmet as unmet:
                if unmet.kind == "values":
                    exact, dx = closed_form.backward(parameters, x, dlogits)
                    shows = _shows(analytic[k], [*exact, dx][k], {"rows": rows, "classes": sizes[-1]})
                    unmet.looks_like = " ".join(filter(None, (_first_off(names[k], agreed), shows)))
                raise
            agreed.append(names[k])


def _shows(gradient, exact, counts):
    """What an array of gradients shows beside that of the chain rule."""
    numbers = Case(0, "07_backprop", "numbers")
    numbers.sizes(**counts)
    try:
        numbers.expect(gradient, exact, "", rtol=1e-6)
    except Unmet as unmet:
        return unmet.looks_like
    return ""


def _first_off(name, agreed):
    """Which arrays are right before this one, on the way back from the logits."""
    verb = "agrees" if len(agreed) == 1 else "agree"
    return f"{listed(agreed)} {verb}: on the way back from the logits, {name} is the first that is off." if agreed else ""


def _compare(case, name, gradient, numeric, trusted, entries, shape):
    """One array of gradients with its slopes, but for the entries where a ReLU switched."""
    case.expect_shape(gradient, shape, name)
    measured = np.full(len(entries), np.nan)
    measured[trusted] = numeric[trusted]
    case.evidence(f"analytic:{name}", gradient)
    case.evidence(f"numeric:{name}", measured.reshape(shape))
    where = [f"{name}{list(entries[k])}" for k in trusted]
    case.gradient_matches(np.ravel(gradient)[trusted], numeric[trusted], name, where=where)


def check_gradients_follow_parameters(student, case):
    """gradients() is the list [dW1, db1, dW2, db2, ...] of what the last backward computed."""
    for sizes in (SQUARE, DEEP, SHALLOW):
        model, parameters, _, _, _ = _went_back(student, case, sizes, 4)
        names = networks.names(len(parameters), "d")
        networks.read_soon(student, (model, len(sizes) - 1, "dW", "db"))
        given = networks.listed(student, case, model.gradients(), "gradients()", names)
        held = networks.gradients_of(student, model)
        for k, (array, expected, name) in enumerate(zip(given, held, names)):
            case.expect(array, expected, f"model.gradients()[{k}]", should=f"{name} of its layer")
        should = f"gradients() should be the {len(names)} arrays {', '.join(names)}."
        zeros = "After backward all arrays of gradients() are still zeros."
        case.require(any(np.any(array) for array in given), should, zeros)


def check_backprop_matches_closed_form(student, case):
    """The gradients agree with the chain rule to twelve digits: they are not approximations."""
    for sizes, rows in ((SQUARE, 1), (DEEP, 7)):
        weights, gradients = (1, "W"), (len(sizes) - 1, "dW", "db")
        model, parameters, x, dlogits, dx = _went_back(student, case, sizes, rows, weights, gradients)
        expected, expected_dx = closed_form.backward(parameters, x, dlogits)
        rtol = networks.precision(student, model, 1e-12)
        right = f"right to {'twelve' if rtol == 1e-12 else 'five'} digits"
        held, names = networks.gradients_of(student, model), networks.names(len(parameters), "d")
        for array, exact, name in zip(held, expected, names):
            case.expect(array, exact, name, rtol=rtol, should=right)
        case.expect(dx, expected_dx, "model.backward(dlogits)", rtol=rtol, should=f"dx, {right}")


def check_backprop_holds_at_true_size(student, case):
    """At full size, 784-128-64-10, a sample of the gradients agrees with numerical gradients, and backward is fast."""
    model, parameters, x, dlogits, _ = _went_back(student, case, TRUE, 4)
    names, values = networks.names(len(parameters), "d"), closed_form.activations(parameters, x)
    gradients = networks.as_vectors(student.take(model.gradients()))
    for array, gradient, name in zip(parameters, gradients, names):
        entries = [tuple(int(i) for i in case.rng.integers(0, array.shape)) for _ in range(12)]
        numeric, trusted = networks.slopes(parameters, array, values, dlogits, entries)
        case.expect_shape(gradient, array.shape, name)
        sample = np.array([gradient[entries[k]] for k in trusted])
        where = [f"{name}{list(entries[k])}" for k in trusted]
        case.gradient_matches(sample, numeric[trusted], f"a sample of {name}", where=where)


def check_gradients_belong_to_the_last_backward(student, case):
    """After a second batch, gradients() has that batch's gradients: nothing added, nothing left over."""
    model, parameters, *first, _ = _went_back(student, case, DEEP, 5)
    model.gradients()
    earlier, _ = closed_form.backward(parameters, *first)
    x, dlogits = case.normal("x", 3, 6), case.normal("dlogits", 3, 3)
    model.forward(x)
    model.backward(dlogits)
    expected, _ = closed_form.backward(parameters, x, dlogits)
    gradients = networks.as_vectors(student.take(model.gradients()))
    should = "gradients() should be the 6 arrays dW1, db1, dW2, db2, dW3, db3 of the last backward alone."
    case.require(len(gradients) == 6, should, f"After the second backward gradients() has {len(gradients)} arrays.")
    for array, exact, name in zip(gradients, expected, networks.names(6, "d")):
        what, before = f"{name} after the second backward", earlier.pop(0)
        case.remember(f"{name} of the first batch", before)
        case.remember(f"the mean of {name} of both batches", (before + exact) / 2)
        case.expect(array, exact, what, should="the second batch's", rtol=FLOAT32_RTOL)


def check_backprop_leaves_parameters_alone(student, case):
    """backward does not change the parameters."""
    model, _ = networks.filled(student, case, DEEP, read=("W", "b"))
    before = networks.parameters_of(student, model)
    model.forward(case.normal("x", 4, 6))
    networks.read_soon(student, (model, 3, "W", "b"))
    model.backward(case.normal("dlogits", 4, 3))
    for name, was, now in zip(networks.names(6), before, networks.parameters_of(student, model)):
        case.expect_unchanged(was, now, name)


def check_backprop_neither_averages_nor_clips(student, case):
    """Gradients are proportional to dlogits: 1000 times the dlogits gives 1000 times the gradients."""
    model, parameters = networks.filled(student, case, DEEP)
    x, dlogits = case.normal("x", 4, 6), case.normal("dlogits", 4, 3)
    expected, _ = closed_form.backward(parameters, x, dlogits)
    for factor in (1e3, 1e-3):
        model.forward(x)
        networks.read_soon(student, (model, 3, "dW", "db"))
        model.backward(case.given("scaled", factor * dlogits, f"{factor:g} * dlogits"))
        for array, exact, name in zip(networks.gradients_of(student, model), expected, networks.names(6, "d")):
            what, should = f"{name} for {factor:g} * dlogits", f"{factor:g} times as large"
            case.expect(array, factor * exact, what, should=should, rtol=FLOAT32_RTOL)


def explain_gradients(student, case, failed):
    """Whether gradients() returns a dict, whatever its keys are."""
    if (check := "check_gradients_follow_parameters") not in failed:
        return {}
    model, *_ = _went_back(student, case, DEEP, 4)
    return {check: ("names_the_gradients", "")} if networks.is_mapping(student, model.gradients()) else {}


def explain_limits(student, case, failed):
    """Whether the same gradients are right while they are small, and off when they are large: then something limits them."""
    if (check := "check_backprop_agrees_with_central_differences") not in failed:
        return {}
    model, parameters = networks.filled(student, case, DEEP)
    x, dlogits, off = case.normal("x", 4, 6), case.normal("dlogits", 4, 3), []
    for size in (1e-6, 1e3):
        model.forward(x)
        dx = model.backward(size * dlogits)
        exact, exact_dx = closed_form.backward(parameters, x, size * dlogits)
        pairs = zip([*networks.gradients_of(student, model), dx], [*exact, exact_dx])
        off.append(max(float(np.max(np.abs(given - own)) / np.max(np.abs(own))) for given, own in pairs))
    says = "With dlogits a millionth as large, every gradient is right."
    return {check: ("clips_the_gradient", says)} if off[0] < 1e-6 and off[1] > 1e-3 else {}
