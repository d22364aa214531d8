"""Slips in attention's forward pass, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.attention import attention_weights


def _softmax(scores):
    """Over the keys; a row without any key is left at 0."""
    largest = scores.max(axis=2, keepdims=True)
    exps = np.exp(scores - np.where(np.isfinite(largest), largest, 0.0))
    return exps / np.maximum(exps.sum(axis=2, keepdims=True), 1.0)


def _masked(scores, mask):
    return scores if mask is None else np.where(mask, scores, -np.inf)


def _scores(q, k):
    return q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2])


def _kept(layer, q, k, v, weights):
    """The weights, after all that backward needs is kept."""
    layer.q, layer.k, layer.v, layer.weights = q, k, v, weights
    return weights


# --- the scores -----------------------------------------------------------------------------------------------------


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def forgets_the_scaling(q, k, mask=None):
    """Scores not divided by sqrt(D)

    The longer the queries are, the nearer your largest weight is to 1. By what are the scores divided?
    """
    return _softmax(_masked(q @ k.swapaxes(1, 2), mask))


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def forgets_the_scaling__einsum(q, k, mask=None):
    scores = np.einsum("btd,bsd->bts", q, k)
    scores = scores if mask is None else np.where(mask, scores, -np.inf)
    largest = scores.max(axis=-1, keepdims=True)
    exps = np.exp(scores - np.where(np.isfinite(largest), largest, 0.0))
    return exps / np.maximum(exps.sum(axis=-1, keepdims=True), 1.0)


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def divides_by_the_features(q, k, mask=None):
    """Scores divided by D instead of sqrt(D)

    Your weights are too even. A sum of D products grows like the root of D, not like D.
    """
    return _softmax(_masked(q @ k.swapaxes(1, 2) / q.shape[2], mask))


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def multiplies_by_the_root(q, k, mask=None):
    """Scores multiplied by sqrt(D)

    Your weights are nearly all or nothing. Are the scores divided by sqrt(D), or multiplied with it?
    """
    return _softmax(_masked(q @ k.swapaxes(1, 2) * np.sqrt(q.shape[2]), mask))


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def takes_the_root_of_the_keys(q, k, mask=None):
    """Scores divided by the root of the number of keys

    Take the root of the number of features of a query, q.shape[2], not of the number of keys.
    """
    return _softmax(_masked(q @ k.swapaxes(1, 2) / np.sqrt(k.shape[1]), mask))


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def scales_after_the_softmax(q, k, mask=None):
    """Weights divided by sqrt(D) after the softmax

    Your weights sum to less than 1. The division belongs to the scores, before exp.
    """
    return _softmax(_masked(q @ k.swapaxes(1, 2), mask)) / np.sqrt(q.shape[2])


# --- the softmax ----------------------------------------------------------------------------------------------------


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def normalises_over_the_queries(q, k, mask=None):
    """Softmax over the queries instead of the keys

    The weights of one key sum to 1 over all queries. Each query has to share its attention among the keys: which axis is that?
    """
    scores = _masked(_scores(q, k), mask)
    largest = scores.max(axis=1, keepdims=True)
    exps = np.exp(scores - np.where(np.isfinite(largest), largest, 0.0))
    total = exps.sum(axis=1, keepdims=True)
    return exps / np.where(total > 0, total, 1.0)


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def normalises_over_everything(q, k, mask=None):
    """Softmax over the queries and keys together

    All weights of an example sum to 1 together. Each query has a sum of its own.
    """
    scores = _masked(_scores(q, k), mask)
    exps = np.exp(scores - scores.max(axis=(1, 2), keepdims=True))
    return exps / exps.sum(axis=(1, 2), keepdims=True)


@misconception("attention.attention_weights", fails=["check_weights_are_softmax_of_scaled_scores"])
def forgets_the_softmax(q, k, mask=None):
    """Scores without a softmax

    Your weights are negative in places. Which function makes shares of scores?
    """
    scores = _scores(q, k)
    return scores if mask is None else scores * mask


@misconception("attention.attention_weights", fails=["check_weights_of_each_query_sum_to_one"])
def adds_an_epsilon(q, k, mask=None):
    """A small number added to the sum

    Your weights sum to a little less than 1. After the shift the sum is at least 1, or exactly 0: a division by 0 needs another way out.
    """
    scores = _masked(_scores(q, k), mask)
    largest = scores.max(axis=2, keepdims=True)
    exps = np.exp(scores - np.where(np.isfinite(largest), largest, 0.0))
    return exps / (exps.sum(axis=2, keepdims=True) + 1e-8)


@misconception("attention.attention_weights", fails=["check_weights_stay_finite_for_large_scores"])
def forgets_the_shift(q, k, mask=None):
    """No shift before exp

    exp of anything above 709 overflows. What can be subtracted from all scores of a query without changing its weights?
    """
    exps = np.exp(_masked(_scores(q, k), mask))
    total = exps.sum(axis=2, keepdims=True)
    return exps / np.where(total > 0, total, 1.0)


@misconception("attention.attention_weights", fails=["check_weights_stay_finite_for_large_scores"])
def shares_one_maximum(q, k, mask=None):
    """One maximum for all queries

    A query with a score of 1000 wipes out one with scores near 0. Each query needs a shift of its own.
    """
    scores = _masked(_scores(q, k), mask)
    exps = np.exp(scores - scores.max())
    total = exps.sum(axis=2, keepdims=True)
    return exps / np.where(total > 0, total, 1.0)


@misconception("attention.attention_weights", fails=["check_weights_stay_finite_for_large_scores"])
def shifts_before_the_mask(q, k, mask=None):
    """Shift by a score that the mask hides

    Where a hidden score is by far the largest, all others become 0. Take the maximum of what the query may see.
    """
    scores = _scores(q, k)
    exps = np.exp(scores - scores.max(axis=2, keepdims=True))
    exps = exps if mask is None else exps * mask
    total = exps.sum(axis=2, keepdims=True)
    return exps / np.where(total > 0, total, 1.0)


# --- the mask -------------------------------------------------------------------------------------------------------


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def masks_after_the_softmax(q, k, mask=None):
    """Mask after the softmax

    The hidden weights are 0, but the others no longer sum to 1: the hidden keys were in the sum when it was taken.
    """
    weights = _softmax(_scores(q, k))
    return weights if mask is None else weights * mask


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def masks_after_the_softmax__where(q, k, mask=None):
    weights = _softmax(_scores(q, k))
    return weights if mask is None else np.where(mask, weights, 0)


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def turns_the_mask_around(q, k, mask=None):
    """Mask with True and False exchanged

    Your queries look exactly where they may not. True means that a query may look.
    """
    scores = _scores(q, k)
    return _softmax(scores if mask is None else np.where(mask, -np.inf, scores))


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def sets_hidden_scores_to_zero(q, k, mask=None):
    """Hidden scores set to 0

    exp(0) is 1: a hidden key still gets its share. Which score has an exp of 0?
    """
    scores = _scores(q, k)
    return _softmax(scores if mask is None else scores * mask)


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def adds_the_mask(q, k, mask=None):
    """Mask added to the scores as it is

    True and False were added as 1 and 0. A key that is hidden needs a score of minus infinity.
    """
    scores = _scores(q, k)
    return _softmax(scores if mask is None else scores + mask)


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def adds_the_mask_with_the_sign_reversed(q, k, mask=None):
    """Mask added with the sign reversed

    The hidden scores were raised instead of lowered, so that your queries look at hidden keys alone.
    """
    scores = _scores(q, k)
    return _softmax(scores if mask is None else scores + np.where(mask, 0.0, 1e9))


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def subtracts_too_little(q, k, mask=None):
    """Hidden scores lowered by too little

    A hidden key keeps a small weight. It is exactly 0 only if the score is minus infinity, or so low that its exp is 0.
    """
    scores = _scores(q, k)
    return _softmax(scores if mask is None else scores - 10.0 * ~mask)


@misconception("attention.attention_weights", fails=["check_weights_respect_the_mask"])
def ignores_the_mask(q, k, mask=None):
    """Mask not used

    Your weights are the same with and without a mask.
    """
    return _softmax(_scores(q, k))


@misconception("attention.attention_weights", fails=["check_weights_are_zero_without_any_key"])
def divides_nothing_by_nothing(q, k, mask=None):
    """nan for a query that may look nowhere

    All scores of the row are minus infinity, so is the largest, and -inf - (-inf) is nan. The row should be 0.
    """
    scores = _masked(_scores(q, k), mask)
    exps = np.exp(scores - scores.max(axis=2, keepdims=True))
    return exps / exps.sum(axis=2, keepdims=True)


@misconception("attention.attention_weights", fails=["check_weights_are_zero_without_any_key"])
def looks_everywhere_when_it_may_not(q, k, mask=None):
    """Equal weights for a query that may look nowhere

    A large negative number in place of minus infinity makes all scores of such a row alike, and their shares equal. They should be 0.
    """
    scores = _scores(q, k)
    scores = scores if mask is None else np.where(mask, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=2, keepdims=True))
    return exps / exps.sum(axis=2, keepdims=True)


@misconception("attention.attention_weights", fails=["check_weights_are_zero_without_any_key"])
def looks_everywhere_when_it_may_not__fill(q, k, mask=None):
    scores = q @ np.transpose(k, (0, 2, 1)) / q.shape[-1] ** 0.5
    if mask is not None:
        scores[:, ~mask] = -1e30
    exps = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return exps / np.sum(exps, axis=-1, keepdims=True)


# --- the values -----------------------------------------------------------------------------------------------------


@misconception("attention.Attention.forward", fails=["check_attention_mixes_the_values"])
def forgets_the_values(self, q, k, v, mask=None):
    """Weights returned instead of the mix of values

    forward returned the weights. What each query gets is the sum of the values, each times its weight.
    """
    return _kept(self, q, k, v, attention_weights(q, k, mask))


@misconception("attention.Attention.forward", fails=["check_attention_uses_the_mask"])
def ignores_the_mask_in_forward(self, q, k, v, mask=None):
    """Mask not passed on

    attention_weights knows the mask, but forward does not pass it on.
    """
    return _kept(self, q, k, v, attention_weights(q, k)) @ v


@misconception("attention.Attention.forward", fails=["check_attention_mixes_the_values"])
def averages_the_values(self, q, k, v, mask=None):
    """Mix of values divided by the number of keys

    Your result is S times too small, with S keys. The weights sum to 1 already, so the weighted sum is a mean.
    """
    return _kept(self, q, k, v, attention_weights(q, k, mask)) @ v / k.shape[1]


@misconception("attention.Attention.forward", fails=["check_attention_mixes_the_values"])
def takes_the_best_value(self, q, k, v, mask=None):
    """Value of the largest weight alone

    Each query got one value. It should get all of them, each times its weight.
    """
    best = _kept(self, q, k, v, attention_weights(q, k, mask)).argmax(axis=2)
    return np.take_along_axis(v, best[:, :, None], axis=1)


@misconception("attention.attention_weights", fails=["check_attention_leaves_its_arguments_alone"])
def scales_the_queries_in_place(q, k, mask=None):
    """Queries scaled in place

    q /= ... divides the caller's array: after the call q is another. q / ... makes a new one.
    """
    q /= np.sqrt(q.shape[2])
    return _softmax(_masked(q @ k.swapaxes(1, 2), mask))


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "adds_an_epsilon": 1e-8,
    "adds_the_mask_with_the_sign_reversed": 1e9,
    "looks_everywhere_when_it_may_not": 1e9,
    "looks_everywhere_when_it_may_not__fill": 1e30,
}
