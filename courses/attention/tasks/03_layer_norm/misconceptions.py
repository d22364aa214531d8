"""Slips in layer norm, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception


def _forward(layer, x, variance):
    """The rest of forward, from the variance on."""
    layer.deviation = np.sqrt(variance + layer.eps)
    layer.normalised = (x - x.mean(axis=-1, keepdims=True)) / layer.deviation
    return layer.gamma * layer.normalised + layer.beta


def _variance(x):
    return x.var(axis=-1, keepdims=True)


def _sums(layer, dout):
    others = tuple(range(dout.ndim - 1))
    layer.dgamma, layer.dbeta = (dout * layer.normalised).sum(axis=others), dout.sum(axis=others)


def _dx(layer, dout):
    d = dout * layer.gamma
    product = (d * layer.normalised).mean(axis=-1, keepdims=True)
    return (d - d.mean(axis=-1, keepdims=True) - layer.normalised * product) / layer.deviation


# --- forward --------------------------------------------------------------------------------------------------------


@misconception("layers.LayerNorm.forward", fails=["check_norm_gives_mean_zero_and_variance_one"])
def divides_by_one_less(self, x):
    """Variance divided by D - 1

    np.std and np.var with ddof=1 estimate the spread of what was sampled. Here the numbers are all there are: divide by D.
    """
    return _forward(self, x, x.var(axis=-1, keepdims=True, ddof=1))


@misconception("layers.LayerNorm.forward", fails=["check_norm_gives_mean_zero_and_variance_one"])
def normalises_over_the_batch(self, x):
    """Mean and variance over the batch instead of the features

    You normalise each feature over the examples: that is batch norm. Layer norm needs one position alone.
    """
    self.deviation = np.sqrt(x.var(axis=0, keepdims=True) + self.eps)
    self.normalised = (x - x.mean(axis=0, keepdims=True)) / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_gives_mean_zero_and_variance_one"])
def normalises_over_everything(self, x):
    """One mean and one variance for the whole array

    Each position of each example has a mean and a variance of its own, over the last axis.
    """
    self.deviation = np.sqrt(x.var() + self.eps)
    self.normalised = (x - x.mean()) / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_gives_mean_zero_and_variance_one"])
def normalises_over_axis_one(self, x):
    """Axis 1 instead of the last axis

    For x of shape (N, D) axis 1 is the last one; for (B, T, D) it is the positions. axis=-1 is the features in both.
    """
    self.deviation = np.sqrt(x.var(axis=1, keepdims=True) + self.eps)
    self.normalised = (x - x.mean(axis=1, keepdims=True)) / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_gives_mean_zero_and_variance_one"])
def divides_by_the_variance(self, x):
    """Division by the variance instead of its root

    Double x: the result should stay the same, and yours is halved. What has the unit of x, the variance or its root?
    """
    self.deviation = _variance(x) + self.eps
    self.normalised = (x - x.mean(axis=-1, keepdims=True)) / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_gives_mean_zero_and_variance_one"])
def forgets_the_mean(self, x):
    """Mean not subtracted

    The variance of your result is right, its mean is not 0.
    """
    self.deviation = np.sqrt(_variance(x) + self.eps)
    self.normalised = x / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_adds_eps_to_the_variance"])
def adds_eps_outside_the_root(self, x):
    """eps added outside the root

    eps belongs to the variance: sqrt(variance + eps), not sqrt(variance) + eps.
    """
    self.deviation = np.sqrt(_variance(x)) + self.eps
    self.normalised = (x - x.mean(axis=-1, keepdims=True)) / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_adds_eps_to_the_variance"])
def forgets_eps(self, x):
    """No eps

    If all numbers of a position are equal, their variance is 0, and 0 / 0 is nan.
    """
    self.deviation = np.sqrt(_variance(x))
    self.normalised = (x - x.mean(axis=-1, keepdims=True)) / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_adds_eps_to_the_variance"])
def fixes_eps(self, x):
    """eps that is always the same

    LayerNorm(D, eps) was given another eps than 1e-5, and your forward does not use it.
    """
    self.deviation = np.sqrt(_variance(x) + 1e-5)
    self.normalised = (x - x.mean(axis=-1, keepdims=True)) / self.deviation
    return self.gamma * self.normalised + self.beta


@misconception("layers.LayerNorm.forward", fails=["check_norm_scales_and_shifts_each_feature"])
def forgets_gamma_and_beta(self, x):
    """Neither gamma nor beta used

    A new LayerNorm is right, one with another gamma and beta is not: forward returns the normalised x alone.
    """
    _forward(self, x, _variance(x))
    return self.normalised


@misconception("layers.LayerNorm.forward", fails=["check_norm_scales_and_shifts_each_feature"])
def shifts_before_it_scales(self, x):
    """beta added before gamma multiplies

    Your shift is multiplied by gamma. gamma scales the normalised x, then beta is added.
    """
    _forward(self, x, _variance(x))
    return self.gamma * (self.normalised + self.beta)


@misconception("layers.LayerNorm.forward", fails=["check_norm_leaves_arrays_alone"])
def centres_in_place(self, x):
    """x centred in place

    x -= ... changes the caller's x. In a block that is the x that goes straight on.
    """
    x -= x.mean(axis=-1, keepdims=True)
    return _forward(self, x, _variance(x))


# --- backward -------------------------------------------------------------------------------------------------------


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_agrees_with_central_differences"])
def treats_mean_and_variance_as_constants(self, dout):
    """dx without both mean terms

    Mean and variance depend on every x of the position. Two terms are missing: the mean of dnormalised, and that of its product
    with the normalised x.
    """
    _sums(self, dout)
    return dout * self.gamma / self.deviation


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_agrees_with_central_differences"])
def treats_the_variance_as_a_constant(self, dout):
    """dx without the term of the variance

    The gradient goes back through the mean, but not through the variance: normalised x times the mean of dnormalised times
    normalised x is missing.
    """
    _sums(self, dout)
    d = dout * self.gamma
    return (d - d.mean(axis=-1, keepdims=True)) / self.deviation


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_agrees_with_central_differences"])
def treats_the_mean_as_a_constant(self, dout):
    """dx without the term of the mean

    The gradient goes back through the variance, but not through the mean: the mean of dnormalised is missing.
    """
    _sums(self, dout)
    d = dout * self.gamma
    return (d - self.normalised * (d * self.normalised).mean(axis=-1, keepdims=True)) / self.deviation


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_agrees_with_central_differences"])
def forgets_gamma_in_dx(self, dout):
    """dx without gamma

    dx uses dout as it is. forward multiplied the normalised x by gamma: so does the gradient.
    """
    _sums(self, dout)
    product = (dout * self.normalised).mean(axis=-1, keepdims=True)
    return (dout - dout.mean(axis=-1, keepdims=True) - self.normalised * product) / self.deviation


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_agrees_with_central_differences"])
def multiplies_by_gamma_at_the_end(self, dout):
    """gamma applied after the mean terms

    The means are those of dout * gamma. If each feature has a gamma of its own, it cannot be moved out of a mean.
    """
    _sums(self, dout)
    product = (dout * self.normalised).mean(axis=-1, keepdims=True)
    return self.gamma * (dout - dout.mean(axis=-1, keepdims=True) - self.normalised * product) / self.deviation


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_agrees_with_central_differences"])
def forgets_the_deviation(self, dout):
    """dx not divided by the deviation

    Each position of dx is too large, or too small, by what its x was divided by in forward.
    """
    _sums(self, dout)
    return _dx(self, dout) * self.deviation


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_agrees_with_central_differences"])
def sums_instead_of_averaging(self, dout):
    """Sums in dx instead of means

    Both terms that are subtracted are D times too large, with D features.
    """
    _sums(self, dout)
    d = dout * self.gamma
    product = (d * self.normalised).sum(axis=-1, keepdims=True)
    return (d - d.sum(axis=-1, keepdims=True) - self.normalised * product) / self.deviation


@misconception("layers.LayerNorm.backward", fails=["check_norm_sums_the_gradients_of_gamma_and_beta"])
def sums_over_the_batch_alone(self, dout):
    """dgamma and dbeta summed over the batch alone

    For x of shape (B, T, D) your gradients have the shape (T, D). gamma met every position of every example: sum over both.
    """
    self.dgamma, self.dbeta = (dout * self.normalised).sum(axis=0), dout.sum(axis=0)
    return _dx(self, dout)


@misconception("layers.LayerNorm.backward", fails=["check_norm_sums_the_gradients_of_gamma_and_beta"])
def averages_gamma_and_beta(self, dout):
    """dgamma and dbeta averaged over the positions

    Your dgamma and dbeta are a mean over the positions. They are sums: the mean over the batch is in dout already.
    """
    others = tuple(range(dout.ndim - 1))
    self.dgamma, self.dbeta = (dout * self.normalised).mean(axis=others), dout.mean(axis=others)
    return _dx(self, dout)


@misconception("layers.LayerNorm.backward", fails=["check_norm_sums_the_gradients_of_gamma_and_beta"])
def does_not_sum_gamma_and_beta(self, dout):
    """dgamma and dbeta not summed at all

    dgamma has the shape of dout. It belongs to gamma, and so has its shape.
    """
    self.dgamma, self.dbeta = dout * self.normalised, dout
    return _dx(self, dout)


@misconception("layers.LayerNorm.backward", fails=["check_norm_sums_the_gradients_of_gamma_and_beta"])
def multiplies_by_the_output(self, dout):
    """dgamma from the output instead of the normalised x

    gamma multiplied the normalised x, without beta and gamma itself: that is its slope.
    """
    _sums(self, dout)
    y = self.gamma * self.normalised + self.beta
    self.dgamma = (dout * y).reshape(-1, y.shape[-1]).sum(axis=0)
    return _dx(self, dout)


@misconception("layers.LayerNorm.backward", fails=["check_norm_backward_belongs_to_the_last_forward"])
def adds_up_over_batches(self, dout):
    """dgamma and dbeta added to those of earlier batches

    After a second backward your gradients are the sum of both batches. They are replaced, not added to.
    """
    before = self.dgamma, self.dbeta
    _sums(self, dout)
    self.dgamma, self.dbeta = self.dgamma + before[0], self.dbeta + before[1]
    return _dx(self, dout)
