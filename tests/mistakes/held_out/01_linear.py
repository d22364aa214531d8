"""Other forms of slips in Linear."""

import numpy as np

from grader.course.misconceptions import held_out


def _start(self, out, W):
    self.W, self.b = W, np.zeros(out)
    self.dW, self.db = np.zeros(W.shape), np.zeros(out)


@held_out("layers.Linear.__init__")
def spreads_like_glorot(self, n_in, n_out, rng, *_):
    variance = 2 / (n_in + n_out)
    _start(self, n_out, rng.standard_normal(size=(n_in, n_out)) * variance**0.5)


@held_out("layers.Linear.__init__")
def forgets_the_two(self, n_in, n_out, rng, *_):
    _start(self, n_out, rng.standard_normal((n_out, n_in)).T / np.sqrt(n_in))


@held_out("layers.Linear.__init__")
def scales_by_a_fixed_number(self, n_in, n_out, rng, *_):
    _start(self, n_out, rng.normal(scale=1e-2, size=(n_out, n_in)).T)


@held_out("layers.Linear.__init__")
def leaves_the_weights_unscaled(self, n_in, n_out, rng, *_):
    _start(self, n_out, np.array([rng.normal(size=n_out) for _ in range(n_in)]))


@held_out("layers.Linear.__init__")
def starts_all_weights_at_zero(self, n_in, n_out, rng, *_):
    _start(self, n_out, np.zeros(shape=[n_in, n_out], dtype=float))


@held_out("layers.Linear.__init__")
def takes_the_variance_for_the_spread(self, n_in, n_out, rng, *_):
    _start(self, n_out, rng.standard_normal((n_in, n_out)) * (2 / n_in))


@held_out("layers.Linear.__init__")
def draws_from_a_seed_of_its_own(self, n_in, n_out, rng, *_):
    own = np.random.default_rng(1234)
    _start(self, n_out, own.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in))


@held_out("layers.Linear.__init__")
def starts_the_biases_at_one(self, n_in, n_out, rng, *_):
    _start(self, n_out, rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in))
    self.b = 1.0 + self.b


@held_out("layers.Linear.__init__")
def starts_without_gradients(self, n_in, n_out, rng, *_):
    self.W, self.b = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in), np.zeros(n_out)
    self.dW = self.db = None


@held_out("layers.Linear.forward")
def forgets_the_bias(self, x):
    self.x = x
    return np.array([[sum(row * column) for column in self.W.T] for row in x])


@held_out("layers.Linear.forward")
def subtracts_the_bias(self, x):
    self.x = x
    out = np.dot(x, self.W)
    out -= self.b
    return out


@held_out("layers.Linear.forward")
def averages_over_the_inputs(self, x):
    self.x = x
    return np.array([[np.mean(row * self.W[:, k]) for k in range(self.W.shape[1])] for row in x]) + self.b


@held_out("layers.Linear.forward")
def applies_the_activation_here(self, x):
    self.x = x
    z = np.einsum("ni,io->no", x, self.W) + self.b
    return np.where(z > 0, z, 0)


@held_out("layers.Linear.forward")
def puts_examples_in_columns(self, x):
    self.x = x
    return (np.matmul(x, self.W) + self.b).T


@held_out("layers.Linear.forward")
def forgets_to_keep_x(self, x):
    out = np.dot(x, self.W)
    return out + self.b


@held_out("layers.Linear.forward")
def keeps_the_first_input_only(self, x):
    self.x = getattr(self, "x", x)
    return np.dot(x, self.W) + self.b


@held_out("layers.Linear.forward")
def adds_the_bias_to_the_weights(self, x):
    self.x = x
    return np.einsum("ni,io->no", x, self.W + self.b[None])


@held_out("layers.Linear.backward")
def gives_dW_transposed(self, dout):
    self.dW, self.db = np.einsum("ni,no->oi", self.x, dout), np.einsum("no->o", dout)
    return np.einsum("no,io->ni", dout, self.W)


