"""Other forms of slips in the gradient check."""

import numpy as np

from grader.course.misconceptions import held_out


def _two(f, x, k, eps):
    step = np.zeros(x.size)
    step[k] = eps
    step = step.reshape(x.shape)
    return f(x + step), f(x - step)


@held_out("gradcheck.numerical_gradient")
def looks_to_one_side(f, x, eps=1e-5):
    slopes = [(_two(f, x, k, eps)[0] - f(x)) / eps for k in range(x.size)]
    return np.array(slopes).reshape(x.shape)


@held_out("gradcheck.numerical_gradient")
def forgets_that_the_run_is_two_steps(f, x, eps=1e-5):
    slopes = [np.subtract(*_two(f, x, k, eps)) / eps for k in range(x.size)]
    return np.array(slopes).reshape(x.shape)


@held_out("gradcheck.numerical_gradient")
def forgets_the_brackets(f, x, eps=1e-5):
    slopes = [np.subtract(*_two(f, x, k, eps)) * 0.5 * eps for k in range(x.size)]
    return np.array(slopes).reshape(x.shape)


@held_out("gradcheck.numerical_gradient")
def turns_the_difference_round(f, x, eps=1e-5):
    slopes = [-np.subtract(*_two(f, x, k, eps)) / (2 * eps) for k in range(x.size)]
    return np.array(slopes).reshape(x.shape)


@held_out("gradcheck.numerical_gradient")
def ignores_eps(f, x, eps=1e-5):
    h = 1e-5
    slopes = [np.subtract(*_two(f, x, k, h)) / (2 * h) for k in range(x.size)]
    return np.array(slopes).reshape(x.shape)


@held_out("gradcheck.numerical_gradient")
def misses_the_last_entry(f, x, eps=1e-5):
    gradient = np.zeros(x.size)
    for k in range(x.size - 1):
        gradient[k] = np.subtract(*_two(f, x, k, eps)) / (2 * eps)
    return gradient.reshape(x.shape)


@held_out("gradcheck.numerical_gradient")
def returns_a_flat_gradient(f, x, eps=1e-5):
    return np.array([np.subtract(*_two(f, x, k, eps)) / (2 * eps) for k in range(x.size)])


@held_out("gradcheck.numerical_gradient")
def leaves_x_shifted_up(f, x, eps=1e-5):
    gradient = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        x[place] -= eps
        low = f(x)
        x[place] += 2 * eps
        gradient[place] = (f(x) - low) / (2 * eps)
    return gradient


@held_out("gradcheck.relative_error")
def averages_the_errors(a, b):
    errors = [abs(p - q) / max(abs(p) + abs(q), 1e-12) for p, q in zip(a.ravel(), b.ravel())]
    return sum(errors) / len(errors)


@held_out("gradcheck.relative_error")
def takes_the_absolute_error(a, b):
    return max(abs(p - q) for p, q in zip(a.ravel(), b.ravel()))


@held_out("gradcheck.relative_error")
def halves_the_denominator(a, b):
    return 2 * np.max(abs(a - b) / np.maximum(abs(a) + abs(b), 2e-12))


@held_out("gradcheck.relative_error")
def divides_by_the_larger(a, b):
    return max(abs(p - q) / max(abs(p), abs(q), 1e-12) for p, q in zip(a.ravel(), b.ravel()))


@held_out("gradcheck.relative_error")
def compares_norms(a, b):
    return np.sqrt(((a - b) ** 2).sum()) / max(np.sqrt((a**2).sum()) + np.sqrt((b**2).sum()), 1e-12)


@held_out("gradcheck.relative_error")
def divides_zero_by_zero(a, b):
    return np.amax(np.divide(np.abs(b - a), np.abs(b) + np.abs(a)))


@held_out("gradcheck.relative_error")
def returns_all_errors(a, b):
    return abs(b - a) / np.clip(abs(a) + abs(b), 1e-12, None)


@held_out("gradcheck.numerical_gradient")
def puts_all_entries_back_at_the_end(f, x, eps=1e-5):
    flat, kept, slopes = x.reshape(-1), x.ravel().tolist(), []
    for k in range(x.size):
        flat[k] = kept[k] + eps
        high = f(x)
        flat[k] = kept[k] - eps
        slopes.append((high - f(x)) / eps / 2)
    for k, value in enumerate(kept):
        flat[k] = value
    return np.array(slopes).reshape(x.shape)
