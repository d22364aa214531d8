"""Gradient descent: one step, in place, of exactly lr times the gradient."""

import numpy as np

from grader.checks.api import FLOAT32_RTOL, Unmet, number

MEMORIES = ("gathers_momentum", "adds_up_past_gradients", "averages_past_gradients")  #: mistakes by which a step has others in it


def _after(student, case, arrays, gradients, lr, steps=1):
    """What the given arrays contain after some equal steps."""
    case.start_new_example(student)
    params = student.put(list(arrays))
    held = [student.item(params, k) for k in range(len(arrays))]
    optimizer = student.optim.SGD(lr)
    for _ in range(steps):
        optimizer.step(params, student.put(list(gradients)))  # a fresh copy: a step may overwrite it
    return [student.fetch(array) for array in held]


def check_sgd_step_walks_downhill(student, case):
    """step changes the given array in place: p becomes p - lr * g."""
    p, g = case.normal("p", 4, 3), case.normal("g", 4, 3)
    (after,) = _after(student, case, [p], [g], 0.1)
    should = "The array in params should be p - lr * g afterwards: the same array, changed in place."
    case.require(not np.array_equal(after, p), should, "step has not changed the array in params.")
    try:
        case.expect(after, p - 0.1 * g, "p after SGD(0.1).step([p], [g])", should="p - 0.1 * g", rtol=FLOAT32_RTOL)
    except Unmet as unmet:
        if unmet.kind == "values":
            unmet.looks_like = _step_shows(p - np.asarray(after), 0.1, g, p) or unmet.looks_like
        raise


def _step_shows(went, lr, g, p):
    """How a step compares with the right one, if it has its direction, or one length for all entries."""
    right, sizes = lr * g, np.abs(went)
    ratio = float(np.sum(went * right) / np.sum(right * right))
    if np.allclose(went, ratio * right, 1e-6, 1e-12):
        known = {"length": np.sqrt(np.sum(g**2)), "largest magnitude": np.max(np.abs(g))}
        known |= {"sum of magnitudes": np.sum(np.abs(g)), "mean magnitude": np.mean(np.abs(g))}
        by = "".join(f" It is divided by the {what} of g." for what, size in known.items() if np.isclose(ratio * size, 1, 1e-6))
        if np.isclose(ratio, -1):
            return "The step has the right length, and the opposite sign."
        return f"The step is {number(ratio, 4)} times as long as it should be.{by}" if ratio > 0 else ""
    if np.ptp(sizes) <= 1e-6 * np.max(sizes):
        return f"Each entry moved by {number(np.max(sizes), 4)}, however large its gradient is."
    if went.size > 3 and len(lengths := np.unique(np.round(sizes, 9))) == 2:
        return f"Each entry moved by {number(lengths[0], 4)} or by {number(lengths[1], 4)}, however large its gradient is."
    if np.allclose(went, np.clip(right, -np.max(sizes), np.max(sizes)), 1e-6, 1e-12):
        return f"No entry moved by more than {number(np.max(sizes), 4)}, however large its gradient is."
    if np.allclose(went, np.abs(p) * right, 1e-6, 1e-12):
        return "The step of each entry is multiplied by the magnitude of p."
    if went.size > 3 and np.array_equal(np.sign(went), np.sign(g)) and np.all(g):
        power, factor = np.polyfit(np.log(np.abs(g.ravel())), np.log(sizes.ravel()), 1)
        if np.allclose(np.log(sizes), power * np.log(np.abs(g)) + factor, 0, 1e-6):
            return f"The size of the step is proportional to the magnitude of g to the power of {number(power, 4)}."
    return ""


def check_sgd_step_scales_with_lr(student, case):
    """The step is lr times the gradient for any lr, and each optimiser has its own lr."""
    p, g = case.normal("p", 4, 3), case.normal("g", 4, 3)
    rates = (0.05, 0.5, 2.0)
    optimizers = [student.optim.SGD(lr) for lr in rates]
    for lr, optimizer in zip(rates, optimizers):
        held = student.put([p])
        optimizer.step(held, student.put([g]))
        (after,) = student.fetch(held)
        case.expect(after, p - lr * g, f"p after SGD({lr}).step", should=f"p - {lr} * g")


