"""Slips in ReLU, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.layers import ReLU

# --- forward --------------------------------------------------------------------------------------------------------


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def leaks_below_zero(self, x):
    """Leaky ReLU instead of ReLU

    For -3 you return a small negative number. ReLU lets nothing below zero through.
    """
    self.positive = x > 0
    return np.where(x > 0, x, 0.01 * x)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def leaks_below_zero__maximum(self, x):
    self.positive = x > 0
    return np.maximum(0.01 * x, x)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def takes_the_absolute_value(self, x):
    """Absolute value instead of ReLU

    For -3 you return 3. What should a negative input become?
    """
    self.positive = x > 0
    return np.abs(x)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def stops_at_one(self, x):
    """Output cut off at 1

    For 5 you return 1: ReLU has no upper limit.
    """
    self.positive = x > 0
    return np.clip(x, 0, 1)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def stops_at_six(self, x):
    """ReLU6 instead of ReLU

    For 10 you return 6: ReLU has no upper limit.
    """
    self.positive = x > 0
    return np.minimum(np.maximum(x, 0), 6)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_returns_a_new_array"], alike="changes its input")
def zeroes_the_callers_array(self, x):
    """Caller's x overwritten by forward

    Compare x before and after: forward must not change it.
    """
    self.positive = x > 0
    x[x < 0] = 0
    return x


@misconception("layers.ReLU.forward", fails=["check_relu_forward_returns_a_new_array"], alike="changes its input")
def writes_the_result_over_its_input(self, x):
    self.positive = x > 0
    return np.maximum(x, 0, out=x)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_returns_a_new_array"], alike="changes its input")
def multiplies_its_input_in_place(self, x):
    self.positive = x > 0
    x *= self.positive
    return x


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def keeps_the_smaller(self, x):
    """Minimum instead of maximum

    Your outputs are never above zero. Which of x and 0 should be kept?
    """
    self.positive = x > 0
    return np.minimum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def squashes_like_a_sigmoid(self, x):
    """Sigmoid instead of ReLU

    For 0 you return 0.5: that is the sigmoid. ReLU has a corner at zero.
    """
    self.positive = x > 0
    return 1 / (1 + np.exp(-x))


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def squashes_like_tanh(self, x):
    """tanh instead of ReLU

    For 5 you return less than 1, and negative inputs stay negative: that is tanh.
    """
    self.positive = x > 0
    return np.tanh(x)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def rounds_the_corner(self, x):
    """Softplus instead of ReLU

    For 0 you return ln 2: that is the softplus. ReLU has a corner at zero.
    """
    self.positive = x > 0
    return np.logaddexp(0, x)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def bends_below_zero(self, x):
    """ELU instead of ReLU

    For very negative inputs you return -1: that is the ELU. ReLU lets nothing below zero through.
    """
    self.positive = x > 0
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def takes_the_maximum_of_each_column(self, x):
    """Maximum of each column instead of each entry

    You return the largest entry of each column. Compare each entry with 0 instead of with the others.
    """
    self.positive = x > 0
    return np.max(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def returns_the_mask(self, x):
    """forward returns the mask

    For 5 you return 1. An active unit passes its own value on.
    """
    self.positive = x > 0
    return self.positive.astype(x.dtype)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def returns_the_mask__bool(self, x):
    self.positive = x > 0
    return x > 0


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def picks_the_positive_entries(self, x):
    """Entries below zero dropped instead of set to 0

    The output has a different shape from the input. Entries below zero become 0; they are not removed.
    """
    self.positive = x > 0
    return x[x > 0]


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def flattens_the_result(self, x):
    """Output flattened

    The output is one long row. It must have the shape of the input.
    """
    self.positive = x > 0
    return np.array([max(value, 0.0) for value in x.ravel()])


@misconception("layers.ReLU.forward", fails=["check_relu_takes_any_shape"])
def works_on_matrices_only(self, x):
    """Only two-dimensional arrays accepted

    ReLU works on arrays of any shape. How many dimensions does your loop assume?
    """
    self.positive = x > 0
    out = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] if x[i, j] > 0 else 0.0
    return out


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def misses_the_last_column(self, x):
    """Last column skipped

    The last column is returned unchanged. Does the loop reach it?
    """
    self.positive = x > 0
    out = x.copy()
    part = out[..., :-1]
    part[part < 0] = 0
    return out


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def truncates_to_whole_numbers(self, x):
    """Output cut to whole numbers

    For 0.5 you return 0. What is the dtype of the array that holds your result?
    """
    self.positive = x > 0
    return np.maximum(x, 0).astype(int)


@misconception("layers.ReLU.forward", fails=["check_relu_takes_any_shape"])
def computes_in_half_the_digits(self, x):
    """Output computed in float32

    float64 in, float32 out: keep the type of the input.
    """
    self.positive = x > 0
    return np.maximum(x, 0).astype(np.float32)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def starts_at_one(self, x):
    """Threshold at 1 instead of 0

    For 0.5 you return 0. Above which value is a unit active?
    """
    self.positive = x > 0
    return np.where(x > 1, x, 0.0)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def turns_the_sign(self, x):
    """Negative entries kept, with their sign reversed

    You let the negative entries through, with their sign reversed.
    """
    self.positive = x > 0
    return np.maximum(-x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def squares_the_result(self, x):
    """Output squared

    For 3 you return 9. An active unit passes its own value on.
    """
    self.positive = x > 0
    return np.maximum(x, 0) * x


@misconception("layers.ReLU.forward", fails=["check_relu_forward_returns_a_new_array"])
def hands_back_the_callers_array(self, x):
    """Caller's own array returned

    If nothing is below zero, you return the caller's own array: changing one changes the other. Return a new one.
    """
    self.positive = x > 0
    if self.positive.all():
        return x
    return np.maximum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def returns_nothing_from_forward(self, x):
    """forward returns None

    What does the next layer need from forward?
    """
    self.positive = x > 0
    self.out = np.maximum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_backward_passes_where_x_was_positive"])
def remembers_nothing(self, x):
    """Nothing kept for backward

    backward needs to know which entries were above zero. Where could forward leave that?
    """
    return np.maximum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_backward_is_about_the_last_forward"])
def makes_its_mask_once(self, x):
    """Mask of the first call kept forever

    Call forward twice with different inputs: the mask belongs to the first.
    """
    if not hasattr(self, "positive"):
        self.positive = x > 0
    return np.maximum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_returns_a_new_array"])
def reuses_its_result(self, x):
    """One result array for all calls of forward

    The next forward overwrites what the one before returned. The caller may still need that: make a new array each time.
    """
    self.positive = x > 0
    if not hasattr(self, "result") or (self.result.shape, self.result.dtype) != (x.shape, x.dtype):
        self.result = np.empty_like(x)
    return np.maximum(x, 0, out=self.result)


@misconception("layers.ReLU.forward", fails=["check_relu_backward_is_about_the_last_forward"])
def shares_its_mask(self, x):
    """Mask shared by all ReLUs

    With two ReLUs, the backward of the first uses the mask of the second. Does each object remember its own?
    """
    ReLU.positive = x > 0
    return np.maximum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_backward_passes_where_x_was_positive"], alike="derivative 1 everywhere")
def takes_the_mask_from_its_output(self, x):
    """Gradient passes where the unit was off

    Your backward lets every gradient through, also where the unit was off. If there is a mask, print it: can it be False?
    """
    out = np.maximum(x, 0)
    self.positive = out >= 0
    return out


@misconception("layers.ReLU.forward", fails=["check_relu_passes_no_gradient_at_zero"])
def lets_zero_through(self, x):
    """Derivative at 0 taken as 1

    At exactly 0 the derivative is taken as 0. What does your mask say there?
    """
    self.positive = x >= 0
    return np.maximum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_passes_no_gradient_at_zero"])
def takes_half_at_zero(self, x):
    """Derivative at 0 taken as 0.5

    At exactly 0 your derivative is 0.5. The contract takes it as 0.
    """
    self.positive = np.heaviside(x, 0.5)
    return np.maximum(x, 0)


@misconception("layers.ReLU.forward", fails=["check_relu_passes_no_gradient_at_zero", "check_relu_takes_any_shape"])
def ignores_small_activations(self, x):
    """Small positive entries masked in backward

    Small positive entries pass in forward, but get no gradient back. Above which value is a unit active?
    """
    self.positive = x > 1e-3
    return np.maximum(x, 0)


# --- backward -------------------------------------------------------------------------------------------------------


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def takes_the_sign_for_the_slope(self, dout):
    """Sign of x used as the derivative

    Where the unit was off your slope is -1: that is the absolute value's. What is the slope of a flat line?
    """
    return np.where(self.positive, dout, -dout)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def masks_by_the_gradients_sign(self, dout):
    """Gradients masked by their own sign

    You zero negative gradients. Which array decides whether the unit was on?
    """
    return np.where(dout > 0, dout, 0.0)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def masks_by_the_gradients_sign__maximum(self, dout):
    return np.maximum(dout, 0)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def masks_by_both_signs(self, dout):
    """Negative gradients of active units set to 0

    Negative gradients of active units get lost. Which array decides whether the unit was on?
    """
    return dout * self.positive * (dout > 0)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"], alike="derivative 1 everywhere")
def hands_dout_on(self, dout):
    return dout


@misconception("layers.ReLU", fails=["check_relu_backward_passes_where_x_was_positive"])
class multiplies_by_its_output:
    """dout multiplied by the output instead of the mask

    The derivative of ReLU at 3 is 1, not 3. What do you multiply dout by?
    """

    def forward(self, x):
        self.out = np.maximum(x, 0)
        return self.out

    def backward(self, dout):
        return dout * self.out


@misconception("layers.ReLU", fails=["check_relu_backward_passes_where_x_was_positive"])
class multiplies_by_its_input:
    """dout multiplied by the input instead of the mask

    Your gradient grows with the size of the input. The slope of ReLU is the same at 3 as at 30.
    """

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout * self.x


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def turns_the_mask_round(self, dout):
    """Mask inverted

    Your gradient is 0 where it should pass, and passes where it should be 0.
    """
    return dout * ~self.positive


@misconception("layers.ReLU", fails=["check_relu_backward_passes_where_x_was_positive"])
class turns_the_mask_round__in_place:
    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, dout):
        dx = np.array(dout, copy=True)
        dx[self.x > 0] = 0
        return dx


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def returns_the_derivative_alone(self, dout):
    """Local slope returned without dout

    You return 0 and 1. In the chain rule, what is the local slope multiplied by?
    """
    return self.positive.astype(float)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def multiplies_as_matrices(self, dout):
    """Matrix product instead of entry by entry

    ReLU works on each entry alone. Should entries get mixed on the way back?
    """
    return dout @ self.positive.T


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def multiplies_as_matrices__square(self, dout):
    return dout.T @ self.positive.astype(float)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def leaks_on_the_way_back(self, dout):
    """Leaky ReLU's derivative

    A unit that was off lets a small part of the gradient through. What was its slope?
    """
    return np.where(self.positive, dout, 0.01 * dout)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def has_one_mask_per_column(self, dout):
    """One mask value for each column

    All rows get the same mask. Each entry was on or off by itself.
    """
    return dout * self.positive.any(axis=0)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def has_one_mask_per_row(self, dout):
    """One mask value for each row

    All entries of a row get the same mask. Each entry was on or off by itself.
    """
    return dout * self.positive.any(axis=-1, keepdims=True)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def uses_the_first_rows_mask(self, dout):
    """First example's mask used for all

    Every example gets the mask of the first one. Each entry was on or off by itself.
    """
    return dout * self.positive[0]


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def returns_nothing_from_backward(self, dout):
    """backward returns None

    What does the layer before this one need from backward?
    """
    self.dx = dout * self.positive


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def averages_over_the_batch(self, dout):
    """Gradient divided by N a second time

    Your gradient is N times too small. The loss has divided by N already: dout contains that factor.
    """
    return dout * self.positive / len(dout)


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def picks_the_active_gradients(self, dout):
    """Gradients of inactive units dropped instead of set to 0

    The gradient has a different shape from the input. Units that were off get a 0; they are not removed.
    """
    return dout[self.positive]


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def flips_the_sign(self, dout):
    """Gradient has the opposite sign

    The slope of an active unit is 1. Which slope does your code use?
    """
    return -dout * self.positive


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def adds_the_mask(self, dout):
    """Mask added instead of multiplied

    Units that were off still pass their gradient on. In the chain rule, are slopes added or multiplied?
    """
    return dout + self.positive


@misconception("layers.ReLU", fails=["check_relu_forward_returns_a_new_array"])
class writes_the_mask_over_x:
    """Mask written over x

    Compare x before and after backward: it contains zeros and ones now. The layer before this one still needs its
    output.
    """

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        slope = self.x
        slope[slope <= 0] = 0
        slope[slope > 0] = 1
        return dout * slope


@misconception("layers.ReLU", fails=["check_relu_forward_returns_a_new_array"])
class writes_the_mask_over_its_result:
    """Mask written over forward's result

    backward changes the array that forward returned, and the next layer has kept that array as its input.
    """

    def forward(self, x):
        self.out = np.maximum(x, 0)
        return self.out

    def backward(self, dout):
        self.out[self.out > 0] = 1
        return dout * self.out


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def derives_the_gradient(self, dout):
    """ReLU's derivative taken at dout instead of x

    Gradients above zero became 1, the others 0: you took ReLU's derivative at dout. At which array should you take it?
    """
    dx = np.array(dout)
    dx[dx > 0] = 1
    dx[dx <= 0] = 0
    return dx


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def averages_the_mask(self, dout):
    """Mask averaged over the batch

    All rows of a column get the same slope: the share of rows that were on. Each entry was on or off by itself.
    """
    return dout * self.positive.mean(axis=0)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def asks_the_whole_array(self, x):
    """max() or if on a whole array

    max() and if need a single True or False, and x > 0 is an array of them. Which NumPy function compares entry by entry?
    """
    self.positive = x > 0
    return max(0, x)


@misconception("layers.ReLU.forward", fails=["check_relu_forward_zeroes_what_is_negative"])
def asks_the_whole_array__if(self, x):
    self.positive = x > 0
    return x if x > 0 else 0


@misconception("layers.ReLU.backward", fails=["check_relu_backward_passes_where_x_was_positive"])
def asks_the_whole_array__backward(self, dout):
    return dout if self.positive else 0


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {"leaks_below_zero": 0.01, "ignores_small_activations": 1e-3, "leaks_on_the_way_back": 0.01}
