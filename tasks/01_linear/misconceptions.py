"""Slips in Linear, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception


def _start(self, out_features, W):
    self.W = W
    self.b = np.zeros(out_features)
    self.dW = np.zeros_like(self.W)
    self.db = np.zeros_like(self.b)


# --- __init__ -------------------------------------------------------------------------------------------------------


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def spreads_like_glorot(self, in_features, out_features, rng, *_):
    """Glorot (Xavier) initialisation instead of He

    The spread of W depends on out_features too. He initialisation depends only on the number of inputs.
    """
    _start(self, out_features, rng.normal(0, np.sqrt(2 / (in_features + out_features)), (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def spreads_like_glorot__uniform(self, in_features, out_features, rng, *_):
    limit = np.sqrt(6 / (in_features + out_features))
    _start(self, out_features, rng.uniform(-limit, limit, (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def spreads_like_pytorch(self, in_features, out_features, rng, *_):
    """PyTorch's default initialisation instead of He

    W is uniform between -1/sqrt(in) and 1/sqrt(in), as in PyTorch: its standard deviation is sqrt(1 / (3 in)). What is He's?
    """
    limit = 1 / np.sqrt(in_features)
    _start(self, out_features, rng.uniform(-limit, limit, (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def scales_by_the_outputs(self, in_features, out_features, rng, *_):
    """Weights scaled by the number of outputs

    Which dimension of W is summed over in x @ W? Divide the variance by that count.
    """
    _start(self, out_features, rng.standard_normal((in_features, out_features)) * np.sqrt(2.0 / out_features))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def leaves_the_count_outside_the_root(self, in_features, out_features, rng, *_):
    """Number of inputs left outside the square root

    Check what is under the square root: is it the 2 alone, or the whole fraction?
    """
    _start(self, out_features, rng.standard_normal((in_features, out_features)) * np.sqrt(2.0) / in_features)


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def leaves_the_two_outside_the_root(self, in_features, out_features, rng, *_):
    """The 2 of He initialisation left outside the square root

    The spread of W is sqrt(2) times too large. Check what is under the square root.
    """
    _start(self, out_features, rng.standard_normal((in_features, out_features)) * 2 / np.sqrt(in_features))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def forgets_the_two(self, in_features, out_features, rng, *_):
    """The 2 of He initialisation is missing

    The spread of W fits a layer without ReLU. ReLU removes half of the signal: how does He initialisation make up for it?
    """
    _start(self, out_features, rng.normal(0.0, 1 / np.sqrt(in_features), (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def takes_the_spread_for_uniform_bounds(self, in_features, out_features, rng, *_):
    """Standard deviation used as the bound of a uniform range

    A uniform distribution on (-a, a) has the standard deviation a / sqrt(3). Is that the spread you wanted?
    """
    bound = np.sqrt(2.0 / in_features)
    _start(self, out_features, rng.uniform(-bound, bound, size=(in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def takes_the_variance_for_the_spread(self, in_features, out_features, rng, *_):
    """Variance used as the standard deviation

    normal() expects a standard deviation. Did you pass it a variance?
    """
    _start(self, out_features, rng.normal(0.0, 2.0 / in_features, (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def multiplies_by_the_count(self, in_features, out_features, rng, *_):
    """Weights grow with the number of inputs

    The more inputs a unit has, the larger your weights are. Should they not become smaller?
    """
    _start(self, out_features, rng.standard_normal((in_features, out_features)) * np.sqrt(in_features / 2))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def leaves_the_weights_unscaled(self, in_features, out_features, rng, *_):
    """Weights not scaled by the number of inputs

    The spread of W is 1 for every size of layer. How should it depend on the number of inputs?
    """
    _start(self, out_features, rng.standard_normal((in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def scales_by_a_fixed_number(self, in_features, out_features, rng, *_):
    """Weights scaled by a fixed number

    The spread of W is 0.01 for every size of layer. How should it depend on the number of inputs?
    """
    _start(self, out_features, 0.01 * rng.standard_normal((in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def draws_between_halves(self, in_features, out_features, rng, *_):
    """Weights drawn from a fixed range

    W is uniform between -0.5 and 0.5, however many inputs there are. What should the spread depend on?
    """
    _start(self, out_features, rng.random((in_features, out_features)) - 0.5)


@misconception(
    "layers.Linear.__init__",
    fails=["check_linear_starts_from_zeros", "check_linear_draws_he_weights", "check_linear_draws_from_rng"],
    alike="zero weights",
)
def starts_all_weights_at_zero(self, in_features, out_features, rng, *_):
    """All weights start at zero

    All weights start at zero. If all units start equal, what can make them become different?
    """
    _start(self, out_features, np.zeros((in_features, out_features)))


@misconception(
    "layers.Linear.__init__",
    fails=["check_linear_starts_from_zeros", "check_linear_draws_he_weights", "check_linear_draws_from_rng"],
    alike="zero weights",
)
def divides_in_whole_numbers(self, in_features, out_features, rng, *_):
    scale = np.sqrt(2 // in_features)
    _start(self, out_features, rng.normal(0, 1, (in_features, out_features)) * scale)


@misconception(
    "layers.Linear.__init__",
    fails=["check_linear_starts_from_zeros", "check_linear_draws_he_weights", "check_linear_draws_from_rng"],
)
def starts_all_weights_equal(self, in_features, out_features, rng, *_):
    """All weights start equal

    All entries of W are the same number. If all units start equal, what can make them become different?
    """
    _start(self, out_features, np.full((in_features, out_features), np.sqrt(2.0 / in_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def repeats_one_column(self, in_features, out_features, rng, *_):
    """All units start with the same weights

    Every column of W is the same: all units start equal. What can make them become different?
    """
    column = rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, 1))
    _start(self, out_features, column * np.ones((1, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def draws_positive_weights(self, in_features, out_features, rng, *_):
    """No negative weights

    No weight is below zero. Around which number should the weights be spread?
    """
    _start(self, out_features, rng.random((in_features, out_features)) * np.sqrt(2.0 / in_features))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_he_weights"])
def draws_positive_weights__abs(self, in_features, out_features, rng, *_):
    _start(self, out_features, np.abs(rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features))))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_from_rng"])
def ignores_the_generator(self, in_features, out_features, rng, *_):
    """Random numbers do not come from the given rng

    The same seed gives different weights each time. Which generator were you given, and which one do you draw from?
    """
    _start(self, out_features, np.random.randn(in_features, out_features) * np.sqrt(2.0 / in_features))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_from_rng"])
def draws_from_a_seed_of_its_own(self, in_features, out_features, rng, *_):
    """Fixed seed instead of the given rng

    Every layer gets the same weights, whatever generator it is given. Which one do you draw from?
    """
    rng = np.random.default_rng(0)
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_draws_from_rng"])
def draws_from_a_seed_of_its_own__global(self, in_features, out_features, rng, *_):
    np.random.seed(42)
    _start(self, out_features, np.random.randn(in_features, out_features) * np.sqrt(2.0 / in_features))


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def starts_the_biases_above_zero(self, in_features, out_features, rng, *_):
    """Biases start above zero

    Look at b right after the layer is made: the contract asks for zeros.
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.b = np.full(out_features, 0.01)


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def starts_the_biases_at_one(self, in_features, out_features, rng, *_):
    """Biases start at one

    All biases start at 1. Look at b right after the layer is made: what does the contract ask for?
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.b = np.ones(out_features)


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def draws_the_biases(self, in_features, out_features, rng, *_):
    """Biases start at random

    Your biases start at random values. W alone has to be random; what does the contract ask of b?
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.b = rng.normal(0.0, np.sqrt(2.0 / in_features), out_features)


