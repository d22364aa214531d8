"""Slips on the way back through attention, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception


def _through_softmax(weights, dweights):
    return weights * (dweights - (weights * dweights).sum(axis=2, keepdims=True))


def _all_three(layer, dout, dscores):
    """dq, dk and dv from the gradient of the scores that were divided by sqrt(D) already."""
    return dscores @ layer.k, dscores.swapaxes(1, 2) @ layer.q, layer.weights.swapaxes(1, 2) @ dout


def _dscores(layer, dout):
    return _through_softmax(layer.weights, dout @ layer.v.swapaxes(1, 2)) / np.sqrt(layer.q.shape[2])


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def forgets_the_row_term(self, dout):
    """Softmax's slope without the term of the row

    If one score grows, the other weights of its row shrink. Take from dweights their mean under the weights, row by row.
    """
    dscores = self.weights * (dout @ self.v.swapaxes(1, 2)) / np.sqrt(self.q.shape[2])
    return _all_three(self, dout, dscores)


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def differentiates_each_weight_alone(self, dout):
    """Softmax's slope taken as p * (1 - p)

    That is the slope of a weight along its own score. Along the other scores of the row it has slopes, too: -p times
    their weights.
    """
    dweights = dout @ self.v.swapaxes(1, 2)
    return _all_three(self, dout, dweights * self.weights * (1 - self.weights) / np.sqrt(self.q.shape[2]))


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def skips_the_softmax(self, dout):
    """Softmax skipped in backward

    dweights went to the scores as they are. Between scores and weights stands the softmax.
    """
    return _all_three(self, dout, dout @ self.v.swapaxes(1, 2) / np.sqrt(self.q.shape[2]))


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def takes_the_plain_mean_of_the_row(self, dout):
    """Plain mean of the row instead of the weighted one

    The term of the row is the mean of dweights under the weights: the sum of weights * dweights, not the sum divided by the keys.
    """
    dweights = dout @ self.v.swapaxes(1, 2)
    dscores = self.weights * (dweights - dweights.mean(axis=2, keepdims=True)) / np.sqrt(self.q.shape[2])
    return _all_three(self, dout, dscores)


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def sums_the_term_over_the_queries(self, dout):
    """Row term summed over the queries instead of the keys

    The softmax runs over the keys of one query. So does the sum in its slope: which axis is that?
    """
    dweights = dout @ self.v.swapaxes(1, 2)
    term = (self.weights * dweights).sum(axis=1, keepdims=True)
    return _all_three(self, dout, self.weights * (dweights - term) / np.sqrt(self.q.shape[2]))


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def forgets_the_scaling(self, dout):
    """Division by sqrt(D) missing in backward

    dq and dk are sqrt(D) times too large. In forward the scores were divided: so is their gradient.
    """
    return _all_three(self, dout, _through_softmax(self.weights, dout @ self.v.swapaxes(1, 2)))


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def scales_by_the_features(self, dout):
    """Gradient divided by D instead of sqrt(D)

    dq and dk are sqrt(D) times too small. In forward the scores were divided by the root.
    """
    return _all_three(self, dout, _dscores(self, dout) / np.sqrt(self.q.shape[2]))


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def scales_the_queries_alone(self, dout):
    """Division by sqrt(D) missing in dk

    dq is right and dk is sqrt(D) times too large. The factor stands in the scores, and so in both gradients.
    """
    dq, dk, dv = _all_three(self, dout, _dscores(self, dout))
    return dq, dk * np.sqrt(self.q.shape[2]), dv


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def exchanges_queries_and_keys(self, dout):
    """dq and dk exchanged

    The first of your three gradients is that of k. They are returned in the order dq, dk, dv.
    """
    dq, dk, dv = _all_three(self, dout, _dscores(self, dout))
    return dk, dq, dv


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def forgets_the_weights_in_dv(self, dout):
    """dv without the weights

    Each value gets the sum of all rows of dout. It should get each row times the weight with which it was used there.
    """
    dq, dk, _ = _all_three(self, dout, _dscores(self, dout))
    return dq, dk, np.ones_like(self.weights).swapaxes(1, 2) @ dout


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def averages_over_the_batch(self, dout):
    """Gradients divided by the size of the batch

    For a batch of one your gradients are right. Nothing is averaged here: the mean over the batch is in dout already.
    """
    return tuple(d / len(dout) for d in _all_three(self, dout, _dscores(self, dout)))


@misconception("attention.Attention.backward", fails=["check_attention_backward_matches_closed_form"])
def measures_the_slope(self, dout):
    """Gradient measured by differences instead of computed

    Two forward passes for each number give about nine digits, and take long. Go back through each step of forward instead.
    """
    q, k, v = (np.array(a, dtype=float) for a in (self.q, self.k, self.v))
    kept = self.weights, self.q, self.k, self.v
    mask = (self.weights > 0).any(axis=0) if not self.weights.all() else None
    found = []
    for array in (q, k, v):
        gradient = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            sides = []
            for step in (1e-4, -1e-4):
                array[index] += step
                sides.append((dout * self.forward(q, k, v, mask)).sum())
                array[index] -= step
            gradient[index] = (sides[0] - sides[1]) / 2e-4
        found.append(gradient)
    self.weights, self.q, self.k, self.v = kept
    return tuple(found)


@misconception("attention.Attention.backward", fails=["check_attention_backward_is_proportional_to_dout"])
def clips_the_gradient(self, dout):
    """Gradient clipped inside backward

    Large gradients are cut off at 1. The contract's gradients are not clipped.
    """
    return _all_three(self, dout, np.clip(_dscores(self, dout), -1.0, 1.0))


@misconception("attention.Attention.backward", fails=["check_attention_backward_respects_the_mask"])
def divides_by_the_weights(self, dout):
    """Division by a weight that is 0

    A hidden key has a weight of 0, and something divided by it is nan. The slope of the softmax needs no division.
    """
    dweights = dout @ self.v.swapaxes(1, 2)
    shares = self.weights * dweights
    with np.errstate(all="ignore"):
        dscores = self.weights * (shares / self.weights - shares.sum(axis=2, keepdims=True))
    return _all_three(self, dout, dscores / np.sqrt(self.q.shape[2]))


@misconception("attention.Attention.backward", fails=["check_attention_backward_belongs_to_the_last_forward"])
def adds_to_the_last_gradient(self, dout):
    """Gradients added to those of the call before

    A second call of backward returns the sum of both. It should return the gradient of the last forward alone.
    """
    found = _all_three(self, dout, _dscores(self, dout))
    before = getattr(self, "before", None)
    if before is not None and all(a.shape == b.shape for a, b in zip(found, before)):
        found = tuple(a + b for a, b in zip(found, before))
    self.before = found
    return found


@misconception("attention.Attention.backward", fails=["check_attention_backward_belongs_to_the_last_forward"])
def spoils_the_weights(self, dout):
    """Weights overwritten in backward

    The second call of backward returns something else: the first one changed the weights that it needs.
    """
    dv = self.weights.swapaxes(1, 2) @ dout
    dweights = dout @ self.v.swapaxes(1, 2)
    term = (self.weights * dweights).sum(axis=2, keepdims=True)
    self.weights *= (dweights - term) / np.sqrt(self.q.shape[2])
    return self.weights @ self.k, self.weights.swapaxes(1, 2) @ self.q, dv


@misconception("attention.Attention.backward", fails=["check_attention_backward_agrees_with_central_differences"])
def returns_the_query_alone(self, dout):
    """dq returned alone

    backward returned one array. It should return three: dq, dk and dv.
    """
    return _dscores(self, dout) @ self.k


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {"clips_the_gradient": 1.0}
