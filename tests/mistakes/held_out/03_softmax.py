"""Other forms of slips in softmax."""

import numpy as np

from grader.course.misconceptions import held_out


@held_out("losses.softmax")
def forgets_the_shift(logits):
    powers = np.e**logits
    return (powers.T / powers.sum(axis=1)).T


@held_out("losses.softmax")
def shares_one_maximum(logits):
    top = max(logits.ravel())
    return np.array([np.exp(row - top) / np.exp(row - top).sum() for row in logits])


@held_out("losses.softmax")
def normalises_the_columns(logits):
    out = np.empty_like(logits)
    for c in range(logits.shape[1]):
        e = np.exp(logits[:, c] - max(logits[:, c]))
        out[:, c] = e / sum(e)
    return out


@held_out("losses.softmax")
def sums_over_everything(logits):
    e = np.exp(logits - logits.max())
    return np.divide(e, np.add.reduce(e.ravel()))


@held_out("losses.softmax")
def forgets_to_divide(logits):
    return np.array([np.exp(row - max(row)) for row in logits])


@held_out("losses.softmax")
def adds_an_epsilon(logits):
    e = np.exp(logits - np.amax(logits, axis=1)[:, None])
    return np.array([row / (1e-8 + sum(row)) for row in e])


@held_out("losses.softmax")
def shifts_the_callers_array(logits):
    for row in logits:
        row -= row.max()
    e = np.exp(logits)
    return e / e.sum(axis=1)[:, None]


@held_out("losses.softmax")
def treats_each_entry_alone(logits):
    return 0.5 * (1 + np.tanh(logits / 2))


@held_out("losses.softmax")
def lets_the_smallest_win(logits):
    e = np.exp(logits.min(axis=1, keepdims=True) - logits)
    return e / e.sum(axis=1, keepdims=True)


@held_out("losses.softmax")
def always_gives_float64(logits):
    out = np.zeros(logits.shape)
    for n, row in enumerate(logits):
        e = np.exp(row - row.max())
        out[n] = e / e.sum()
    return out


@held_out("losses.softmax")
def returns_logarithms(logits):
    z = logits - logits.max(axis=1, keepdims=True)
    return np.array([row - np.log(np.sum(np.exp(row))) for row in z])


@held_out("losses.softmax")
def uses_powers_of_two(logits):
    e = np.exp2(logits - logits.max(1)[:, None])
    return e / e.sum(1)[:, None]


@held_out("losses.softmax")
def subtracts_the_mean(logits):
    return np.array([np.exp(r - np.mean(r)) / sum(np.exp(r - np.mean(r))) for r in logits])


@held_out("losses.softmax")
def hides_the_overflow(logits):
    e = np.exp(logits)
    p = e / e.sum(axis=1)[:, None]
    p[np.isnan(p)] = 0
    return p


@held_out("losses.softmax")
def returns_nothing(logits):
    e = np.exp(logits - logits.max(axis=1)[:, None])
    print(e / e.sum(axis=1)[:, None])


@held_out("losses.softmax")
def lowers_the_temperature__root(logits):
    e = np.exp((logits - logits.max(axis=1, keepdims=True)) / logits.shape[1] ** 0.5)
    return e / e.sum(axis=1, keepdims=True)


@held_out("losses.softmax")
def divides_the_logits(logits):
    out = logits - np.amax(logits, axis=1)[:, None]
    for row in out:
        row /= np.exp(row).sum()
    return out


@held_out("losses.softmax")
def rounds_the_probabilities(logits):
    e = np.exp(logits - logits.max(axis=1)[:, None])
    return np.round(e / e.sum(axis=1)[:, None], 7)