@held_out("layers.Linear.backward")
def adds_to_the_last_gradients(self, dout):
    for row, slope in zip(self.x, dout):
        self.dW = self.dW + np.outer(row, slope)
        self.db = self.db + slope
    return dout.dot(self.W.T)


@held_out("layers.Linear.backward")
def averages_over_the_batch_again(self, dout):
    n = dout.shape[0]
    self.dW, self.db = (1 / n) * np.dot(self.x.T, dout), (1 / n) * np.sum(dout, 0)
    return np.dot(dout, self.W.T)


@held_out("layers.Linear.backward")
def averages_db(self, dout):
    self.dW = np.einsum("ni,no->io", self.x, dout)
    self.db = np.sum(dout, axis=0) / dout.shape[0]
    return np.einsum("no,io->ni", dout, self.W)


@held_out("layers.Linear.backward")
def forgets_db(self, dout):
    np.matmul(self.x.T, dout, out=self.dW)
    return np.matmul(dout, self.W.T)


@held_out("layers.Linear.backward")
def sums_db_over_the_units(self, dout):
    self.dW, self.db = np.dot(self.x.T, dout), np.array([row.sum() for row in dout])
    return np.dot(dout, self.W.T)


@held_out("layers.Linear.backward")
def sums_db_to_one_number(self, dout):
    self.dW, self.db = np.dot(self.x.T, dout), dout.sum()
    return np.dot(dout, self.W.T)


@held_out("layers.Linear.backward")
def keeps_db_as_a_row(self, dout):
    self.dW, self.db = np.dot(self.x.T, dout), np.ones((1, len(dout))) @ dout
    return np.dot(dout, self.W.T)


@held_out("layers.Linear.backward")
def returns_nothing_from_backward(self, dout):
    self.dW, self.db = np.dot(self.x.T, dout), np.sum(dout, axis=0)
    dx = np.dot(dout, self.W.T)  # noqa: F841


@held_out("layers.Linear.backward")
def returns_all_three(self, dout):
    dx, self.dW, self.db = dout.dot(self.W.T), self.x.T.dot(dout), np.add.reduce(dout)
    return (dx, self.dW, self.db)


@held_out("layers.Linear.backward")
def flips_the_sign(self, dout):
    self.dW, self.db = np.dot(self.x.T, -dout), np.sum(-dout, axis=0)
    return np.dot(dout, self.W.T)


@held_out("layers.Linear.backward")
def keeps_the_last_examples_dW(self, dout):
    for row, slope in zip(self.x, dout):
        self.dW = row[:, None] * slope[None, :]
    self.db = dout.sum(0)
    return dout.dot(self.W.T)


@held_out("layers.Linear.backward")
def masks_like_relu(self, dout):
    self.dW, self.db = np.dot(self.x.T, dout), np.sum(dout, axis=0)
    dx = np.dot(dout, self.W.T)
    dx[self.x <= 0] = 0
    return dx


@held_out("layers.Linear.backward")
def hands_dout_on(self, dout):
    self.dW, self.db = np.dot(self.x.T, dout), np.sum(dout, axis=0)
    return np.array(dout)


@held_out("layers.Linear.forward")
def reuses_its_result(self, x):
    self.x = x
    if getattr(self, "out", None) is None or len(self.out) != len(x):
        self.out = np.zeros((len(x), len(self.b)))
    self.out[:] = self.b
    self.out += x.dot(self.W)
    return self.out


@held_out("layers.Linear.backward")
def multiplies_by_W_as_it_stands__einsum(self, dout):
    self.dW, self.db = np.einsum("nd,nk->dk", self.x, dout), dout.sum(axis=0)
    return np.einsum("nk,kd->nd", dout, self.W)


@held_out("layers.Linear.backward")
def multiplies_by_W_as_it_stands__rows(self, dout):
    self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
    return np.array([self.W.T.dot(row) for row in dout])