@misconception(
    "layers.Linear.__init__",
    fails=[
        "check_linear_forward_adds_the_bias",
        "check_linear_backward_sums_dW_and_db",
        "check_linear_backward_returns_dx",
        "check_linear_starts_from_zeros",
    ],
)
def has_a_bias_for_each_input(self, in_features, out_features, rng, *_):
    """One bias per input instead of one per output

    b is added to the outputs of the layer. How many entries does it need?
    """
    _start(self, in_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def keeps_b_as_a_row(self, in_features, out_features, rng, *_):
    """b has the shape (1, out) instead of (out,)

    b has two dimensions. The contract asks for one number per output: shape (out,).
    """
    _start(self, (1, out_features), rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def starts_without_gradients(self, in_features, out_features, rng, *_):
    """dW and db start as None

    dW and db are None until the first backward. Code that asks for gradients earlier should get zeros of their shapes.
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.dW = None
    self.db = None


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def never_sets_the_gradients(self, in_features, out_features, rng, *_):
    """dW and db missing from a fresh layer

    A fresh layer has no dW and no db. Which shapes should they have, and what should be in them?
    """
    self.W = rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features))
    self.b = np.zeros(out_features)


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def starts_the_gradients_as_single_zeros(self, in_features, out_features, rng, *_):
    """dW and db start as single numbers

    dW and db start as single numbers. A gradient has the shape of its parameter, from the start.
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.dW = self.db = 0.0


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def starts_the_gradients_from_the_weights(self, in_features, out_features, rng, *_):
    """dW starts as W itself

    dW starts as the array W itself. What is the gradient before backward has run?
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.dW, self.db = self.W, self.b


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def starts_the_gradients_empty(self, in_features, out_features, rng, *_):
    """Gradients do not start at zero

    A fresh dW contains numbers other than zero. No backward has run yet: what should it contain?
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.dW = np.ones_like(self.W)
    self.db = np.ones_like(self.b)


@misconception("layers.Linear.__init__", fails=["check_linear_starts_from_zeros"])
def turns_the_shape_of_dW(self, in_features, out_features, rng, *_):
    """dW starts with the shape of W transposed

    dW starts with a different shape from W. A gradient has the shape of its parameter.
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.dW = np.zeros((out_features, in_features))


@misconception("layers.Linear.__init__", fails=["check_linear_works_in_float64"])
def keeps_half_the_digits(self, in_features, out_features, rng, *_):
    """Parameters in float32

    The parameters are float32. The contract asks for float64 unless the caller asks for less.
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
    self.W, self.b = self.W.astype(np.float32), self.b.astype(np.float32)


@misconception(
    "layers.Linear.__init__",
    fails=[
        "check_linear_forward_adds_the_bias",
        "check_linear_backward_sums_dW_and_db",
        "check_linear_backward_returns_dx",
        "check_linear_starts_from_zeros",
        "check_linear_draws_he_weights",
    ],
)
def swaps_the_shape_of_W(self, in_features, out_features, rng, *_):
    """W created with the shape (out, in)

    W has the shape (out, in). With one row per example, x @ W needs it the other way round.
    """
    _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (out_features, in_features)))


