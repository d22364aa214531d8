"""Slips in the gradient check, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception


def _both_sides(f, x, index, eps):
    """f on either side of one entry of x, which is as before afterwards."""
    original = x[index]
    x[index] = original + eps
    above = f(x)
    x[index] = original - eps
    below = f(x)
    x[index] = original
    return above, below


# --- numerical_gradient: the formula --------------------------------------------------------------------------------


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_steps_to_both_sides"])
def looks_to_one_side(f, x, eps=1e-5):
    """One-sided difference, forward

    You compare f(x + eps) with f(x). On which sides of x does the contract measure?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        original = x[index]
        here = f(x)
        x[index] = original + eps
        gradient[index] = (f(x) - here) / eps
        x[index] = original
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_steps_to_both_sides"])
def looks_back_only(f, x, eps=1e-5):
    """One-sided difference, backward

    You compare f(x) with f(x - eps). On which sides of x does the contract measure?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        original = x[index]
        here = f(x)
        x[index] = original - eps
        gradient[index] = (here - f(x)) / eps
        x[index] = original
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def forgets_that_the_run_is_two_steps(f, x, eps=1e-5):
    """Divided by eps instead of 2 * eps

    All your slopes are twice the true ones. How far apart are x + eps and x - eps?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / eps
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def forgets_the_brackets(f, x, eps=1e-5):
    """Parentheses missing around 2 * eps

    Your slopes are tiny: / 2 * eps divides by 2 and then multiplies by eps. What has to be in parentheses?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / 2 * eps
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def forgets_the_brackets_on_top(f, x, eps=1e-5):
    """Parentheses missing around the difference

    Your slopes are about as large as f itself. What is divided: the whole difference, or only its last term?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = above - below / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def forgets_to_divide(f, x, eps=1e-5):
    """Difference not divided by 2 * eps

    Your slopes are tiny: you return the difference of the two values of f. What is it divided by?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = above - below
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def takes_the_second_derivative(f, x, eps=1e-5):
    """Second derivative instead of the first

    For f = x**2 you return 2 everywhere: that is the second derivative.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        here = f(x)
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - 2 * here + below) / eps**2
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def adds_the_two_sides(f, x, eps=1e-5):
    """The two values of f added instead of subtracted

    Your slopes are huge: you add the two values of f. The slope needs their difference.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above + below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def loses_the_sign(f, x, eps=1e-5):
    """Absolute value of the slope

    All your slopes are positive. Where is the sign lost?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = abs(above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def turns_the_difference_round(f, x, eps=1e-5):
    """Difference taken the other way round

    All your slopes have the opposite sign. Which of the two values comes first?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (below - above) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_steps_to_both_sides"])
def ignores_eps(f, x, eps=1e-5):
    """Fixed step instead of eps

    Pass eps=0.1: nothing changes. Which step do you take?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, 1e-5)
        gradient[index] = (above - below) / 2e-5
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_steps_to_both_sides"])
def ignores_eps__textbook(f, x, eps=1e-5):
    h = 1e-4
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, h)
        gradient[index] = (above - below) / (2 * h)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def steps_half_but_divides_whole(f, x, eps=1e-5):
    """Half a step, divided by a whole one

    Your slopes are half the true ones. How far did you step, and what did you divide by?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps / 2)
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@misconception(
    "gradcheck.numerical_gradient",
    fails=["check_numerical_gradient_steps_to_both_sides", "check_numerical_gradient_takes_any_shape"],
)
def steps_relative_to_the_entry(f, x, eps=1e-5):
    """Step multiplied by the entry

    Your step depends on the size of the entry: where x is 0, nothing moves.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = eps * abs(x[index])
        above, below = _both_sides(f, x, index, step)
        gradient[index] = (above - below) / (2 * step) if step else 0.0
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def averages_over_the_entries(f, x, eps=1e-5):
    """Slopes divided by the number of entries

    You divide the slopes by the number of entries. Each entry has a slope of its own.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / (2 * eps) / x.size
    return gradient


# --- numerical_gradient: which entry, and what is left behind -------------------------------------------------------


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def shifts_all_entries_at_once(f, x, eps=1e-5):
    """All entries changed at once

    How many entries of x may be changed while f is measured?
    """
    return np.full_like(x, (f(x + eps) - f(x - eps)) / (2 * eps))


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def returns_one_slope(f, x, eps=1e-5):
    """One slope instead of one per entry

    You return one number. The gradient has one slope for each entry of x.
    """
    return (f(x + eps) - f(x - eps)) / (2 * eps)


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def shifts_a_whole_row(f, x, eps=1e-5):
    """Whole rows changed at once

    All entries of a row are equal. Change one entry at a time.
    """
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        original = np.copy(x[i])
        x[i] = original + eps
        above = f(x)
        x[i] = original - eps
        below = f(x)
        x[i] = original
        gradient[i] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def changes_a_copy(f, x, eps=1e-5):
    """A copy of x changed instead of x

    Your gradient is 0 everywhere: you changed a copy, and f is given x.
    """
    flat = x.flatten()
    gradient = np.zeros(x.size)
    for i in range(x.size):
        flat[i] += eps
        above = f(x)
        flat[i] -= 2 * eps
        below = f(x)
        flat[i] += eps
        gradient[i] = (above - below) / (2 * eps)
    return gradient.reshape(x.shape)


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_puts_x_back"])
def leaves_x_shifted_up(f, x, eps=1e-5):
    """x left eps too large

    Compare x before and after: every entry is eps too large. What happens at the end of each turn of the loop?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        original = x[index]
        x[index] = original - eps
        below = f(x)
        x[index] = original + eps
        gradient[index] = (f(x) - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_puts_x_back"])
def leaves_x_shifted_down(f, x, eps=1e-5):
    """x left eps too small

    Compare x before and after: every entry is eps too small. What happens at the end of each turn of the loop?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        original = x[index]
        x[index] = original + eps
        above = f(x)
        x[index] = original - eps
        gradient[index] = (above - f(x)) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_puts_x_back"])
def puts_all_entries_back_at_the_end(f, x, eps=1e-5):
    """Entries restored only at the very end

    Each slope is measured while the entries before it are still changed. When should an entry be restored?
    """
    original, gradient = np.copy(x), np.zeros_like(x)
    for index in np.ndindex(x.shape):
        x[index] = original[index] + eps
        above = f(x)
        x[index] = original[index] - eps
        gradient[index] = (above - f(x)) / (2 * eps)
    x[...] = original
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_puts_x_back"])
def puts_all_entries_back_at_the_end__of_a_copy(f, x, eps=1e-5):
    moved, gradient = x.copy(), np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved[index] -= eps
        below = f(moved)
        moved[index] += 2 * eps
        gradient[index] = (f(moved) - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def steps_back_only_once(f, x, eps=1e-5):
    """One step back instead of two

    From x + eps, how far is it back to x - eps?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        x[index] += eps
        above = f(x)
        x[index] -= eps
        below = f(x)
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def misses_the_last_entry(f, x, eps=1e-5):
    """Last entry skipped

    The last entry of your gradient is 0. Does the loop reach it?
    """
    gradient = np.zeros_like(x)
    for index in list(np.ndindex(x.shape))[:-1]:
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_takes_any_shape"])
def skips_zeros(f, x, eps=1e-5):
    """Entries that are 0 skipped

    Where x is 0, your gradient is 0 too. A function can have a slope there as well.
    """
    gradient = np.zeros_like(x)
    for index in zip(*np.nonzero(x)):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def stops_after_the_first_entry(f, x, eps=1e-5):
    """Only the first entry measured

    Only the first entry has a slope. Is the return inside the loop?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / (2 * eps)
        return gradient
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def returns_a_flat_gradient(f, x, eps=1e-5):
    """Gradient without the shape of x

    All slopes are in one long row or column. The gradient must have the shape of x.
    """
    slopes = []
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        slopes.append((above - below) / (2 * eps))
    return np.array(slopes)


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def returns_a_flat_gradient__column(f, x, eps=1e-5):
    slopes = np.zeros((x.size, 1))
    for i, index in enumerate(np.ndindex(x.shape)):
        above, below = _both_sides(f, x, index, eps)
        slopes[i] = (above - below) / (2 * eps)
    return slopes


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def expects_a_vector(f, x, eps=1e-5):
    """Only vectors accepted

    Try a matrix: x can have any number of dimensions. What does your loop count?
    """
    gradient = np.zeros_like(x)
    for i in range(x.size):
        above, below = _both_sides(f, x, i, eps)
        gradient[i] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_takes_any_shape"])
def expects_a_matrix(f, x, eps=1e-5):
    """Only matrices accepted

    Try a vector, or three dimensions: x can have any shape. What do your loops assume?
    """
    gradient = np.zeros_like(x)
    rows, columns = x.shape
    for i in range(rows):
        for j in range(columns):
            above, below = _both_sides(f, x, (i, j), eps)
            gradient[i, j] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def gives_the_transpose(f, x, eps=1e-5):
    """Gradient transposed

    Your gradient is transposed. It must have the shape of x.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / (2 * eps)
    return gradient.T


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def works_in_float32(f, x, eps=1e-5):
    """Computed in float32

    With eps = 1e-5, float32 has no digits left for the difference: compute in float64.
    """
    x = x.astype(np.float32)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, np.float32(eps))
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_steps_to_both_sides"])
def rounds_the_slopes(f, x, eps=1e-5):
    """Slopes rounded

    Your slopes have only 4 digits: round for printing only.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = round((above - below) / (2 * eps), 4)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def cuts_the_slopes_to_whole_numbers(f, x, eps=1e-5):
    """Slopes cut to whole numbers

    All your slopes are whole numbers. What is the dtype of the array that holds them?
    """
    gradient = np.zeros(x.shape, dtype=int)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def hands_f_one_entry(f, x, eps=1e-5):
    """f called with one entry instead of the whole array

    f takes the whole array, with one entry changed. You gave it a single entry.
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        gradient[index] = (f(x[index] + eps) - f(x[index] - eps)) / (2 * eps)
    return gradient


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_finds_the_slopes"])
def returns_nothing(f, x, eps=1e-5):
    """numerical_gradient returns None

    What is the last line of your function?
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, eps)
        gradient[index] = (above - below) / (2 * eps)


# --- relative_error -------------------------------------------------------------------------------------------------


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def forgets_abs_on_top(a, b):
    """abs missing in the numerator

    Swap a and b: your error changes. What makes the difference of a and b the same as that of b and a?
    """
    return float(np.max((a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_treats_both_alike"])
def forgets_abs_below(a, b):
    """abs missing in the denominator

    For a = 1 and b = -1 your error is huge. Take absolute values before you add.
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a + b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_treats_both_alike"])
def forgets_abs_below__plain_sum(a, b):
    return float(np.max(np.abs(a - b) / np.maximum(a + b, 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def halves_the_denominator(a, b):
    """Denominator halved

    Your error is 2 times too large.
    """
    return float(np.max(np.abs(a - b) / np.maximum((np.abs(a) + np.abs(b)) / 2, 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def compares_norms(a, b):
    """Norms compared instead of entries

    The contract asks for the worst entry, not the norm of the whole array: one bad entry among many must show.
    """
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a) + np.linalg.norm(b), 1e-12))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def divides_by_the_larger(a, b):
    """Divided by the larger magnitude instead of the sum

    You divide by the larger of the two magnitudes. What does the contract divide by?
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def divides_by_a_alone(a, b):
    """Divided by a alone

    Where a is 0 your error is infinite, and swapping a and b changes it. What does the contract divide by?
    """
    return float(np.max(np.abs(a - b) / np.abs(a)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def divides_by_a_alone__guarded(a, b):
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def divides_by_b_alone(a, b):
    """Divided by b alone

    Swap a and b: your error changes. What does the contract divide by?
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_copes_with_zeros"])
def divides_zero_by_zero(a, b):
    """No smallest allowed denominator

    Where both entries are 0 you divide 0 by 0. What is the smallest denominator that the contract allows?
    """
    return float(np.max(np.abs(a - b) / (np.abs(a) + np.abs(b))))


@misconception("gradcheck.relative_error", fails=["check_relative_error_copes_with_zeros"])
def sets_the_floor_at_one(a, b):
    """Denominator never below 1

    Your error is always small for small gradients: below 1 you compute the absolute error.
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1.0)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_copes_with_zeros"])
def sets_the_floor_too_high(a, b):
    """Smallest allowed denominator too large

    For very small entries your error is too small. What is the smallest denominator that the contract allows?
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-6)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def sets_the_floor_too_high__added(a, b):
    return float(np.max(np.abs(a - b) / (np.abs(a) + np.abs(b) + 1e-8)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def averages_the_errors(a, b):
    """Mean of the errors instead of the maximum

    One bad entry among many good ones hardly changes your error. Should it be the mean or the maximum?
    """
    return float(np.mean(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def divides_mean_by_mean(a, b):
    """Mean divided by mean

    You divide a mean by a mean: the largest entries decide, and one bad small entry does not show. Divide entry by entry first.
    """
    return float(np.mean(np.abs(a - b)) / max(np.mean(np.abs(a) + np.abs(b)), 1e-12))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def takes_the_mean_absolute_error(a, b):
    """Mean absolute error instead of relative error

    Your error has the size of the gradients: nothing divides by them, and a mean hides the worst entry.
    """
    return float(np.mean(np.abs(a - b)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def adds_the_errors(a, b):
    """Sum of the errors instead of the maximum

    Your error grows with the number of entries, and can be above 1. Should it be the sum or the maximum?
    """
    return float(np.sum(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def takes_the_best_entry(a, b):
    """Minimum instead of maximum

    One good entry makes your error small. Which entry should decide?
    """
    return float(np.min(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def takes_the_first_entry(a, b):
    """Only the first entry compared

    Your error looks at the first entry only. Which entry should decide?
    """
    return float(np.ravel(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12))[0])


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def returns_all_errors(a, b):
    """All errors returned instead of the largest

    You return an array. The contract asks for one number: that of the worst entry.
    """
    return np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def returns_a_verdict(a, b):
    """True or False returned instead of the error

    You return True or False. The contract asks for the error itself; the caller decides how small is small enough.
    """
    return bool(np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)) < 1e-7)


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def returns_the_place(a, b):
    """Position of the worst entry returned

    You return where the worst entry is. The contract asks for how large its error is.
    """
    return int(np.argmax(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def compares_the_largest_entries(a, b):
    """Only the largest entries compared

    Permute b: your error stays the same. Compare each entry with the one at the same place.
    """
    return float(abs(np.max(a) - np.max(b)) / max(abs(np.max(a)) + abs(np.max(b)), 1e-12))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def takes_both_maxima_apart(a, b):
    """The two maxima taken separately

    A bad small entry beside a good large one does not show. Divide first, or take the maximum first?
    """
    return float(np.max(np.abs(a - b)) / max(np.max(np.abs(a) + np.abs(b)), 1e-12))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def squares_the_difference(a, b):
    """Difference squared

    For a = 1, b = 3 the error is 0.5. Your numerator is the square of the difference.
    """
    return float(np.max((a - b) ** 2 / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def squares_the_difference__both(a, b):
    return float(np.max((a - b) ** 2 / np.maximum(a**2 + b**2, 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def takes_the_absolute_error(a, b):
    """Absolute error instead of relative error

    Multiply a and b by 1000: your error grows. A relative error is divided by the size of the entries.
    """
    return float(np.max(np.abs(a - b)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def gives_percent(a, b):
    """Error in percent

    Your error is 100 times too large.
    """
    return float(100 * np.max(np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_measures_the_worst_entry"])
def multiplies_the_magnitudes(a, b):
    """Magnitudes multiplied instead of added

    Where one of the two is near 0 your error explodes. Are the two magnitudes added, or multiplied?
    """
    return float(np.max(np.abs(a - b) / np.maximum(np.abs(a) * np.abs(b), 1e-12)))


@misconception("gradcheck.relative_error", fails=["check_relative_error_leaves_its_inputs_alone"])
def takes_the_difference_in_place(a, b):
    """Difference written over a

    Compare a before and after the call: it contains the difference now. What does -= do to the caller's array?
    """
    scale = np.maximum(np.abs(a) + np.abs(b), 1e-12)
    a -= b
    return float(np.max(np.abs(a) / scale))


@misconception("gradcheck.relative_error", fails=["check_relative_error_leaves_its_inputs_alone"])
def takes_absolute_values_in_place(a, b):
    """Absolute values written over a and b

    Compare both arrays before and after the call: their signs are gone.
    """
    off = np.abs(a - b)
    np.abs(a, out=a)
    np.abs(b, out=b)
    return float(np.max(off / np.maximum(a + b, 1e-12)))


# --- other numbers --------------------------------------------------------------------------------------------------


@misconception("gradcheck.numerical_gradient", fails=["check_numerical_gradient_steps_to_both_sides"])
def ignores_eps__twice(f, x, eps=1e-5):
    gradient, h = np.zeros_like(x), 1e-5
    for index in np.ndindex(x.shape):
        above, below = _both_sides(f, x, index, h)
        gradient[index] = (above - below) / (2 * h)
    return gradient


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "ignores_eps__twice": 1e-5,
    "rounds_the_slopes": 4,
    "sets_the_floor_too_high": 1e-6,
    "sets_the_floor_too_high__added": 1e-8,
    "returns_a_verdict": 1e-7,
}
