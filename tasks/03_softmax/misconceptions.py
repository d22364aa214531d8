"""Slips in softmax, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception


def _softmax(logits):
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


# --- how to keep exp from overflowing -------------------------------------------------------------------------------


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits"])
def forgets_the_shift(logits):
    """No shift before exp

    What can you subtract from a whole row without changing its softmax?
    """
    exps = np.exp(logits)
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits"])
def forgets_the_shift__loop(logits):
    out = np.zeros_like(logits)
    for i, row in enumerate(logits):
        out[i] = np.exp(row) / np.sum(np.exp(row))
    return out


@misconception("losses.softmax", fails=["check_softmax_treats_rows_far_apart"])
def shares_one_maximum(logits):
    """One maximum for the whole batch

    Put one row near 1000 and one near -1000 in a batch. Whose maximum protects the second row?
    """
    exps = np.exp(logits - np.max(logits))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def takes_the_maximum_of_the_columns(logits):
    """Maximum of each column instead of each row

    You shift each column. Subtract one number per row: otherwise the softmax of the row changes.
    """
    exps = np.exp(logits - logits.max(axis=0, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits"])
def subtracts_the_mean(logits):
    """Mean subtracted instead of the maximum

    With one large logit in a row, the mean is far below it. What must be subtracted so that no exponent is positive?
    """
    exps = np.exp(logits - logits.mean(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits"])
def subtracts_the_minimum(logits):
    """Minimum subtracted instead of the maximum

    After your shift all exponents are zero or above. Should they not be zero or below?
    """
    exps = np.exp(logits - logits.min(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits", "check_softmax_treats_rows_far_apart"])
def subtracts_the_largest_magnitude(logits):
    """Largest magnitude subtracted instead of the maximum

    For rows of very negative logits everything becomes 0. Which entry of the row should end up at exponent 0?
    """
    exps = np.exp(logits - np.abs(logits).max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits"])
def subtracts_a_constant(logits):
    """A constant subtracted instead of the maximum

    A large logit minus a constant is still too large for exp. Subtract a number that depends on the row.
    """
    shifted = logits - 700 if np.any(logits > 700) else logits
    exps = np.exp(shifted)
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits", "check_softmax_treats_rows_far_apart"])
def adds_the_maximum(logits):
    """Maximum added instead of subtracted

    Your shift makes the exponents larger. Which sign brings the largest one to zero?
    """
    exps = np.exp(logits + logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def shifts_in_the_numerator_only(logits):
    """Only the numerator shifted

    You shifted the exponents in the numerator and not those in the denominator. Your rows no longer add up to 1.
    """
    return np.exp(logits - logits.max(axis=1, keepdims=True)) / np.exp(logits).sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def subtracts_after_the_exponential(logits):
    """Shift after exp instead of before

    You subtract the maximum of the exponentials. Which comes first: the shift, or exp?
    """
    exps = np.exp(logits)
    exps = exps - exps.max(axis=1, keepdims=True)
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits"])
def hides_the_overflow(logits):
    """Overflow hidden instead of avoided

    For large logits your probabilities do not add up to 1: the nan is gone, the overflow is still there.
    """
    exps = np.exp(logits)
    return np.nan_to_num(exps / exps.sum(axis=1, keepdims=True))


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits", "check_softmax_treats_rows_far_apart"])
def clips_the_logits(logits):
    """Logits clipped instead of shifted

    Two logits above your limit get the same probability, however far apart they are. Shift instead of cutting off.
    """
    exps = np.exp(np.clip(logits, -500, 500))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception(
    "losses.softmax",
    fails=[
        "check_softmax_handles_large_logits",
        "check_softmax_treats_rows_far_apart",
        "check_softmax_keeps_small_probabilities",
    ],
)
def clips_the_logits__early(logits):
    exps = np.exp(np.clip(logits, -50, 50))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_keeps_small_probabilities"])
def clips_the_shifted_logits(logits):
    """Shifted logits clipped

    All very small probabilities are equal. After the shift exp cannot overflow: what is the limit for?
    """
    exps = np.exp(np.maximum(logits - logits.max(axis=1, keepdims=True), -20))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def divides_by_the_largest_logit(logits):
    """Divided by the largest logit instead of subtracting it

    Add 5 to every logit of a row: softmax must not change, yours does. Subtract the maximum instead.
    """
    exps = np.exp(logits / logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_leaves_logits_alone"])
def shifts_the_callers_array(logits):
    """Caller's logits shifted in place

    Compare logits before and after the call: your shift has changed the caller's array.
    """
    logits -= logits.max(axis=1, keepdims=True)
    exps = np.exp(logits)
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_leaves_logits_alone"])
def writes_into_the_callers_array(logits):
    """Caller's logits overwritten

    After the call the caller's array contains your probabilities. Where is the result of exp stored?
    """
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


# --- what is summed -------------------------------------------------------------------------------------------------


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def normalises_the_columns(logits):
    """Softmax over the columns instead of the rows

    Your columns add up to 1 instead of your rows. Over which axis do the classes run?
    """
    exps = np.exp(logits - logits.max(axis=0, keepdims=True))
    return exps / exps.sum(axis=0, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"], alike="sums the columns")
def sums_over_the_batch(logits):
    """Sum over the columns instead of the rows

    Your columns add up to 1 instead of your rows. You take the maximum along one axis and the sum along the other.
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=0)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"], alike="sums the columns")
def sums_with_the_builtin(logits):
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / sum(exps)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def sums_over_everything(logits):
    """Sum over the whole batch

    The whole matrix adds up to 1, instead of each row.
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum()


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def sums_over_everything__one_maximum(logits):
    exps = np.exp(logits - np.max(logits))
    return exps / np.sum(exps)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def averages_instead_of_summing(logits):
    """Divided by the mean instead of the sum

    Your rows add up to the number of classes. What are the exponentials divided by?
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.mean(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def loses_a_dimension(logits):
    """Row sums or maxima lose a dimension

    One number per row, a sum or a maximum, has the shape (N,), which does not broadcast against (N, C) row by row.
    Which shape would?
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def loses_a_dimension__of_the_maximum(logits):
    exps = np.exp(logits - logits.max(axis=1))
    return exps / exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def expects_a_fixed_batch(logits):
    """Fixed batch size in the code

    Your code contains a fixed number of rows. Take it from the input instead.
    """
    exps = np.exp(logits - logits.max(axis=1).reshape(100, 1))
    return exps / exps.sum(axis=1).reshape(100, 1)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def expects_a_fixed_batch__tile(logits):
    exps = np.exp(logits)
    return exps / np.tile(exps.sum(axis=1), (10, 1)).T


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def forgets_to_divide(logits):
    """exp not divided by its sum

    Your rows do not add up to 1: the largest entry of each is 1. What is missing after exp?
    """
    return np.exp(logits - logits.max(axis=1, keepdims=True))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def divides_the_logits(logits):
    """exp missing in the numerator

    You divide the logits by the sum of their exponentials. A share is one exp divided by the sum of all.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted / np.exp(shifted).sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def divides_the_logits__unshifted(logits):
    return logits / np.exp(logits).sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def divides_by_the_logits_sum(logits):
    """Divided by the sum of the logits

    Your rows do not add up to 1. Which numbers have to be summed: the logits, or their exponentials?
    """
    return np.exp(logits - logits.max(axis=1, keepdims=True)) / logits.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_rows_sum_to_one", "check_softmax_keeps_the_float_type"])
def adds_an_epsilon(logits):
    """Epsilon in the denominator

    Your rows add up to slightly less than 1. After the shift the sum is at least 1: what is the epsilon for?
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / (exps.sum(axis=1, keepdims=True) + 1e-8)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def adds_one_to_the_sum(logits):
    """1 added to the denominator

    Each row adds up to less than 1: the denominator has one term too many. Where does the 1 come from?
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / (1 + exps.sum(axis=1, keepdims=True))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def adds_one_to_the_sum__unshifted(logits):
    exps = np.exp(logits)
    return exps / (1 + exps.sum(axis=1, keepdims=True))


@misconception("losses.softmax", fails=["check_softmax_keeps_small_probabilities"])
def clips_the_probabilities(logits):
    """Probabilities clipped

    All very small probabilities are equal, and the rows no longer add up to 1. What is the limit for?
    """
    return np.clip(_softmax(logits), 1e-7, 1 - 1e-7)


@misconception("losses.softmax", fails=["check_softmax_keeps_small_probabilities"])
def clips_the_probabilities__lower(logits):
    return np.maximum(_softmax(logits), 1e-12)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def divides_by_the_squares(logits):
    """Divided by the root of the squares

    The squares of your rows add up to 1, not the entries.
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / np.linalg.norm(exps, axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def leaves_out_its_own_term(logits):
    """Own term missing from the denominator

    Your probabilities can be above 1. Does the sum in the denominator contain the term in the numerator?
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exps / (exps.sum(axis=1, keepdims=True) - exps)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def treats_only_the_first_row(logits):
    """Only the first row treated

    Only the first row is a softmax. Does the loop return too early?
    """
    out = np.zeros_like(logits)
    for i, row in enumerate(logits):
        exps = np.exp(row - row.max())
        out[i] = exps / exps.sum()
        return out
    return out


# --- what softmax means ---------------------------------------------------------------------------------------------


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def forgets_the_exponential(logits):
    """exp is missing

    Your probabilities can be negative. What turns any number into a positive one before you divide?
    """
    return logits / logits.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def treats_each_entry_alone(logits):
    """Sigmoid of each entry instead of softmax

    Your rows do not add up to 1: each entry is treated alone, as by a sigmoid.
    """
    return 1 / (1 + np.exp(-logits))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def applies_softmax_twice(logits):
    """Softmax applied twice

    Your probabilities are much too even. How often is softmax applied?
    """
    return _softmax(_softmax(logits))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def uses_powers_of_two(logits):
    """Powers of 2 instead of e

    For two logits that differ by 1, the ratio of your probabilities is 2; it should be e.
    """
    powers = 2.0 ** (logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def lets_the_smallest_win(logits):
    """Sign of the exponent reversed

    The smallest logit gets your largest probability. Look at the sign of the exponent.
    """
    return _softmax(-logits)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def rounds_the_probabilities(logits):
    """Probabilities rounded

    Your probabilities have a few digits alone: round for printing only.
    """
    return np.round(_softmax(logits), 4)


@misconception("losses.softmax", fails=["check_softmax_keeps_the_float_type"])
def always_gives_float64(logits):
    """Result always float64

    float32 in, float64 out: keep the type of the input.
    """
    return _softmax(logits).astype(np.float64)


@misconception("losses.softmax", fails=["check_softmax_keeps_the_float_type"])
def always_gives_float64__converts_first(logits):
    return _softmax(np.array(logits, dtype=np.float64))


@misconception("losses.softmax", fails=["check_softmax_keeps_small_probabilities", "check_softmax_keeps_the_float_type"])
def always_gives_float32(logits):
    """Result always float32

    float64 in, float32 out: your probabilities have only 7 right digits. Keep the type of the input.
    """
    return _softmax(logits.astype(np.float32))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def decides_hard(logits):
    """argmax instead of softmax

    For two logits that differ by 1, the probabilities should have the ratio e; yours are 1 and 0.
    """
    return (logits == logits.max(axis=1, keepdims=True)).astype(logits.dtype)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def returns_logarithms(logits):
    """Log-softmax instead of softmax

    Your values are below zero: they are the logarithms of the probabilities.
    """
    return np.log(_softmax(logits))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def returns_logarithms__log_sum_exp(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def returns_the_classes(logits):
    """Classes returned instead of probabilities

    You return one class per row. softmax gives one probability per class; who picks the class?
    """
    return _softmax(logits).argmax(axis=1)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def lowers_the_temperature(logits):
    """Logits multiplied by a constant

    Your probabilities are those of logits that were multiplied by a constant.
    """
    return _softmax(logits * 10)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def divides_by_the_number_of_classes(logits):
    """Logits divided by the number of classes

    Your probabilities are too even, as if every logit were divided by the number of classes.
    """
    return _softmax(logits / logits.shape[1])


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def standardises_the_logits(logits):
    """Logits standardised

    Double all logits: your probabilities stay the same, but they should become sharper.
    """
    return _softmax((logits - logits.mean(axis=1, keepdims=True)) / (logits.std(axis=1, keepdims=True) + 1e-8))


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def sorts_the_row(logits):
    """Probabilities sorted

    Your probabilities are sorted by size. Each has to stay with its own class.
    """
    return np.sort(_softmax(logits), axis=1)[:, ::-1]


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def gives_the_transpose(logits):
    """Result transposed

    Your result has one column per example. It should have one row per example, like the logits.
    """
    exps = np.exp(logits.T - logits.max(axis=1))
    return exps / exps.sum(axis=0)


@misconception("losses.softmax", fails=["check_softmax_gives_the_exponential_shares"])
def returns_nothing(logits):
    """softmax returns None

    What is the last line of your function?
    """
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    exps /= exps.sum(axis=1, keepdims=True)


@misconception("losses.softmax", fails=["check_softmax_handles_large_logits", "check_softmax_takes_any_batch"])
def drops_the_batch_dimension(logits):
    """A batch of one loses its batch dimension

    For a batch of one the result has one dimension. Return one row per example, even for a single example.
    """
    return np.squeeze(_softmax(logits))


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "subtracts_a_constant": 700,
    "clips_the_logits": 500,
    "clips_the_logits__early": 50,
    "clips_the_shifted_logits": 20,
    "adds_an_epsilon": 1e-8,
    "clips_the_probabilities": 1e-7,
    "clips_the_probabilities__lower": 1e-12,
    "rounds_the_probabilities": 4,
    "lowers_the_temperature": 10,
    "standardises_the_logits": 1e-8,
}