@misconception(
    "layers.Linear",
    fails=[
        "check_linear_forward_adds_the_bias",
        "check_linear_backward_sums_dW_and_db",
        "check_linear_backward_returns_dx",
        "check_linear_starts_from_zeros",
        "check_linear_draws_he_weights",
    ],
)
class stores_W_as_out_by_in:
    """W stored as (out, in) throughout the layer

    W has the shape (out, in). The contract, and code that reads W from outside, expects one row per input.
    """

    def __init__(self, in_features, out_features, rng, *_):
        _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (out_features, in_features)))

    def forward(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.x
        self.db = dout.sum(axis=0)
        return dout @ self.W


# --- forward --------------------------------------------------------------------------------------------------------


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def forgets_the_bias(self, x):
    """Bias not added

    Your output is exactly the weighted sum of the inputs. Which of the layer's two parameters is not in it?
    """
    self.x = x
    return x @ self.W


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def subtracts_the_bias(self, x):
    """Bias subtracted instead of added

    The bias enters with the opposite sign.
    """
    self.x = x
    return x @ self.W - self.b


@misconception(
    "layers.Linear.forward",
    fails=[
        "check_linear_forward_adds_the_bias",
        "check_linear_starts_from_zeros",
        "check_linear_draws_he_weights",
        "check_linear_draws_from_rng",
    ],
)
def multiplies_by_the_bias(self, x):
    """Multiplication by the bias instead of addition

    With b = 0 your output is zero everywhere. How does the bias enter?
    """
    self.x = x
    return x @ self.W * self.b


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def adds_the_bias_to_the_weights(self, x):
    """Bias added to the weights before the product

    Your bias is multiplied by the inputs too. Which comes first: the product, or the sum?
    """
    self.x = x
    return x @ (self.W + self.b)


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def adds_one_bias_to_all_outputs(self, x):
    """One bias shared by all outputs

    All outputs get the same bias. Each unit has one of its own.
    """
    self.x = x
    return x @ self.W + self.b[0]


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def adds_one_bias_to_all_outputs__mean(self, x):
    self.x = x
    return x @ self.W + np.mean(self.b)


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def adds_the_sum_of_the_biases(self, x):
    """Sum of all biases added to every output

    Every output gets the sum of all biases. Each unit has one of its own.
    """
    self.x = x
    return x @ self.W + self.b.sum()


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def adds_the_bias_once_per_input(self, x):
    """Bias added once per input

    The bias is added as many times as the layer has inputs. Is it inside the loop over the inputs?
    """
    self.x = x
    out = np.zeros((len(x), len(self.b)))
    for i in range(x.shape[1]):
        out += x[:, i : i + 1] * self.W[i] + self.b
    return out


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def adds_the_bias_to_the_first_row(self, x):
    """Bias added to the first example only

    The first example gets the bias, the others do not.
    """
    self.x = x
    out = x @ self.W
    out[0] += self.b
    return out


@misconception("layers.Linear.forward", fails=["check_linear_answers_for_the_last_batch"])
def keeps_the_first_input_only(self, x):
    """Only the first x is kept

    Call forward twice with different inputs, then backward: dW belongs to the first input.
    """
    if not hasattr(self, "x"):
        self.x = x
    return x @ self.W + self.b


@misconception("layers.Linear.forward", fails=["check_linear_backward_sums_dW_and_db", "check_linear_backward_returns_dx"])
def forgets_to_keep_x(self, x):
    """x not kept for backward

    backward needs the input of forward, and the layer does not have it. Where could forward leave it?
    """
    return x @ self.W + self.b


@misconception("layers.Linear.forward", fails=["check_linear_backward_sums_dW_and_db"])
def keeps_the_output_for_x(self, x):
    """Output kept instead of x

    What forward remembers is its output. Which array is multiplied by dout to give dW?
    """
    self.x = x @ self.W + self.b
    return self.x


@misconception("layers.Linear.forward", fails=["check_linear_leaves_its_inputs_alone"])
def reuses_its_result(self, x):
    """One result array for all calls of forward

    The next forward overwrites what the one before returned. The caller may still need that: make a new array each time.
    """
    self.x = x
    if not (hasattr(self, "result") and self.result.shape == (len(x), self.W.shape[1])):
        self.result = np.empty((len(x), self.W.shape[1]))
    np.matmul(x, self.W, out=self.result)
    self.result += self.b
    return self.result


@misconception("layers.Linear.forward", fails=["check_linear_answers_for_the_last_batch"])
def keeps_x_for_all_layers_at_once(self, x):
    """x shared by all layers

    With two layers, the backward of the first uses the input of the second. Does each object remember its own?
    """
    type(self).x = x
    return x @ self.W + self.b


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias", "check_linear_backward_sums_dW_and_db"])
def scales_the_callers_input(self, x):
    """Caller's x scaled in place

    Compare x before and after the call: you changed your caller's data.
    """
    x /= 255.0
    self.x = x
    return x @ self.W + self.b


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias", "check_linear_backward_sums_dW_and_db"])
def centres_the_callers_input(self, x):
    """Caller's x centred in place

    Compare x before and after the call: you subtracted the mean from your caller's data.
    """
    x -= x.mean()
    self.x = x
    return x @ self.W + self.b


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias", "check_linear_backward_sums_dW_and_db"])
def standardises_the_input(self, x):
    """Input standardised

    Your output stays the same when x is doubled. A linear layer takes its input as it comes.
    """
    self.x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8)
    return self.x @ self.W + self.b


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def averages_over_the_inputs(self, x):
    """Mean over the inputs instead of a sum

    The weighted sums are in_features times too small. A weighted sum is not a weighted average.
    """
    self.x = x
    return x @ self.W / x.shape[1] + self.b


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def applies_the_activation_here(self, x):
    """ReLU inside the Linear layer

    No output is below zero. Which layer sets negative values to zero?
    """
    self.x = x
    return np.maximum(0, x @ self.W + self.b)


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def squashes_the_output(self, x):
    """tanh inside the Linear layer

    All outputs lie between -1 and 1. A linear layer has no activation.
    """
    self.x = x
    return np.tanh(x @ self.W + self.b)


