"""Slips in measuring and training, each a runnable version; its docstring is the hint. Read as text, never imported.

Most of the slips in train are one line of a loop of twelve: `_fit` is that loop, with the parts that they replace.
"""

import numpy as np

from grader.course.misconceptions import misconception
from reference.data import minibatches
from reference.losses import SoftmaxCrossEntropy
from reference.optim import SGD

_KEYS = ("train_loss", "train_acc", "val_loss", "val_acc")


def _softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _accuracy(model, x, y):
    return float(np.mean(model.predict(x) == y))


def _measure(model, x, y):
    """Mean loss, and share of right answers."""
    return float(SoftmaxCrossEntropy().forward(model.forward(x), y)), _accuracy(model, x, y)


def _update(model, loss, optimizer, xb, yb):
    """One step on one batch: its loss, and the number of right answers before it."""
    logits = model.forward(xb)
    value = loss.forward(logits, yb)
    model.backward(loss.backward())
    optimizer.step(model.parameters(), model.gradients())
    return value, np.count_nonzero(logits.argmax(axis=1) == yb)


def _fit(model, data, epochs, batch_size, lr, rng, update=_update, batches=minibatches, report=None, epoch_end=None):
    """The loop; `report` gives the four numbers of an epoch, `epoch_end` acts after it."""
    x_train, y_train, x_val, y_val = data
    loss, optimizer = SoftmaxCrossEntropy(), SGD(lr)
    history = {key: [] for key in _KEYS}
    for _ in range(epochs):
        seen = [(*update(model, loss, optimizer, xb, yb), len(yb)) for xb, yb in batches(x_train, y_train, batch_size, rng)]
        if epoch_end:
            epoch_end(model, optimizer)
        if report:
            numbers = report(model, seen)
        else:
            count = sum(n for _, _, n in seen)
            numbers = sum(v * n for v, _, n in seen) / count, sum(c for _, c, _ in seen) / count
            numbers += _measure(model, x_val, y_val)
        for key, number in zip(_KEYS, numbers):
            history[key].append(float(number))
    return history


# --- accuracy -------------------------------------------------------------------------------------------------------


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def gives_percent(model, x, y):
    """Accuracy in percent

    Your accuracy is above 1. The contract asks for a share between 0 and 1.
    """
    return 100.0 * float(np.mean(model.predict(x) == y))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def rounds_the_accuracy(model, x, y):
    """Accuracy rounded

    You round the accuracy to 2 digits: round for printing only.
    """
    return round(float(np.mean(model.predict(x) == y)), 2)


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def divides_by_the_columns(model, x, y):
    """Divided by the columns of x instead of the rows

    Which count did you divide by: the rows, or the columns?
    """
    return float(np.sum(model.predict(x) == y) / x.shape[1])


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def counts_the_hits(model, x, y):
    """Number of hits instead of their share

    You return the number of right answers. The contract asks for their share.
    """
    return float(np.sum(model.predict(x) == y))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def counts_the_hits__whole(model, x, y):
    return int(np.sum(model.predict(x) == y))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def returns_one_hit_for_each_example(model, x, y):
    """One result per example instead of their mean

    accuracy must return one float.
    """
    return model.predict(x) == y


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def gives_the_error_rate(model, x, y):
    """Error rate instead of accuracy

    The better the predictions, the smaller your number: that is the error rate.
    """
    return float(np.mean(model.predict(x) != y))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def counts_whole_batches_only(model, x, y):
    """Last, shorter batch left out of the accuracy

    Examples of the short last batch do not count. All rows of x should.
    """
    hits = [model.predict(x[i : i + 64]) == y[i : i + 64] for i in range(0, len(x) - 63, 64)]
    return float(np.mean(hits)) if hits else 0.0