def check_sgd_pairs_arrays_with_gradients(student, case):
    """Each array gets the gradient at its own place in the list, for one to six arrays of equal or different shapes."""
    for shapes in ([(3, 3)], [(4, 3), (3,)], [(3, 3)] * 3, [(3, 4), (4,), (4, 2), (2,), (2, 5), (5,)]):
        arrays = [case.normal(f"p{k}", *shape) for k, shape in enumerate(shapes)]
        gradients = [case.normal(f"g{k}", *shape) for k, shape in enumerate(shapes)]
        case.sizes(arrays=len(shapes))
        for k, now in enumerate(_after(student, case, arrays, gradients, 0.3)):
            what = f"p{k} (of {len(shapes)} arrays) after the step"
            try:
                case.expect(now, arrays[k] - 0.3 * gradients[k], what, should=f"p{k} - 0.3 * g{k}")
            except Unmet as unmet:
                shows = _step_shows(arrays[k] - now, 0.3, gradients[k], arrays[k]) if unmet.kind == "values" else ""
                unmet.looks_like = unmet.looks_like or shows
                raise


def check_sgd_has_no_memory(student, case):
    """Ten steps with equal gradients have equal length, and a step with zero gradients then changes nothing."""
    p, g = case.normal("p", 4, 3), case.normal("g", 4, 3)
    (after,) = _after(student, case, [p], [g], 0.1, steps=10)
    case.expect(after, p - 10 * (0.1 * g), "p after ten equal steps", should="p - 10 * 0.1 * g")
    held, optimizer = student.put([p]), student.optim.SGD(0.1)
    optimizer.step(held, student.put([g]))
    optimizer.step(held, student.put([np.zeros((4, 3))]))
    (after,) = student.fetch(held)
    case.expect(after, p - 0.1 * g, "p after a step with g and one with zeros", should="p - 0.1 * g")


def check_sgd_is_proportional_to_the_gradient(student, case):
    """The step is proportional to the gradient: a million times longer for one a million times larger, and none for zero."""
    p, g = case.normal("p", 4, 3), case.normal("g", 4, 3)
    (after,) = _after(student, case, [p], [np.zeros((4, 3))], 0.1)
    case.expect_unchanged(p, after, "p")
    large = case.given("large", 1e6 * g, "1e6 * g")
    (after,) = _after(student, case, [p], [large], 0.1)
    case.expect(after, p - 1e5 * g, "p after a step with 1e6 * g", should="p - 0.1 * 1e6 * g")


def explain_steps(student, case, failed):
    """What three steps with g, h and g go by: signs, gradients so far, their own at a shrinking rate, or p itself as well."""
    if failed.isdisjoint(checks := ("check_sgd_step_walks_downhill", "check_sgd_has_no_memory")):
        return {}
    p, g, h = (case.normal(name, 4, 3) for name in "pgh")
    held, optimizer, went = student.put([p]), student.optim.SGD(0.1), [p]
    for gradient in (g, h, g):
        optimizer.step(held, student.put([gradient]))
        went += student.fetch(held)
    steps, own = -np.diff(went, axis=0) / 0.1, np.array([g, h, g])
    after = {"steps_by_the_sign": np.sign(h), "adapts_like_adagrad": h / np.hypot(g, h)}
    names = [name for name, step in after.items() if np.allclose(steps[:2], (np.sign(g), step), 1e-3, 0)]
    if names:
        return dict.fromkeys(failed.intersection(checks[:1]), (names[0], ""))
    stood = np.array(went[:-1])  # each p before its step
    shares = np.sum((steps - own) * stood, axis=(1, 2)) / np.sum(stood * stood, axis=(1, 2))
    if 1e-9 < shares[0] < 5 and np.allclose(steps, own + shares[0] * stood, 1e-6, 1e-12):  # with 10, nothing of p is left
        says = f"Each step takes away {number(0.1 * shares[0], 4)} times p besides."
        return dict.fromkeys(failed.intersection(checks[:1]), ("decays_the_weights", says))
    rates = np.sum(steps * own, axis=(1, 2)) / np.sum(own * own, axis=(1, 2))
    if not np.allclose(steps, rates[:, None, None] * own, 1e-6, 1e-12):
        return {}  # some of an earlier gradient, or none of this one
    says, fact = f"Three steps were {', '.join(number(rate, 4) for rate in rates)} times as long as they should be.", ("", "")
    if rates[0] > rates[1] * (1 + 1e-6) and rates[1] > rates[2] * (1 + 1e-6) and rates[2] > 0:
        fact = ("decays_lr", says)
    return dict.fromkeys(failed.intersection(checks), (*fact, MEMORIES))