@misconception("layers.Linear.forward", fails=["check_linear_takes_any_batch"])
def drops_the_batch_dimension(self, x):
    """A batch of one loses its batch dimension

    For a batch of one the output has one dimension. Return one row per example, even for a single example.
    """
    self.x = x
    return np.squeeze(x @ self.W + self.b)


@misconception("layers.Linear.forward", fails=["check_linear_forward_adds_the_bias"])
def misses_the_last_row(self, x):
    """Last example skipped in forward

    The last row of your output is zero. Does the loop reach the last example?
    """
    self.x = x
    out = np.zeros((len(x), self.W.shape[1]))
    for i in range(len(x) - 1):
        out[i] = x[i] @ self.W + self.b
    return out


@misconception(
    "layers.Linear.forward",
    fails=[
        "check_linear_forward_adds_the_bias",
        "check_linear_starts_from_zeros",
        "check_linear_draws_he_weights",
        "check_linear_draws_from_rng",
    ],
)
def puts_examples_in_columns(self, x):
    """Output transposed

    Your output is the transpose of what the contract asks for: one row per example, one column per unit.
    """
    self.x = x
    return self.W.T @ x.T + self.b[:, None]


@misconception(
    "layers.Linear.forward",
    fails=["check_linear_forward_adds_the_bias", "check_linear_backward_sums_dW_and_db", "check_linear_backward_returns_dx"],
)
def multiplies_in_the_other_order(self, x):
    """W @ x instead of x @ W

    W @ x needs as many columns in W as rows in x. Which of the two factors has one example per row?
    """
    self.x = x
    return self.W @ x + self.b


