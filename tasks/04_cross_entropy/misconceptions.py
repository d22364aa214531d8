"""Slips in the cross-entropy, each a runnable version; its docstring is the hint. Read as text, never imported."""

import numpy as np

from grader.course.misconceptions import misconception
from reference.losses import softmax


def _keep(self, logits, labels):
    """What every forward leaves for backward."""
    self.probabilities = softmax(logits)
    self.labels = labels


def _losses(logits, labels):
    """The true loss of each example."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


def _onehot(labels, classes):
    return np.eye(classes)[labels]


# --- forward: the mean ----------------------------------------------------------------------------------------------


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def adds_up_the_losses(self, logits, labels):
    """Sum of the losses instead of their mean

    Your loss grows with the size of the batch. Sum or mean?
    """
    _keep(self, logits, labels)
    return float(np.sum(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def divides_by_the_classes(self, logits, labels):
    """Loss divided by the number of classes instead of N

    Your loss is divided by the number of classes. Which count does the mean run over?
    """
    _keep(self, logits, labels)
    return float(np.sum(_losses(logits, labels)) / logits.shape[1])


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def averages_over_all_entries(self, logits, labels):
    """Mean over all entries instead of the examples

    Your loss is C times too small, where C is the number of classes: the mean ran over every entry of the one-hot
    product.
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-np.mean(_onehot(labels, logits.shape[1]) * log_p))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def divides_by_a_fixed_batch_size(self, logits, labels):
    """Loss divided by a fixed batch size

    The loss of the last, shorter batch is off: your code contains a fixed N. Take it from the input instead.
    """
    _keep(self, logits, labels)
    return float(np.sum(_losses(logits, labels)) / 64)


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def returns_one_loss_for_each_example(self, logits, labels):
    """One loss per example instead of their mean

    You return one loss per example. The contract asks for one number for the batch.
    """
    _keep(self, logits, labels)
    return _losses(logits, labels)


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def counts_the_last_example_only(self, logits, labels):
    """Loss of the last example only

    Your loss is that of the last example. Does the loop add, or replace?
    """
    _keep(self, logits, labels)
    for i in range(len(labels)):
        loss = _losses(logits[i : i + 1], labels[i : i + 1])[0]
    return float(loss)


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def misses_the_last_example(self, logits, labels):
    """Last example missing from the loss

    The last example is missing from your loss. Does the loop reach it?
    """
    _keep(self, logits, labels)
    total = 0.0
    for i in range(len(labels) - 1):
        total += _losses(logits[i : i + 1], labels[i : i + 1])[0]
    return float(total / len(labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def logs_the_mean_probability(self, logits, labels):
    """log of the mean instead of mean of the logs

    The mean of the logs is not the log of the mean: which comes first?
    """
    _keep(self, logits, labels)
    return float(-np.log(self.probabilities[np.arange(len(labels)), labels].mean() + 1e-300))


# --- forward: the logarithm -----------------------------------------------------------------------------------------


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def forgets_the_minus(self, logits, labels):
    """Minus sign missing

    Your loss is below zero. The logarithm of a probability is negative: what does the formula put in front?
    """
    _keep(self, logits, labels)
    return float(np.mean(-_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def counts_in_bits(self, logits, labels):
    """log2 instead of the natural logarithm

    For equal logits you return log2(C) instead of ln(C).
    """
    _keep(self, logits, labels)
    return float(np.mean(_losses(logits, labels)) / np.log(2))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def counts_in_tens(self, logits, labels):
    """log10 instead of the natural logarithm

    For ten equal logits you return 1: that is the logarithm to base 10. The contract asks for the natural logarithm.
    """
    _keep(self, logits, labels)
    return float(np.mean(_losses(logits, labels)) / np.log(10))


@misconception(
    "losses.SoftmaxCrossEntropy.forward",
    fails=["check_cross_entropy_has_no_floor_under_the_log", "check_cross_entropy_is_exact_for_any_batch"],
)
def adds_an_epsilon_in_the_log(self, logits, labels):
    """Epsilon added inside the log

    Your loss stops growing for predictions that are far off: something is added inside the log. log-sum-exp needs no epsilon.
    """
    _keep(self, logits, labels)
    p = self.probabilities[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(p + 1e-7)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_has_no_floor_under_the_log"])
def adds_an_epsilon_in_the_log__1e12(self, logits, labels):
    _keep(self, logits, labels)
    p = self.probabilities[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(p + 1e-12)))


@misconception(
    "losses.SoftmaxCrossEntropy.forward",
    fails=["check_cross_entropy_has_no_floor_under_the_log", "check_cross_entropy_is_exact_for_any_batch"],
)
def adds_an_epsilon_in_the_log__onehot(self, logits, labels):
    _keep(self, logits, labels)
    return float(-np.sum(_onehot(labels, logits.shape[1]) * np.log(self.probabilities + 1e-8)) / len(labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_has_no_floor_under_the_log"])
def adds_an_epsilon_in_the_log__1e15(self, logits, labels):
    _keep(self, logits, labels)
    p = self.probabilities[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(p + 1e-15)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_has_no_floor_under_the_log"])
def clips_before_the_log(self, logits, labels):
    """Probabilities clipped before the log

    Your loss has a ceiling: the probabilities were clipped before the log. Which formula never takes the log of 0?
    """
    _keep(self, logits, labels)
    p = np.clip(self.probabilities[np.arange(len(labels)), labels], 1e-15, 1 - 1e-15)
    return float(-np.mean(np.log(p)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_has_no_floor_under_the_log"])
def clips_before_the_log__1e7(self, logits, labels):
    _keep(self, logits, labels)
    p = np.clip(self.probabilities[np.arange(len(labels)), labels], 1e-7, 1 - 1e-7)
    return float(-np.mean(np.log(p)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_has_no_floor_under_the_log"])
def takes_the_log_of_softmax(self, logits, labels):
    """log of softmax instead of log-sum-exp

    For logits that differ by 800 your loss is infinite: softmax rounds to 0 before the log is taken. Is there one formula for both?
    """
    _keep(self, logits, labels)
    return float(-np.mean(np.log(self.probabilities[np.arange(len(labels)), labels])))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_has_no_floor_under_the_log"])
def takes_the_log_of_softmax__onehot(self, logits, labels):
    _keep(self, logits, labels)
    p = np.sum(self.probabilities * _onehot(labels, logits.shape[1]), axis=1)
    return float(np.mean(-np.log(p)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_handles_large_logits"])
def forgets_the_shift(self, logits, labels):
    """No shift in log-sum-exp

    Try logits of 1000: exp overflows inside your log-sum-exp.
    """
    _keep(self, logits, labels)
    log_sum = np.log(np.exp(logits).sum(axis=1))
    return float(np.mean(log_sum - logits[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_handles_large_logits"])
def shares_one_maximum(self, logits, labels):
    """One maximum for the whole batch

    Put one row near 1000 and one near -1000 in a batch. Whose maximum protects the second row?
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max()
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sum - shifted[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def shifts_one_term_only(self, logits, labels):
    """Only one of the two terms shifted

    You shifted only one of the two terms. Add a constant to all logits: the loss must stay the same.
    """
    _keep(self, logits, labels)
    log_sum = np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1))
    return float(np.mean(log_sum - logits[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def sums_over_the_batch(self, logits, labels):
    """log-sum-exp over the batch instead of the classes

    Over which axis do the classes run, and over which axis does your log-sum-exp sum?
    """
    _keep(self, logits, labels)
    log_p = logits - np.log(np.exp(logits - logits.max(axis=0)).sum(axis=0)) - logits.max(axis=0)
    return float(-np.mean(log_p[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def forgets_the_log_sum(self, logits, labels):
    """log-sum-exp missing

    Your loss is the negative logit of the true class. Where are the other classes?
    """
    _keep(self, logits, labels)
    return float(-np.mean(logits[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def subtracts_the_labels(self, logits, labels):
    """Label subtracted instead of its logit

    You subtract the label itself. Subtract the logit of the true class instead.
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1)) + logits.max(axis=1)
    return float(np.mean(log_sums - labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def takes_one_softmax_for_the_batch(self, logits, labels):
    """One softmax for the whole batch

    All rows share one sum of exp. Should the loss of a row depend on other rows?
    """
    _keep(self, logits, labels)
    exps = np.exp(logits - logits.max())
    return float(-np.sum(np.log(exps / exps.sum())[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def expects_onehot_labels(self, logits, labels):
    """Labels taken to be one-hot

    labels are class numbers of shape (N,), and you multiply them by an array of shape (N, C). Make them one-hot, or use
    them as indices.
    """
    _keep(self, logits, labels)
    return float(-np.sum(labels * np.log(self.probabilities)) / len(labels))


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def expects_onehot_labels__backward(self):
    return (self.probabilities - self.labels) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def forgets_the_log(self, logits, labels):
    """log missing

    For 10 equal logits you return 0.9: that is 1 - p. Which function of p does the loss use?
    """
    _keep(self, logits, labels)
    return float(np.mean(1 - self.probabilities[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def forgets_the_log__minus_p(self, logits, labels):
    _keep(self, logits, labels)
    return float(-np.mean(self.probabilities[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_handles_large_logits"])
def hides_infinities(self, logits, labels):
    """Infinities replaced by a number

    For extreme logits your loss is 0: the infinity is hidden, not avoided.
    """
    _keep(self, logits, labels)
    loss = float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]))
    return loss if np.isfinite(loss) else 0.0


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_has_no_floor_under_the_log"])
def hides_infinities__nan_to_num(self, logits, labels):
    _keep(self, logits, labels)
    log_p = np.nan_to_num(np.log(softmax(logits)), neginf=0.0)
    return float(-np.mean(log_p[np.arange(len(labels)), labels]))


# --- forward: the labels --------------------------------------------------------------------------------------------


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def counts_labels_from_one(self, logits, labels):
    """Labels counted from 1

    Labels run from 0 to C - 1: you read one class too low.
    """
    _keep(self, logits, labels)
    return float(np.mean(_losses(logits, labels.astype(int) - 1)))


@misconception(
    "losses.SoftmaxCrossEntropy.forward",
    fails=["check_cross_entropy_averages_the_surprise", "check_cross_entropy_gradient_is_softmax_minus_onehot"],
)
def swaps_row_and_class(self, logits, labels):
    """Row and class swapped in the index

    Which index is the example and which is the class?
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-np.mean(log_p[labels, np.arange(len(labels))]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def reads_every_pair(self, logits, labels):
    """Whole columns picked instead of one entry per row

    You pick a whole column for every label. How do you pick one entry from each row?
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-np.mean(log_p[:, labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def judges_by_its_own_prediction(self, logits, labels):
    """Predicted class used instead of the label

    Your loss does not depend on the labels at all.
    """
    _keep(self, logits, labels)
    return float(np.mean(_losses(logits, logits.argmax(axis=1))))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def sums_over_all_classes(self, logits, labels):
    """Sum over all classes instead of the true one

    Every class counts in your loss, not only the true one. What does the one-hot vector do in the formula?
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-np.sum(log_p) / len(labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_takes_any_labels"])
def makes_the_onehot_too_narrow(self, logits, labels):
    """Too few columns in the one-hot matrix

    Try a batch in which the last class does not occur. How many columns does the one-hot matrix need?
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-np.sum(_onehot(labels, labels.max() + 1) * log_p) / len(labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_takes_any_labels"])
def computes_indices_in_the_labels_type(self, logits, labels):
    """Indices overflow in the type of the labels

    Try labels of type uint8 and a larger batch. What is the largest number that type can hold?
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    place = labels + (np.arange(len(labels)) * logits.shape[1]).astype(labels.dtype)
    return float(-np.mean(log_p.ravel()[place]))


# --- forward: other losses ------------------------------------------------------------------------------------------


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def adds_the_binary_terms(self, logits, labels):
    """Binary cross-entropy instead of cross-entropy

    For 10 equal logits you return more than ln(10). Which terms does the loss for several classes have?
    """
    _keep(self, logits, labels)
    p, y = np.clip(self.probabilities, 1e-300, 1), _onehot(labels, logits.shape[1])
    other = np.log(np.maximum(1 - p, 1e-300))
    return float(-np.sum(y * np.log(p) + (1 - y) * other) / len(labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def takes_squared_errors(self, logits, labels):
    """Squared error instead of cross-entropy

    For C equal logits you do not return ln(C): yours is the squared error between probabilities and one-hot vectors.
    """
    _keep(self, logits, labels)
    y = _onehot(labels, logits.shape[1])
    return float(np.sum((self.probabilities - y) ** 2) / len(labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def takes_squared_errors__mean(self, logits, labels):
    _keep(self, logits, labels)
    return float(np.mean((self.probabilities - _onehot(labels, logits.shape[1])) ** 2))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def smooths_the_labels(self, logits, labels):
    """Label smoothing

    Your loss for a perfect prediction is not 0: the labels give some weight to the other classes.
    """
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    target = 0.9 * _onehot(labels, logits.shape[1]) + 0.1 / logits.shape[1]
    return float(-np.sum(target * log_p) / len(labels))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def takes_the_hinge_loss(self, logits, labels):
    """Hinge loss instead of cross-entropy

    Your loss is 0 as soon as the margin is 1: that is the hinge loss of a support vector machine.
    """
    _keep(self, logits, labels)
    margins = np.maximum(0, logits - logits[np.arange(len(labels)), labels][:, None] + 1)
    return float(np.mean(margins.sum(axis=1) - 1))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def takes_the_entropy(self, logits, labels):
    """Entropy of the prediction instead of cross-entropy

    Your loss does not depend on the labels: it is the entropy of the prediction. What does the "cross" stand for?
    """
    _keep(self, logits, labels)
    p = np.maximum(self.probabilities, 1e-300)
    return float(-np.mean(np.sum(p * np.log(p), axis=1)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def returns_the_perplexity(self, logits, labels):
    """Perplexity returned instead of the loss

    For C equal logits you return C instead of ln(C): that is the exponential of the loss.
    """
    _keep(self, logits, labels)
    return float(np.exp(np.mean(_losses(logits, labels))))


@misconception(
    "losses.SoftmaxCrossEntropy.forward",
    fails=["check_cross_entropy_averages_the_surprise", "check_cross_entropy_gradient_is_softmax_minus_onehot"],
)
def applies_softmax_twice(self, logits, labels):
    """Softmax applied twice

    Your loss for a confident, right prediction is not 0. How often is softmax applied?
    """
    self.probabilities = softmax(softmax(logits))
    self.labels = labels
    return float(np.mean(_losses(softmax(logits), labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def forgets_softmax(self, logits, labels):
    """log of the logits instead of the probabilities

    The log of a negative logit is nan. What turns the logits into probabilities first?
    """
    _keep(self, logits, labels)
    return float(-np.mean(np.log(logits[np.arange(len(labels)), labels])))


# --- forward: what is kept, returned and left alone -----------------------------------------------------------------


@misconception(
    "losses.SoftmaxCrossEntropy.forward",
    fails=["check_cross_entropy_handles_large_logits", "check_cross_entropy_is_exact_for_any_batch"],
)
def loses_half_the_digits(self, logits, labels):
    """Loss computed in float32

    Your loss is right to 7 digits only. Which line computes in float32?
    """
    _keep(self, logits, labels)
    return float(np.mean(_losses(logits.astype(np.float32), labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_is_about_the_last_batch"])
def keeps_the_first_batch_only(self, logits, labels):
    """Only the first batch is kept

    Call forward twice, then backward: the gradient belongs to the first batch.
    """
    if not hasattr(self, "labels"):
        _keep(self, logits, labels)
    return float(np.mean(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_is_about_the_last_batch"])
def shares_what_it_keeps(self, logits, labels):
    """Batch shared by all loss objects

    With two loss objects, the backward of the first uses the batch of the second. Does each remember its own?
    """
    type(self).probabilities, type(self).labels = softmax(logits), labels
    return float(np.mean(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def keeps_nothing_for_backward(self, logits, labels):
    """Nothing kept for backward

    backward has no arguments. Where could forward leave what it needs?
    """
    return float(np.mean(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_gradient_at_large_logits"])
def keeps_unstable_probabilities(self, logits, labels):
    """Softmax without a shift kept for backward

    For large logits the loss is right and the gradient is nan: your code computes softmax twice, once without a shift.
    """
    exps = np.exp(logits)
    self.probabilities, self.labels = exps / exps.sum(axis=1, keepdims=True), labels
    return float(np.mean(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_gradient_at_large_logits"])
def keeps_clipped_probabilities(self, logits, labels):
    """Clipped probabilities kept for backward

    For confident predictions your gradient is slightly off: it starts from clipped probabilities.
    """
    self.probabilities, self.labels = np.clip(softmax(logits), 1e-7, 1 - 1e-7), labels
    return float(np.mean(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def keeps_the_logits_for_probabilities(self, logits, labels):
    """Logits kept instead of probabilities

    Your gradient starts from the logits. Which of forward's arrays does it need?
    """
    self.probabilities, self.labels = logits, labels
    return float(np.mean(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def returns_loss_and_gradient(self, logits, labels):
    """forward returns the gradient as well

    forward should return the loss alone; backward returns the gradient.
    """
    _keep(self, logits, labels)
    gradient = (self.probabilities - _onehot(labels, logits.shape[1])) / len(labels)
    return float(np.mean(_losses(logits, labels))), gradient


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def returns_nothing_from_forward(self, logits, labels):
    """forward returns None

    What is the last line of your forward?
    """
    _keep(self, logits, labels)
    self.loss = float(np.mean(_losses(logits, labels)))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_leaves_its_inputs_alone"])
def shifts_the_callers_logits(self, logits, labels):
    """Caller's logits shifted in place

    Compare logits before and after the call: your shift has changed the caller's array.
    """
    _keep(self, logits, labels)
    logits -= logits.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]))


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def adds_a_penalty(self, logits, labels):
    """Penalty added to the loss

    Your loss has a part that grows with the size of the logits. The contract's loss has no regularisation.
    """
    _keep(self, logits, labels)
    return float(np.mean(_losses(logits, labels)) + 0.01 * np.sum(logits**2))


# --- backward -------------------------------------------------------------------------------------------------------


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def forgets_the_mean(self):
    """Gradient not divided by N

    Your gradient is N times too large. forward takes a mean: what does that do to the derivative?
    """
    return self.probabilities - _onehot(self.labels, self.probabilities.shape[1])


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def takes_the_mean_twice(self):
    """Gradient divided by N twice

    Your gradient is N times too small. How often is it divided by N?
    """
    n = len(self.labels)
    return (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / n / n


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def divides_the_gradient_by_the_classes(self):
    """Gradient divided by the number of classes instead of N

    Which count does the mean in forward run over: the examples, or the classes?
    """
    return (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / self.probabilities.shape[1]


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def divides_the_gradient_by_all_entries(self):
    """Gradient divided by N times C instead of N

    Your gradient is C times too small, where C is the number of classes. Over how many examples does the mean in forward
    run?
    """
    return (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / self.probabilities.size


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def divides_the_gradient_by_a_fixed_batch_size(self):
    """Gradient divided by a fixed batch size

    The gradient of the last, shorter batch is off: your code contains a fixed N. Take it from the input instead.
    """
    return (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / 64


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_is_about_the_last_batch"])
def remembers_the_first_batch_size(self):
    """N of an earlier batch used

    The last, shorter batch is scaled by the N of an earlier one.
    """
    if not hasattr(self, "n"):
        self.n = len(self.labels)
    return (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / self.n


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def divides_before_it_subtracts(self):
    """Only the probabilities divided by N

    Your rows do not add up to 0: the 1 was not divided by N. The mean applies to both terms.
    """
    n = len(self.labels)
    return self.probabilities / n - _onehot(self.labels, self.probabilities.shape[1])


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def divides_only_the_onehot(self):
    """Only the one-hot labels divided by N

    Your rows do not add up to 0: the probabilities were not divided by N. The mean applies to both terms.
    """
    n = len(self.labels)
    return self.probabilities - _onehot(self.labels, self.probabilities.shape[1]) / n


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def keeps_the_true_class_only(self):
    """Gradient for the true class only

    The gradient of the other classes is not zero: raising their logits raises the loss.
    """
    rows = np.arange(len(self.labels))
    gradient = np.zeros_like(self.probabilities)
    gradient[rows, self.labels] = self.probabilities[rows, self.labels] - 1
    return gradient / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def subtracts_from_whole_rows(self):
    """1 subtracted from whole rows

    Indexing with the labels alone picks whole rows. You want one entry from each row.
    """
    gradient = self.probabilities.copy()
    gradient[self.labels] -= 1
    return gradient / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def subtracts_from_whole_columns(self):
    """1 subtracted from whole columns

    Your 1 is subtracted from whole columns. You want one entry from each row.
    """
    gradient = self.probabilities.copy()
    gradient[:, self.labels] -= 1
    return gradient / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_takes_any_labels"])
def makes_the_onehot_too_narrow__backward(self):
    return (self.probabilities - _onehot(self.labels, self.labels.max() + 1)) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def subtracts_at_the_prediction(self):
    """1 subtracted at the predicted class

    Your gradient does not depend on the labels.
    """
    gradient = self.probabilities.copy()
    gradient[np.arange(len(self.labels)), gradient.argmax(axis=1)] -= 1
    return gradient / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def subtracts_one_class_too_low(self):
    """1 subtracted one class too low

    Labels run from 0 to C - 1: your 1 is subtracted one class too low.
    """
    gradient = self.probabilities.copy()
    gradient[np.arange(len(self.labels)), self.labels.astype(int) - 1] -= 1
    return gradient / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def stops_at_the_probabilities(self):
    """Gradient with respect to the probabilities

    You return the derivative with respect to the probabilities. The contract asks for the one with respect to the logits.
    """
    rows = np.arange(len(self.labels))
    gradient = np.zeros_like(self.probabilities)
    gradient[rows, self.labels] = -1 / self.probabilities[rows, self.labels]
    return gradient / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def forgets_the_onehot(self):
    """One-hot labels not subtracted

    Every entry of your gradient is positive. What is subtracted at the true class?
    """
    return self.probabilities / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def returns_the_onehot_alone(self):
    """Probabilities missing from the gradient

    Your gradient does not depend on the logits. From what is the one-hot vector subtracted?
    """
    return -_onehot(self.labels, self.probabilities.shape[1]) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def starts_from_the_logarithms(self):
    """log p instead of p in the gradient

    Your gradient uses log p where p belongs.
    """
    log_p = np.log(self.probabilities)
    return (log_p - _onehot(self.labels, log_p.shape[1])) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
class starts_the_gradient_from_the_logits:
    """Logits instead of probabilities in the gradient

    Your gradient is logits - onehot. Which function of the logits belongs there, and what is it divided by?
    """

    def forward(self, logits, labels):
        self.logits, self.labels = logits, labels
        return float(np.mean(_losses(logits, labels)))

    def backward(self):
        return self.logits - _onehot(self.labels, self.logits.shape[1])


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def multiplies_by_the_softmax_slope(self):
    """Softmax differentiated a second time

    Your gradient contains the derivative of softmax a second time: p - onehot includes it already.
    """
    p = self.probabilities
    return (p - _onehot(self.labels, p.shape[1])) * p * (1 - p) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def takes_the_softmax_slope_alone(self):
    """Derivative of softmax instead of the loss

    Your gradient does not depend on the labels: it is the derivative of softmax alone. Where does the loss come in?
    """
    p = self.probabilities
    return p * (1 - p) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def multiplies_by_the_loss(self):
    """Gradient multiplied by the loss

    The derivative of the loss with respect to itself is 1: your gradient is multiplied by the loss.
    """
    p, rows = self.probabilities, np.arange(len(self.labels))
    loss = -np.mean(np.log(p[rows, self.labels]))
    return loss * (p - _onehot(self.labels, p.shape[1])) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_backward_can_be_repeated"])
def uses_its_probabilities_up(self):
    """backward changes what forward kept

    Call backward twice: the second answer is different. Which array did the first call change?
    """
    gradient = self.probabilities
    gradient[np.arange(len(self.labels)), self.labels] -= 1
    return gradient / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_backward_can_be_repeated"])
def keeps_nothing_after_backward(self):
    """backward clears what forward kept

    The first call of backward clears what forward kept, so a second call finds nothing. Keep it until the next forward.
    """
    p, labels = self.probabilities, self.labels
    self.probabilities = self.labels = None
    return (p - _onehot(labels, p.shape[1])) / len(labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def flips_the_sign(self):
    """Gradient has the opposite sign

    If the logit of the true class rises, does the loss rise or fall?
    """
    return (_onehot(self.labels, self.probabilities.shape[1]) - self.probabilities) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def adds_at_the_true_class(self):
    """1 added at the true class instead of subtracted

    Your rows add up to 2 / N. What is done with the 1 at the true class?
    """
    return (self.probabilities + _onehot(self.labels, self.probabilities.shape[1])) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def sums_the_gradient_over_the_batch(self):
    """Gradient summed over the batch

    Your gradient has one row. Each example has a gradient of its own.
    """
    return (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])).mean(axis=0)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def gives_the_gradient_transposed(self):
    """Gradient transposed

    The gradient must have the shape of the logits: one row per example.
    """
    return (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])).T / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def differentiates_squared_errors(self):
    """Gradient twice too large

    Your gradient is 2 times too large. Is it the derivative of a squared error?
    """
    return 2 * (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def returns_nothing_from_backward(self):
    """backward returns None

    What does the network need to start its backward from?
    """
    self.gradient = (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def wants_the_gradient_of_the_loss(self, dout):
    """backward expects an argument

    backward of the loss is called without arguments: the chain rule starts here, with dL/dL = 1.
    """
    return dout * (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_is_exact_for_any_batch"])
def stores_a_float32_gradient(self):
    """Gradient in float32

    Your gradient is right to 7 digits only. Which line computes in float32?
    """
    y = _onehot(self.labels, self.probabilities.shape[1])
    return ((self.probabilities - y) / len(self.labels)).astype(np.float32)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def applies_softmax_again(self):
    """Softmax of the probabilities in the gradient

    Your gradient comes from the softmax of the probabilities. How often is softmax applied?
    """
    return (softmax(self.probabilities) - _onehot(self.labels, self.probabilities.shape[1])) / len(self.labels)


@misconception("losses.SoftmaxCrossEntropy.backward", fails=["check_cross_entropy_gradient_is_softmax_minus_onehot"])
def clips_the_gradient(self):
    """Gradient clipped

    Small entries of your gradient vanish or large ones are cut off. The contract's gradients are not clipped.
    """
    gradient = (self.probabilities - _onehot(self.labels, self.probabilities.shape[1])) / len(self.labels)
    return np.clip(gradient, -0.1, 0.1)


# --- other numbers --------------------------------------------------------------------------------------------------


@misconception("losses.SoftmaxCrossEntropy.forward", fails=["check_cross_entropy_averages_the_surprise"])
def smooths_the_labels__share(self, logits, labels):
    _keep(self, logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    y = (1 - 0.1) * _onehot(labels, logits.shape[1]) + 0.1 / logits.shape[1]
    return float(-np.sum(y * log_p) / len(labels))


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "divides_by_a_fixed_batch_size": 64,
    "adds_an_epsilon_in_the_log__1e12": 1e-12,
    "adds_an_epsilon_in_the_log__onehot": 1e-8,
    "clips_before_the_log": 1e-15,
    "smooths_the_labels__share": 0.1,
    "keeps_clipped_probabilities": 1e-7,
    "adds_a_penalty": 0.01,
    "divides_the_gradient_by_a_fixed_batch_size": 64,
    "clips_the_gradient": 0.1,
}