@misconception("train.accuracy", fails=["check_accuracy_counts_every_row"])
def averages_over_batches(model, x, y):
    """Mean of the batches' accuracies

    A short last batch counts as much as a full one: the mean of the batch means is not the mean over all examples.
    """
    shares = [np.mean(model.predict(x[i : i + 64]) == y[i : i + 64]) for i in range(0, len(x), 64)]
    return float(np.mean(shares))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def slides_over_the_rows(model, x, y):
    """Overlapping batches

    Your batches start at row i instead of i times the batch size, so most rows are counted several times.
    """
    size = min(32, len(x))
    return float(np.mean([np.mean(model.predict(x[i : i + size]) == y[i : i + size]) for i in range(len(x) // size)]))


@misconception("train.accuracy", fails=["check_accuracy_counts_every_row"])
def looks_at_the_first_hundred(model, x, y):
    """Only the first examples counted

    You count only the first 100 examples. All rows of x count.
    """
    return float(np.mean(model.predict(x[:100]) == y[:100]))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def compares_sorted_answers(model, x, y):
    """Sorted predictions compared with sorted labels

    You compare only how often each class occurs, not which example got which class.
    """
    return float(np.mean(np.sort(model.predict(x)) == np.sort(y)))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def counts_the_second_guess_too(model, x, y):
    """Second guess counted too

    Only the best guess counts.
    """
    best_two = np.argsort(model.forward(x), axis=1)[:, -2:]
    return float(np.mean((best_two == np.asarray(y)[:, None]).any(axis=1)))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def compares_each_with_all(model, x, y):
    """Every prediction compared with every label

    Every prediction is compared with every label. Which shapes do the two sides have?
    """
    return float(np.mean(model.predict(x).reshape(-1, 1) == y))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"], alike="all_or_nothing")
def wants_all_right(model, x, y):
    """1 or 0 instead of a share

    You return 1 if all answers are right, and 0 otherwise. Count the right answers, and divide by the number of rows.
    """
    return float(np.all(model.predict(x) == y))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"], alike="all_or_nothing")
def divides_in_whole_numbers(model, x, y):
    return float(np.sum(model.predict(x) == y) // len(y))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def averages_over_classes(model, x, y):
    """Mean over the classes instead of the examples

    Rare classes count as much as frequent ones. The contract asks for the share of all examples.
    """
    hits = model.predict(x) == y
    return float(np.mean([hits[y == c].mean() for c in np.unique(y)]))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def forgives_neighbours(model, x, y):
    """Neighbouring classes counted as right

    Your code counts an answer as right if it is off by one class, such as 4 for 3.
    """
    return float(np.mean(np.abs(model.predict(x).astype(int) - y) <= 1))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def gives_the_mean_probability(model, x, y):
    """Mean probability instead of accuracy

    You return the mean probability of the true class. Accuracy counts right answers.
    """
    p = _softmax(model.forward(x))
    return float(p[np.arange(len(y)), y].mean())


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def averages_the_predictions(model, x, y):
    """Mean of the predicted classes

    You return the mean of the predicted classes. What should they be compared with?
    """
    return float(np.mean(model.predict(x)))


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def returns_nothing_from_accuracy(model, x, y):
    """accuracy returns None

    What is the last line of your function?
    """
    right = np.mean(model.predict(x) == y)
    print("accuracy:", right)


@misconception("train.accuracy", fails=["check_accuracy_is_the_share_of_hits"])
def is_always_good(model, x, y):
    """Accuracy does not depend on the labels

    Your accuracy does not depend on the labels.
    """
    return 0.98


# --- train: what is learned from ------------------------------------------------------------------------------------


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def learns_from_the_validation_set_too(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Validation set added to the training set

    The parameters after training must not depend on the validation data.
    """
    x, y = np.concatenate([x_train, x_val]), np.concatenate([y_train, y_val])
    return _fit(model, (x, y, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def learns_from_the_validation_set_alone(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Trained on the validation set

    Your network learns from x_val. It should learn from x_train.
    """
    return _fit(model, (x_val, y_val, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def trains_a_step_on_the_validation_set(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Update made on the validation set

    The parameters after training depend on the validation data. What happens while you validate?
    """

    def epoch_end(model, optimizer):
        _update(model, SoftmaxCrossEntropy(), optimizer, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, epoch_end=epoch_end)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def standardises_the_training_set_only(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Training images standardised inside train

    Your network learns from standardised images. predict is given raw ones, after training too: what should train give the network?
    """
    x_train = (x_train - x_train.mean()) / (x_train.std() + 1e-8)
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def scales_the_callers_images(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Caller's images scaled in place

    Compare x_train before and after: you changed your caller's data.
    """
    x_train /= 255.0
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def scales_the_images_again(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Images scaled a second time

    The images are between 0 and 1 already, and you divide them by 255 once more.
    """
    return _fit(model, (x_train / 255.0, y_train, x_val / 255.0, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_leaves_the_data_alone"])
def shuffles_the_callers_rows(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Caller's arrays shuffled in place

    Compare x_train before and after: you reordered your caller's rows.
    """
    order = rng.permutation(len(x_train))
    x_train[...], y_train[...] = x_train[order], y_train[order]
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def holds_some_rows_back(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Training rows held back

    You hold some training rows back. You are given a validation set, so train on all of x_train.
    """
    keep = len(x_train) - max(len(x_train) // 10, 1)
    return _fit(model, (x_train[:keep], y_train[:keep], x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_steps_once_a_batch", "check_train_measures_what_it_says"])
def drops_the_short_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Last, shorter batch dropped

    With 23 rows in batches of 5, three rows are left out in every epoch.
    """

    def batches(x, y, size, rng):
        return [(xb, yb) for xb, yb in minibatches(x, y, size, rng) if len(xb) == min(size, len(x))]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


@misconception("train.train", fails=["check_train_steps_once_a_batch", "check_train_measures_what_it_says"])
def moves_one_row_a_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Each batch starts one row further on

    Look at where each batch of your loop starts: at i, or at i * batch_size?
    """

    def batches(x, y, size, rng):
        order = rng.permutation(len(x))
        return [(x[order[i : i + size]], y[order[i : i + size]]) for i in range(-(-len(x) // size))]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


# --- train: the steps -----------------------------------------------------------------------------------------------


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"], alike="nothing_moves")
def forgets_the_update(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Parameters never updated

    The parameters never change. Do backward and the optimiser's step both run for every batch?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"], alike="nothing_moves")
def forgets_the_backward(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        loss.backward()
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def updates_before_backward(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Update before backward

    Which batch do the gradients belong to when you update?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        optimizer.step(model.parameters(), model.gradients())
        model.backward(loss.backward())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_steps_once_a_batch"])
def updates_once_an_epoch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """One update per epoch

    The parameters change once per epoch, for any batch size. Is the step inside the loop over the batches?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    def epoch_end(model, optimizer):
        optimizer.step(model.parameters(), model.gradients())

    data = (x_train, y_train, x_val, y_val)
    return _fit(model, data, epochs, batch_size, lr, rng, update=update, epoch_end=epoch_end)


@misconception("train.train", fails=["check_train_steps_once_a_batch"])
def ends_the_epoch_after_one_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Epoch ends after one batch

    Only the first batch of each epoch is used. What ends the loop over the batches?
    """

    def first(*arguments):
        yield next(iter(minibatches(*arguments)))

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=first)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def updates_twice(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Two updates per batch, or twice the learning rate

    Your step is 2 times too long. How often does the optimiser run for one batch?
    """

    def update(model, loss, optimizer, xb, yb):
        result = _update(model, loss, optimizer, xb, yb)
        optimizer.step(model.parameters(), model.gradients())
        return result

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def visits_each_batch_twice(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Every batch visited twice

    Each batch is used for two steps.
    """

    def update(model, loss, optimizer, xb, yb):
        _update(model, loss, optimizer, xb, yb)
        return _update(model, loss, optimizer, xb, yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def climbs(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Gradient added instead of subtracted

    Your loss grows: the parameters move uphill. Which way does the gradient point?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, -lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def sends_the_logits_back(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Logits passed to backward

    What does backward need: the logits or the derivative of the loss?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(logits)
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def sends_the_probabilities_back(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Probabilities passed to backward

    What you pass to the network's backward does not depend on the labels. Pass what the
    backward of the loss returns.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(_softmax(logits) / len(yb))
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def hands_softmax_to_the_loss(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Probabilities passed to the loss

    The loss gets probabilities, but it expects logits: softmax is applied twice.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(_softmax(logits), yb)
        model.backward(loss.backward())
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def multiplies_by_the_loss(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Gradient multiplied by the loss

    The derivative of the loss with respect to itself is 1: your gradient is multiplied by the loss.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(value * loss.backward())
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def divides_by_the_batch_again(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Gradient divided by N a second time

    Your step is N times too short, with N rows in the batch. The loss has divided by N already.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward() / len(yb))
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_steps_once_a_batch"])
def divides_the_short_batch_by_batch_size(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Short batch divided by batch_size instead of its rows

    The last batch has fewer rows than batch_size, but its gradient is divided by batch_size.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward() * len(yb) / batch_size)
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def validates_between_forward_and_backward(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Other forward between forward and backward

    Which batch do the layers remember when backward runs?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        _accuracy(model, x_train[: len(xb)], y_train[: len(xb)])
        model.backward(loss.backward())
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception(
    "train.train",
    fails=["check_train_keeps_descending", "check_train_steps_once_a_batch", "check_train_validates_after_each_epoch"],
)
def makes_a_new_optimizer_that_decays(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Learning rate decays during training

    The steps get shorter and shorter. Unless asked for, the learning rate is constant.
    """

    def epoch_end(model, optimizer):
        optimizer.lr *= 0.95

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, epoch_end=epoch_end)


@misconception(
    "train.train",
    fails=["check_train_keeps_descending", "check_train_steps_once_a_batch", "check_train_validates_after_each_epoch"],
)
def gathers_momentum(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Momentum switched on

    The second step is too long: it contains part of the first. Plain gradient descent has no memory.
    """
    speed = [np.zeros_like(p) for p in model.parameters()]

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        for v, p, g in zip(speed, model.parameters(), model.gradients()):
            v *= 0.9
            v -= lr * g
            p += v
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def decays_the_weights(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Weight decay switched on

    Your weights shrink at every step. Unless asked for, there is no regularisation.
    """

    def update(model, loss, optimizer, xb, yb):
        result = _update(model, loss, optimizer, xb, yb)
        for p in model.parameters():
            p *= 1 - lr * 1e-2
        return result

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def clips_the_gradients(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Gradients clipped

    Your gradients are cut off at 0.01. Unless asked for, there is no clipping.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        optimizer.step(model.parameters(), [np.clip(g, -0.01, 0.01) for g in model.gradients()])
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def adds_noise_to_the_images(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Images augmented with noise

    Your network is trained on changed images. Unless asked for, there is no augmentation.
    """

    def batches(x, y, size, rng):
        for xb, yb in minibatches(x, y, size, rng):
            yield xb + 0.1 * rng.standard_normal(xb.shape), yb

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def starts_from_fresh_weights(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Weights initialised again

    Training should start from the parameters that the model has.
    """
    for p in model.parameters():
        p[...] = rng.normal(0, np.sqrt(2 / len(p)), p.shape) if p.ndim > 1 else 0
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def trains_a_copy(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Another network trained, not the given one

    Something has learned, and the model has not changed. Which object did you train, a copy or a new MLP?
    """
    import copy

    return _fit(copy.deepcopy(model), (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_keeps_descending", "check_train_never_learns_from_validation"])
def keeps_the_best_epoch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Parameters of the best epoch restored

    At the end you restore the parameters of an earlier epoch, chosen by the validation data.
    """
    best = [None, np.inf]

    def epoch_end(model, optimizer):
        value, _ = _measure(model, x_val, y_val)
        if value < best[1]:
            best[:] = [p.copy() for p in model.parameters()], value

    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, epoch_end=epoch_end)
    for p, kept in zip(model.parameters(), best[0] or model.parameters()):
        p[...] = kept
    return history


@misconception("train.train", fails=["check_train_keeps_descending", "check_train_never_learns_from_validation"])
def keeps_the_best_epoch__by_accuracy(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    best = [None, -1.0]

    def epoch_end(model, optimizer):
        value = _accuracy(model, x_val, y_val)
        if value > best[1]:
            best[:] = [p.copy() for p in model.parameters()], value

    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, epoch_end=epoch_end)
    for p, kept in zip(model.parameters(), best[0] or model.parameters()):
        p[...] = kept
    return history


# --- train: the arguments -------------------------------------------------------------------------------------------


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def ignores_lr(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Fixed learning rate

    Double lr: the first step must be twice as long.
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, 0.1, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def scales_lr_by_the_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Learning rate scaled by the batch size

    Your learning rate depends on batch_size. Use lr as it is given.
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr * batch_size / 32, rng)


@misconception("train.train", fails=["check_train_steps_once_a_batch", "check_train_follows_its_rng"], alike="other_batch_size")
def ignores_the_batch_size(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """batch_size ignored

    Ask for batches of 5: how many rows does each step see, and how many steps make an epoch?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, 32, lr, rng)


@misconception("train.train", fails=["check_train_steps_once_a_batch", "check_train_follows_its_rng"], alike="other_batch_size")
def takes_everything_as_one_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, len(x_train), lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def steps_on_single_examples(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """One update per example

    Asked for batches of 5, you take one step per row.
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, 1, lr, rng)


@misconception(
    "train.train",
    fails=[
        "check_train_keeps_descending",
        "check_train_steps_once_a_batch",
        "check_train_measures_what_it_says",
        "check_train_validates_after_each_epoch",
        "check_train_keeps_a_history",
    ],
)
def trains_one_epoch_only(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Only one epoch run

    Ask for three epochs: how many numbers does each list of the history have?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), 1, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def trains_one_epoch_too_few(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """One epoch too few

    Asked for three epochs, you train for two. Where does your count start?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs - 1, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def trains_one_epoch_too_many(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """One epoch too many

    Asked for three epochs, you train for four. Where does your count start?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs + 1, batch_size, lr, rng)


@misconception(
    "train.train",
    fails=[
        "check_train_keeps_descending",
        "check_train_validates_after_each_epoch",
        "check_train_keeps_a_history",
        "check_train_never_learns_from_validation",
    ],
)
def stops_when_validation_gets_worse(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Early stopping

    You stop before the last epoch. Unless asked for, every epoch is run.
    """
    history = {key: [] for key in _KEYS}
    for _ in range(epochs):
        epoch = _fit(model, (x_train, y_train, x_val, y_val), 1, batch_size, lr, rng)
        for key in _KEYS:
            history[key] += epoch[key]
        if len(history["val_loss"]) > 1 and history["val_loss"][-1] >= history["val_loss"][-2]:
            break
    return history


@misconception("train.train", fails=["check_train_follows_its_rng"])
def never_shuffles(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Rows never shuffled

    Every epoch uses the rows in the order of the data. What is rng for?
    """

    def batches(x, y, size, rng):
        return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


@misconception("train.train", fails=["check_train_follows_its_rng"])
def shuffles_once(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Rows shuffled only once

    Every epoch uses the same batches. When is a new order drawn?
    """
    kept = list(minibatches(x_train, y_train, batch_size, rng))
    data = (x_train, y_train, x_val, y_val)
    return _fit(model, data, epochs, batch_size, lr, rng, batches=lambda x, y, size, rng: kept)


@misconception("train.train", fails=["check_train_follows_its_rng"])
def ignores_the_generator(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Random numbers do not come from the given rng

    Which generator were you given, and which one do you draw from?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, np.random)


@misconception("train.train", fails=["check_train_follows_its_rng"])
def makes_a_generator_of_its_own(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Fixed seed instead of the given rng

    Which generator were you given, and which one do you draw from?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, np.random.default_rng(0))


@misconception("train.train", fails=["check_train_follows_its_rng"])
def seeds_every_epoch_anew(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Same order of rows in every epoch

    The order of the rows is the same in every epoch, with any generator.
    """

    def batches(x, y, size, rng):
        return minibatches(x, y, size, np.random.default_rng(42))

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


# --- train: what is reported ----------------------------------------------------------------------------------------


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def reports_validation_as_training(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Validation accuracy reported as train_acc

    train_acc should be measured on the training data.
    """

    def report(model, seen):
        value, share = _measure(model, x_val, y_val)
        return sum(v * n for v, _, n in seen) / sum(n for _, _, n in seen), share, value, share

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says", "check_train_validates_after_each_epoch"])
def reports_training_as_validation(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Training set measured as validation

    val_loss and val_acc do not depend on the validation data. Which set do you measure?
    """

    def report(model, seen):
        return _measure(model, x_train, y_train) * 2

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def adds_up_the_losses(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Sum of the losses instead of their mean

    train_loss grows with the number of batches. Should it be their sum or their mean?
    """

    def report(model, seen):
        return sum(v for v, _, _ in seen), _accuracy(model, x_train, y_train), *_measure(model, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def divides_the_losses_by_the_rows(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Batch losses divided by the number of rows

    train_loss is too small: the mean losses of the batches are added up and divided by the number of rows.
    """

    def report(model, seen):
        value = sum(v for v, _, _ in seen) / len(x_train)
        return value, _accuracy(model, x_train, y_train), *_measure(model, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def divides_the_rows_by_the_batches(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Sum over the rows divided by the number of batches

    train_loss is too large: each batch loss is multiplied by its rows, and the sum is divided by the number of batches.
    """

    def report(model, seen):
        value = sum(v * n for v, _, n in seen) / len(seen)
        return value, _accuracy(model, x_train, y_train), *_measure(model, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def divides_by_the_whole_batches(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Short batch missing from the divisor

    train_loss is too large when there is a short batch: the losses of all batches are divided by the number of full
    ones.
    """

    def report(model, seen):
        value = sum(v for v, _, _ in seen) / (len(x_train) // batch_size)
        return value, _accuracy(model, x_train, y_train), *_measure(model, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def reports_the_last_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Last batch reported instead of the whole epoch

    What you report of training is that of the last batch. Average over the epoch.
    """

    def report(model, seen):
        return seen[-1][0], _accuracy(model, x_train, y_train), *_measure(model, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def reports_the_first_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Loss of the first batch reported

    train_loss is the loss of the first batch. Average over the epoch.
    """

    def report(model, seen):
        return seen[0][0], _accuracy(model, x_train, y_train), *_measure(model, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def never_resets_the_sum(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Sums not reset between epochs

    What is measured still contains the epochs before. Where do you set the sums, and the counts beside them, to 0?
    """
    total = [0.0]

    def report(model, seen):
        total[0] += sum(v * n for v, _, n in seen) / len(x_train)
        return total[0], _accuracy(model, x_train, y_train), *_measure(model, x_val, y_val)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says"])
def validates_on_the_first_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Only part of the validation set measured

    All rows of x_val count, not only the first ones.
    """

    def report(model, seen):
        return *_measure(model, x_train, y_train), *_measure(model, x_val[:batch_size], y_val[:batch_size])

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_validates_after_each_epoch"])
def validates_before_it_trains(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Validation before the epoch instead of after it

    You measure val_loss before the epoch. Measure it after the steps of the epoch.
    """
    before = [_measure(model, x_val, y_val)]

    def report(model, seen):
        numbers = (*_measure(model, x_train, y_train), *before[0])
        before[0] = _measure(model, x_val, y_val)
        return numbers

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_validates_after_each_epoch"])
def reports_the_best_so_far(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Best accuracy so far reported

    val_acc never falls: you report the best so far. The history shows each epoch as it was.
    """
    best = [0.0]

    def report(model, seen):
        value, share = _measure(model, x_val, y_val)
        best[0] = max(best[0], share)
        return *_measure(model, x_train, y_train), value, best[0]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says", "check_train_validates_after_each_epoch"])
def reports_percent(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Accuracies in percent

    Your accuracies are above 1. The contract asks for shares between 0 and 1.
    """

    def report(model, seen):
        train, val = _measure(model, x_train, y_train), _measure(model, x_val, y_val)
        return train[0], 100 * train[1], val[0], 100 * val[1]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says", "check_train_validates_after_each_epoch"])
def reports_error_rates(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Error rates reported as accuracies

    Your accuracies fall while the network gets better: you report error rates.
    """

    def report(model, seen):
        train, val = _measure(model, x_train, y_train), _measure(model, x_val, y_val)
        return train[0], 1 - train[1], val[0], 1 - val[1]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


@misconception("train.train", fails=["check_train_measures_what_it_says", "check_train_validates_after_each_epoch"])
def swaps_loss_and_accuracy(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Losses and accuracies swapped

    Losses are in the lists of accuracies. Check which number goes into which list.
    """

    def report(model, seen):
        return *_measure(model, x_train, y_train)[::-1], *_measure(model, x_val, y_val)[::-1]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, report=report)


# --- train: the history ---------------------------------------------------------------------------------------------


@misconception("train.train", fails=["check_train_measures_what_it_says", "check_train_keeps_a_history"])
def records_every_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """One entry per batch instead of per epoch

    train_loss has one number per batch. The history has one per epoch.
    """
    values = []

    def update(model, loss, optimizer, xb, yb):
        value, right = _update(model, loss, optimizer, xb, yb)
        values.append(float(value))
        return value, right

    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)
    history["train_loss"] = values
    return history


@misconception(
    "train.train",
    fails=["check_train_measures_what_it_says", "check_train_validates_after_each_epoch", "check_train_keeps_a_history"],
)
def records_the_last_epoch_only(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Epochs missing from the history

    The lists have fewer numbers than there were epochs. Where are they made, and when is something appended to them?
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    return {key: values[-1:] for key, values in history.items()}


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def returns_numbers_for_lists(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Single numbers instead of lists

    The history contains single numbers. Each key needs a list with one number per epoch.
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    return {key: values[-1] for key, values in history.items()}


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def stores_formatted_strings(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Strings in the history

    The history needs numbers.
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    return {key: [f"{value:.4f}" for value in values] for key, values in history.items()}


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def leaves_out_val_loss(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Key missing from the history

    Which four keys does the contract ask for?
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    del history["val_loss"]
    return history


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def names_the_keys_in_its_own_way(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Keys of the history misnamed

    The keys have different names from the contract's. Compare them letter by letter.
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    return {
        "loss": history["train_loss"],
        "accuracy": history["train_acc"],
        "val_loss": history["val_loss"],
        "val_accuracy": history["val_acc"],
    }


@misconception(
    "train.train",
    fails=["check_train_measures_what_it_says", "check_train_validates_after_each_epoch", "check_train_keeps_a_history"],
)
def shares_one_list(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """One list for all four keys

    All four keys share one list, which is 4 times too long. Make four lists.
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    mixed = [value for values in zip(*history.values()) for value in values]
    return dict.fromkeys(_KEYS, mixed)


@misconception("train.train", fails=["check_train_measures_what_it_says", "check_train_keeps_a_history"])
def keeps_the_history_between_calls(
    model,
    x_train,
    y_train,
    x_val,
    y_val,
    *,
    epochs,
    batch_size,
    lr,
    rng,
    history={key: [] for key in _KEYS},  # noqa: B006
):
    """History kept between calls

    The history of the second training begins with the epochs of the first. When is a default argument created?
    """
    new = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    for key in _KEYS:
        history[key] += new[key]
    return history


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def returns_one_dict_an_epoch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """List of dicts instead of a dict of lists

    You return a list of dicts. The contract asks for a dict of lists.
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    return [{key: history[key][i] for key in _KEYS} for i in range(epochs)]


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def returns_the_model(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Model returned instead of the history

    train must return the history. The caller has the model already.
    """
    _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    return model


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def returns_model_and_history(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Model returned as well as the history

    train must return the history only.
    """
    return model, _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def returns_four_lists(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Lists without names instead of a dict

    You return four lists. The contract asks for them in a dict, by name.
    """
    return tuple(_fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng).values())


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def prints_and_returns_nothing(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """train returns None

    train must return the history; printing it is not enough.
    """
    history = _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng)
    for epoch in range(epochs):
        print(epoch, history["train_loss"][epoch], history["val_acc"][epoch])


@misconception(
    "train.train",
    fails=[
        "check_train_keeps_descending",
        "check_train_steps_once_a_batch",
        "check_train_measures_what_it_says",
        "check_train_validates_after_each_epoch",
        "check_train_keeps_a_history",
    ],
)
def returns_in_the_first_epoch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Return inside the loop over the epochs

    Asked for three epochs, you train for one. Is the return inside the loop?
    """
    loss, optimizer = SoftmaxCrossEntropy(), SGD(lr)
    history = {key: [] for key in _KEYS}
    for _ in range(epochs):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            _update(model, loss, optimizer, xb, yb)
        for key, number in zip(_KEYS, _measure(model, x_train, y_train) + _measure(model, x_val, y_val)):
            history[key].append(number)
        return history


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def invents_the_history(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """History does not come from the model

    Your history does not contain the model's losses and accuracies, and the model never changes.
    """
    falling = [2.3 * 0.7**i for i in range(epochs)]
    rising = [1 - 0.9 * 0.7**i for i in range(epochs)]
    return {"train_loss": falling, "train_acc": rising, "val_loss": falling[:], "val_acc": rising[:]}


# --- gradients of another time --------------------------------------------------------------------------------------


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def keeps_the_first_gradients(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Stale gradients: gradients() called too early

    At every step the optimiser gets the gradients from before the first backward. Call gradients() after each backward.
    """
    first = model.gradients()

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        optimizer.step(model.parameters(), first)
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


# --- what is known by where the parameters end ------------------------------------------------------------------------


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def multiplies_by_the_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Gradient multiplied by the batch size

    Your step grows with the batch size. The loss is a mean over the batch, and so is its gradient.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward() * len(yb))
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_steps_once_a_batch"])
def divides_by_all_rows(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Gradient of a batch divided by all rows

    Each step is too short: you divide the gradient of a batch by the number of rows of x_train. The loss is a mean over the
    rows of the batch.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward() * len(yb) / len(x_train))
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_steps_once_a_batch"])
def divides_by_the_number_of_batches(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Step divided by the number of batches

    The more batches there are, the shorter your steps. Use lr as it is given, for every batch.
    """
    count = -(-len(x_train) // batch_size)
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr / count, rng)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def scales_the_step(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Step 0.5 times as long as lr says

    Your step is 0.5 times as long as it should be. What is lr multiplied by before it reaches the parameters?
    """
    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, 0.5 * lr, rng)


@misconception(
    "train.train",
    fails=["check_train_keeps_descending", "check_train_steps_once_a_batch", "check_train_validates_after_each_epoch"],
)
def accumulates_the_gradients(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Gradients of earlier batches still in the step

    Each step still contains the gradients of earlier batches. Start from zero for every batch.
    """
    total = [np.zeros_like(p) for p in model.parameters()]

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        for t, g in zip(total, model.gradients()):
            t += g
        optimizer.step(model.parameters(), total)
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def leaves_parameters_out(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Some parameters never updated

    Some arrays never change. Which parameters does the step get, and which gradients?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        optimizer.step(model.parameters()[2:], model.gradients()[2:])
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def leaves_parameters_out__biases(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        model.backward(loss.backward())
        optimizer.step(model.parameters()[::2], model.gradients()[::2])
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def leaves_the_last_batch_out(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Last batch of each epoch left out

    You take no step for the last batch of an epoch, full or not. Where does your loop end?
    """

    def batches(x, y, size, rng):
        return list(minibatches(x, y, size, rng))[:-1]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def leaves_the_first_batch_out(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """First batch of each epoch left out

    You take no step for the first batch of an epoch. Where does your loop start?
    """

    def batches(x, y, size, rng):
        return list(minibatches(x, y, size, rng))[1:]

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


@misconception("train.train", fails=["check_train_steps_once_a_batch"])
def steps_on_all_rows_for_each_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Every step taken on all of x_train

    You take one step per batch, but on all rows. What does forward get, and what else runs before backward?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(logits, yb)
        _update(model, loss, optimizer, x_train, y_train)
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_keeps_descending", "check_train_steps_once_a_batch"])
def uses_up_the_batches(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Batches used up after the first epoch

    From the second epoch on there are no batches: a generator can be used only once. Make a new one in every epoch.
    """
    kept = minibatches(x_train, y_train, batch_size, rng)

    def batches(x, y, size, rng):
        return kept

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, batches=batches)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def forgets_the_loss_forward(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """loss.forward missing before loss.backward

    loss.backward needs what loss.forward keeps of the same batch. Call loss.forward first.
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        model.backward(loss.backward())
        optimizer.step(model.parameters(), model.gradients())
        return 0.0, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


@misconception("train.train", fails=["check_train_descends_on_the_full_batch"])
def hands_labels_for_scores(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """Class numbers given to the loss in place of logits

    loss.forward takes the logits (N, C) first, then the labels (N,). What do you pass first?
    """

    def update(model, loss, optimizer, xb, yb):
        logits = model.forward(xb)
        value = loss.forward(yb, logits)
        model.backward(loss.backward())
        optimizer.step(model.parameters(), model.gradients())
        return value, np.count_nonzero(logits.argmax(axis=1) == yb)

    return _fit(model, (x_train, y_train, x_val, y_val), epochs, batch_size, lr, rng, update=update)


#: Of these a learner may have chosen another number.
OPEN_NUMBERS = {
    "averages_over_batches": 64,
    "is_always_good": 0.98,
    "holds_some_rows_back": 10,
    "makes_a_new_optimizer_that_decays": 0.95,
    "gathers_momentum": 0.9,
    "decays_the_weights": 1e-2,
    "clips_the_gradients": 0.01,
    "adds_noise_to_the_images": 0.1,
    "ignores_lr": 0.1,
    "scales_lr_by_the_batch": 32,
    "scales_the_step": 0.5,
    "ignores_the_batch_size": 32,
    "makes_a_generator_of_its_own": 0,
    "seeds_every_epoch_anew": 42,
    "scales_the_images_again": 255.0,
    "scales_the_callers_images": 255.0,
}