@misconception("layers.Linear.forward", fails=["check_linear_works_in_float64"])
def computes_in_half_the_digits(self, x):
    """Output computed in float32

    The input is float64, but your output is right to 7 digits only. Which line computes in float32?
    """
    self.x = x
    return (x.astype(np.float32) @ self.W.astype(np.float32) + self.b).astype(x.dtype)


@misconception("layers.Linear.forward", fails=["check_linear_works_in_float64"])
def limits_the_output(self, x):
    """Output clipped

    Large sums are cut off at 100. A linear layer has no limits.
    """
    self.x = x
    return np.clip(x @ self.W + self.b, -100, 100)


@misconception("layers.Linear.forward", fails=["check_linear_answers_for_the_last_batch"])
def remembers_its_first_weights(self, x):
    """forward keeps using an old copy of W

    Change W between two calls: the output still belongs to the W of the first call.
    """
    self.x = x
    if not hasattr(self, "first_W"):
        self.first_W = self.W.copy()
    return x @ self.first_W + self.b


@misconception("layers.Linear.forward", fails=["check_linear_backward_sums_dW_and_db"])
def keeps_x_as_one_average_row(self, x):
    """Mean of x kept instead of x

    What forward remembers of x is its mean over the batch. backward needs every row.
    """
    self.x = np.repeat(x.mean(axis=0, keepdims=True), len(x), axis=0)
    return x @ self.W + self.b


