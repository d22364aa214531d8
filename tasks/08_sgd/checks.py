"""Gradient descent: one step, in place, and nothing but lr times the gradient."""

import numpy as np

from grader.checking import ROUGH


def _after(student, arrays, gradients, lr, steps=1):
    """What the very arrays that were handed in hold after some equal steps."""
    params = student.put(list(arrays))
    held = [student.item(params, k) for k in range(len(arrays))]
    optimizer = student.optim.SGD(lr)
    for _ in range(steps):
        optimizer.step(params, student.put(list(gradients)))  # a fresh copy: a step may overwrite it
    return [student.fetch(array) for array in held]


def check_sgd_step_walks_downhill(student, case):
    """step changes the arrays that it is given: p becomes p - lr * g."""
    W, b, dW, db = case.normal("W", 4, 3), case.normal("b", 3), case.normal("dW", 4, 3), case.normal("db", 3)
    after = _after(student, [W, b], [dW, db], 0.1)
    still = all(np.array_equal(now, was) for now, was in zip(after, (W, b)))
    should = "The arrays in params should hold p - lr * g afterwards: the same arrays, changed in place."
    case.require(not still, should, "After step they are what they were.")
    for now, was, g, name in zip(after, (W, b), (dW, db), ("W", "b")):
        case.expect(now, was - 0.1 * g, f"{name} after SGD(0.1).step", should=f"{name} - 0.1 * d{name}", rtol=ROUGH)


def check_sgd_step_scales_with_lr(student, case):
    """The length of a step is lr, whatever lr is, and each optimiser has its own."""
    p, g = case.normal("p", 4, 3), case.normal("g", 4, 3)
    rates = (0.05, 0.5, 2.0)
    optimizers = [student.optim.SGD(lr) for lr in rates]
    for lr, optimizer in zip(rates, optimizers):
        held = student.put([p])
        optimizer.step(held, student.put([g]))
        (after,) = student.fetch(held)
        case.expect(after, p - lr * g, f"p after SGD({lr}).step", should=f"p - {lr} * g")


def check_sgd_pairs_arrays_with_gradients(student, case):
    """Each array goes with the gradient at its own place, from a list of one to a list of four."""
    for count in (1, 2, 3, 4):
        arrays = [case.normal(f"p{k}", 3, 3) for k in range(count)]
        gradients = [case.normal(f"g{k}", 3, 3) for k in range(count)]
        case.sizes(arrays=count)
        for k, now in enumerate(_after(student, arrays, gradients, 0.5)):
            expected = arrays[k] - 0.5 * gradients[k]
            case.expect(now, expected, f"p{k} of {count}, after the step", should=f"p{k} - 0.5 * g{k}")


def check_sgd_has_no_memory(student, case):
    """Ten equal steps are equally long, and a step with zero gradient then moves nothing."""
    p, g = case.normal("p", 4, 3), case.normal("g", 4, 3)
    (after,) = _after(student, [p], [g], 0.1, steps=10)
    case.expect(after, p - 10 * (0.1 * g), "p after ten equal steps", should="p - 10 * 0.1 * g")
    held, optimizer = student.put([p]), student.optim.SGD(0.1)
    optimizer.step(held, student.put([g]))
    optimizer.step(held, student.put([np.zeros((4, 3))]))
    (after,) = student.fetch(held)
    case.expect(after, p - 0.1 * g, "p after a step with g and one with zeros", should="p - 0.1 * g")


def check_sgd_is_proportional_to_the_gradient(student, case):
    """No gradient, no step; a gradient a million times as large, a step a million times as long."""
    p, g = case.normal("p", 4, 3), case.normal("g", 4, 3)
    (after,) = _after(student, [p], [np.zeros((4, 3))], 0.1)
    case.expect_unchanged(p, after, "p")
    large = case.given("large", 1e6 * g, "1e6 * g")
    (after,) = _after(student, [p], [large], 0.1)
    case.expect(after, p - 1e5 * g, "p after a step with 1e6 * g", should="p - 0.1 * 1e6 * g")
