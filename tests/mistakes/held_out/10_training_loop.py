"""Other forms of slips in measuring and training."""

import numpy as np

from grader.course.misconceptions import held_out
from reference.data import minibatches
from reference.losses import SoftmaxCrossEntropy


@held_out("train.accuracy")
def gives_percent(model, x, y):
    return sum(int(a == b) for a, b in zip(model.predict(x), y)) * 100 / len(y)


@held_out("train.accuracy")
def counts_the_hits(model, x, y):
    return float(np.count_nonzero(model.predict(x) == y))


@held_out("train.accuracy")
def gives_the_error_rate(model, x, y):
    return 1 - np.mean(model.predict(x) == y)


@held_out("train.accuracy")
def divides_by_the_columns(model, x, y):
    right = np.equal(model.predict(x), y)
    return right.sum() / len(x[0])


@held_out("train.accuracy")
def returns_one_hit_for_each_example(model, x, y):
    return np.equal(np.argmax(model.forward(x), axis=1), y)


def _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng, shift=0, factor=1.0, skip=False):
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs + shift):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            loss = SoftmaxCrossEntropy()
            loss.forward(model.forward(xb), yb)
            model.backward(loss.backward() / (len(yb) if factor == "rows" else 1))
            for p, g in zip(model.parameters(), model.gradients()):
                p -= 0 if skip else lr * g * (1 if factor == "rows" else factor)
        for name, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            history[f"{name}_loss"].append(float(SoftmaxCrossEntropy().forward(model.forward(x), y)))
            history[f"{name}_acc"].append(float(np.mean(model.predict(x) == y)))
    return history


@held_out("train.train")
def forgets_the_update(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    return _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng, skip=True)


@held_out("train.train")
def climbs(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    return _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng, factor=-1.0)


@held_out("train.train")
def updates_twice(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    return _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng, factor=2.0)


@held_out("train.train")
def divides_by_the_batch_again(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    return _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng, factor="rows")


@held_out("train.train")
def trains_one_epoch_too_many(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    return _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng, shift=1)


@held_out("train.train")
def returns_model_and_history(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    return model, _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng)


@held_out("train.train")
def returns_four_lists(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    h = _epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng)
    return h["train_loss"], h["train_acc"], h["val_loss"], h["val_acc"]


@held_out("train.train")
def prints_and_returns_nothing(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    print(_epochs(model, x_train, y_train, x_val, y_val, epochs, batch_size, lr, rng))


@held_out("train.train")
def ends_the_epoch_after_one_batch(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    loss = SoftmaxCrossEntropy()
    for _ in range(epochs):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            scores = model.forward(xb)
            value, hits = loss.forward(scores, yb), np.mean(scores.argmax(axis=1) == yb)
            model.backward(loss.backward())
            for p, g in zip(model.parameters(), model.gradients()):
                p -= lr * g
            break
        scores = model.forward(x_val)
        for name, number in zip(history, (value, hits, loss.forward(scores, y_val), np.mean(scores.argmax(1) == y_val))):
            history[name].append(float(number))
    return history