@misconception(
    "layers.Linear.forward",
    fails=[
        "check_linear_forward_adds_the_bias",
        "check_linear_starts_from_zeros",
        "check_linear_draws_he_weights",
        "check_linear_draws_from_rng",
    ],
)
def returns_nothing_from_forward(self, x):
    """forward returns None

    What does the next layer need from forward?
    """
    self.x = x
    self.out = x @ self.W + self.b


# --- backward -------------------------------------------------------------------------------------------------------


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def gives_dW_transposed(self, dout):
    """dW transposed

    dW must have the shape of W. Which of the two factors is transposed?
    """
    self.dW = dout.T @ self.x
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_answers_for_the_last_batch"])
def adds_to_the_last_gradients(self, dout):
    """dW and db accumulate from call to call

    The second backward gives gradients that still contain the first ones. Should backward replace them, or add to them?
    """
    self.dW += self.x.T @ dout
    self.db += dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_answers_for_the_last_batch"])
def adds_to_the_last_dW(self, dout):
    """dW accumulates from call to call

    The second backward gives a dW that still contains the first one.
    """
    self.dW = self.dW + self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_answers_for_the_last_batch"])
def adds_to_the_last_db(self, dout):
    """db accumulates from call to call

    The second backward gives a db that still contains the first one.
    """
    self.dW = self.x.T @ dout
    self.db = self.db + dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def forgets_db(self, dout):
    """db never set

    db is still zero after backward. How does the loss depend on b?
    """
    self.dW = self.x.T @ dout
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def forgets_dW(self, dout):
    """dW never set

    dW is still zero after backward. How does the loss depend on W?
    """
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def keeps_the_gradients_to_itself(self, dout):
    """dW and db not stored on the layer

    After backward, dW and db are still zero. Where did you store the results?
    """
    dW = self.x.T @ dout  # noqa: F841
    db = dout.sum(axis=0)  # noqa: F841
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def stores_the_gradient_in_W(self, dout):
    """Gradient written into W

    After backward the weights are gone: W contains what belongs in dW. Where do the gradients go?
    """
    self.W, self.b = self.x.T @ dout, dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db", "check_linear_backward_returns_dx"])
def multiplies_by_W_as_it_stands(self, dout):
    """W not transposed in dx

    dx must have the shape of x. A layer with as many inputs as outputs hides this mistake: try one with different
    sizes.
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout @ self.W


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def gives_dx_transposed(self, dout):
    """dx transposed

    dx has one column per example. It must have the shape of x.
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return self.W @ dout.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def returns_nothing_from_backward(self, dout):
    """backward returns None

    What does the layer before this one need from backward?
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def returns_all_three(self, dout):
    """backward returns dW and db as well

    backward returns dx alone; dW and db stay on the layer.
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout @ self.W.T, self.dW, self.db


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def returns_dW(self, dout):
    """backward returns dW instead of dx

    backward returned dW. The layer before this one needs the gradient of its own output, which is your x.
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return self.dW


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def takes_the_step_itself(self, dout):
    """W updated inside backward, before dx is computed

    W changed during backward, and dx was computed with the changed W. Who should update the weights, and when?
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    self.W -= 0.01 * self.dW
    self.b -= 0.01 * self.db
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_leaves_its_inputs_alone"])
def takes_the_step_afterwards(self, dout):
    """W updated inside backward

    W changed during backward. Who should update the weights, and when?
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    dx = dout @ self.W.T
    self.W -= 0.01 * self.dW
    self.b -= 0.01 * self.db
    return dx


@misconception("layers.Linear", fails=["check_linear_backward_returns_dx"])
class keeps_a_transposed_copy:
    """backward uses an old copy of W

    Change W and run backward: dx still belongs to the old W. Was a copy made?
    """

    def __init__(self, in_features, out_features, rng, *_):
        _start(self, out_features, rng.normal(0.0, np.sqrt(2.0 / in_features), (in_features, out_features)))
        self.W_T = self.W.T.copy()

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W_T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def sums_before_it_multiplies(self, dout):
    """Batch summed before the product

    Your dW is the sum of the inputs times the sum of dout. Sum the products, not the factors.
    """
    self.dW = np.outer(self.x.sum(axis=0), dout.sum(axis=0))
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def sums_before_it_multiplies__einsum(self, dout):
    self.dW = np.einsum("ni,mo->io", self.x, dout)
    self.db = np.einsum("no->o", dout)
    return np.einsum("no,io->ni", dout, self.W)


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def multiplies_dW_by_W(self, dout):
    """dW multiplied by W

    dW should not depend on the value of W at all.
    """
    self.dW = self.x.T @ dout * self.W
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_works_in_float64"])
def stores_float32_gradients(self, dout):
    """Gradients in float32

    Your gradients are right to 7 digits only. Which line computes in float32?
    """
    self.dW = (self.x.T @ dout).astype(np.float32)
    self.db = dout.sum(axis=0).astype(np.float32)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def averages_over_the_batch_again(self, dout):
    """Gradients divided by N a second time

    dW and db are N times too small. The loss has divided by N already: dout contains that factor.
    """
    self.dW = self.x.T @ dout / len(dout)
    self.db = dout.mean(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def averages_dW(self, dout):
    """dW divided by N a second time

    dW is N times too small. The loss has divided by N already: dout contains that factor.
    """
    self.dW = self.x.T @ dout / self.x.shape[0]
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def averages_db(self, dout):
    """db divided by N a second time

    db is N times too small. The loss has divided by N already: dout contains that factor.
    """
    self.dW = self.x.T @ dout
    self.db = np.mean(dout, axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def averages_dx(self, dout):
    """dx divided by N

    dx is N times too small. Does one example's gradient depend on how many others are in the batch?
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout @ self.W.T / len(dout)


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def sums_db_over_the_units(self, dout):
    """db summed over the units instead of the examples

    db has one number per example. b has one per unit: over which axis do the examples run?
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=1)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def sums_db_to_one_number(self, dout):
    """db summed to a single number

    db is a single number. Each unit has a bias of its own, with a gradient of its own.
    """
    self.dW = self.x.T @ dout
    self.db = np.sum(dout)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def sums_db_to_one_number__spread(self, dout):
    self.dW = self.x.T @ dout
    self.db = np.full_like(self.b, np.sum(dout))
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def does_not_sum_db(self, dout):
    """db not summed over the batch

    db has one row per example. All examples share one b: how do their gradients combine?
    """
    self.dW = self.x.T @ dout
    self.db = dout
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_takes_any_batch"])
def keeps_db_as_a_row(self, dout):
    """db has the shape (1, out) instead of (out,)

    db has the shape (1, out) and b has (out,). A gradient has the shape of its parameter.
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0, keepdims=True)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def takes_db_from_the_last_example(self, dout):
    """db from the last example only

    db is the last row of dout. What about the other examples?
    """
    self.dW = self.x.T @ dout
    for row in dout:
        self.db = row
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def takes_db_from_the_first_example(self, dout):
    """db from the first example only

    db is the first row of dout. What about the other examples?
    """
    self.dW = self.x.T @ dout
    self.db = dout[0]
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def keeps_the_last_examples_dW(self, dout):
    """dW from the last example only

    dW comes from the last example alone. Does your loop add, or replace?
    """
    for i in range(len(dout)):
        self.dW = np.outer(self.x[i], dout[i])
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def misses_the_last_example_in_dW(self, dout):
    """Last example missing from dW

    The last example is missing from dW. Does the loop reach it?
    """
    self.dW = np.zeros_like(self.W)
    for i in range(len(dout) - 1):
        self.dW += np.outer(self.x[i], dout[i])
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db", "check_linear_backward_returns_dx"])
def adds_the_bias_on_the_way_back(self, dout):
    """Bias added to dx

    dx contains b. What is the derivative of x @ W + b with respect to x: is any b left in it?
    """
    self.dW = self.x.T @ (dout + self.b)
    self.db = dout.sum(axis=0)
    return (dout + self.b) @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def takes_db_from_the_input(self, dout):
    """db depends on x and W

    db depends on x and W. What is the derivative of x @ W + b with respect to b?
    """
    self.dW = self.x.T @ dout
    self.db = (self.x @ self.W * dout).sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def adds_weight_decay(self, dout):
    """Weight decay in dW

    Your dW has a part that grows with W. The contract's loss has no regularisation.
    """
    self.dW = self.x.T @ dout + 0.01 * self.W
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def clips_the_gradients(self, dout):
    """Gradients clipped

    Large gradients are cut off at 1. The contract's gradients are not clipped.
    """
    self.dW = np.clip(self.x.T @ dout, -1, 1)
    self.db = np.clip(dout.sum(axis=0), -1, 1)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def masks_like_relu(self, dout):
    """ReLU's derivative inside Linear

    dx is zero where x is not above zero. That is the derivative of ReLU, which is a layer of its own.
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout @ self.W.T * (self.x > 0)


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def overwrites_dout_too_early(self, dout):
    """dout overwritten before dW and db are computed

    dW and db were computed from dx. When do you need dout for the last time?
    """
    dout = dout @ self.W.T
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def flips_the_sign(self, dout):
    """Gradients have the opposite sign

    The gradient points uphill. Which part of the program takes the step downhill?
    """
    self.dW = -self.x.T @ dout
    self.db = -dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def hands_dout_on(self, dout):
    """dout returned in place of dx

    backward returned dout itself. How does the output depend on x?
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout


@misconception("layers.Linear.backward", fails=["check_linear_backward_returns_dx"])
def sums_dx_over_the_batch(self, dout):
    """dx summed over the batch

    All rows of dx are the same. Each example has a gradient of its own.
    """
    self.dW = self.x.T @ dout
    self.db = dout.sum(axis=0)
    return np.tile(dout.sum(axis=0) @ self.W.T, (len(dout), 1))


@misconception("layers.Linear.backward", fails=["check_linear_backward_sums_dW_and_db"])
def doubles_the_gradients(self, dout):
    """dW twice too large

    dW is twice the true gradient. Where does the 2 come from?
    """
    self.dW = 2 * self.x.T @ dout
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


@misconception("layers.Linear.backward", fails=["check_linear_works_in_float64"])
def estimates_the_gradient(self, dout):
    """dW estimated by finite differences

    Your dW is right to a few digits only, as with finite differences. What is the exact formula?
    """
    eps, self.dW = 1e-5, np.zeros_like(self.W)
    for index in np.ndindex(*self.W.shape):
        change = np.zeros_like(self.W)
        change[index] = eps
        above, below = self.x @ (self.W + change), self.x @ (self.W - change)
        self.dW[index] = ((above - below) * dout).sum() / (2 * eps)
    self.db = dout.sum(axis=0)
    return dout @ self.W.T


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "scales_by_a_fixed_number": 0.01,
    "draws_from_a_seed_of_its_own": 0,
    "draws_from_a_seed_of_its_own__global": 42,
    "starts_the_biases_above_zero": 0.01,
    "scales_the_callers_input": 255.0,
    "standardises_the_input": 1e-8,
    "limits_the_output": 100,
    "takes_the_step_itself": 0.01,
    "takes_the_step_afterwards": 0.01,
    "adds_weight_decay": 0.01,
}
