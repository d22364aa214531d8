"""Other forms of slips in experiments."""

import math

import numpy as np

from grader.course.misconceptions import held_out
from reference.network import MLP
from reference.train import train


def _run(sizes, data, seed, **settings):
    rng = np.random.default_rng(seed)
    model = MLP(sizes, rng)
    return train(model, *data, rng=rng, **settings)


@held_out("experiments.compare_batch_sizes")
def shares_one_generator(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    rng, found = np.random.default_rng(seed), []
    for size in batch_sizes:
        per_epoch = math.ceil(len(x_train) / size)
        count = epochs if epochs is not None else math.ceil(updates / per_epoch)
        model = MLP(sizes, rng)
        history = train(model, x_train, y_train, x_val, y_val, epochs=count, batch_size=size, lr=lr, rng=rng)
        found.append((size, count * per_epoch, history))
    return found


@held_out("experiments.compare_batch_sizes")
def counts_a_batch_too_many(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    found = []
    for size in batch_sizes:
        batches = int(len(x_train) / size) + 1
        count = epochs or math.ceil(updates / batches)
        history = _run(sizes, (x_train, y_train, x_val, y_val), seed, epochs=count, batch_size=size, lr=lr)
        found.append((size, count * batches, history))
    return found


@held_out("experiments.compare_batch_sizes")
def draws_from_a_constant_seed(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    found = []
    for size in batch_sizes:
        batches = math.ceil(len(x_train) / size)
        count = epochs or math.ceil(updates / batches)
        history = _run(sizes, (x_train, y_train, x_val, y_val), 0, epochs=count, batch_size=size, lr=lr)
        found.append((size, count * batches, history))
    return found


@held_out("experiments.compare_batch_sizes")
def rounds_the_epochs_down(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    found = []
    for size in batch_sizes:
        batches = math.ceil(len(x_train) / size)
        count = epochs or int(updates / batches)
        history = _run(sizes, (x_train, y_train, x_val, y_val), seed, epochs=max(count, 1), batch_size=size, lr=lr)
        found.append((size, max(count, 1) * batches, history))
    return found


@held_out("experiments.compare_batch_sizes")
def trains_an_epoch_too_many(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    found = []
    for size in batch_sizes:
        batches = math.ceil(len(x_train) / size)
        count = epochs or int(updates / batches) + 1
        history = _run(sizes, (x_train, y_train, x_val, y_val), seed, epochs=count, batch_size=size, lr=lr)
        found.append((size, count * batches, history))
    return found


@held_out("experiments.find_learning_rate")
def takes_the_best_epoch(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    data, table = (x_train, y_train, x_val, y_val), {}
    for lr in rates:
        table[lr] = np.min(_run(sizes, data, seed, epochs=epochs, batch_size=batch_size, lr=lr)["val_loss"])
    return sorted(table.items(), key=lambda item: math.inf if math.isnan(item[1]) else item[1])


@held_out("experiments.find_learning_rate")
def puts_nan_first(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    data, good, bad = (x_train, y_train, x_val, y_val), [], []
    for lr in rates:
        loss = _run(sizes, data, seed, epochs=epochs, batch_size=batch_size, lr=lr)["val_loss"][-1]
        (bad if math.isnan(loss) else good).append((lr, loss))
    return bad + sorted(good, key=lambda pair: pair[1])


@held_out("experiments.find_learning_rate")
def returns_the_best_rate_alone(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    data, best = (x_train, y_train, x_val, y_val), (None, math.inf)
    for lr in rates:
        loss = _run(sizes, data, seed, epochs=epochs, batch_size=batch_size, lr=lr)["val_loss"][-1]
        if loss < best[1]:
            best = lr, loss
    return best


@held_out("experiments.find_learning_rate")
def sorts_nan_like_a_number(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    data, found = (x_train, y_train, x_val, y_val), []
    for lr in rates:
        found.append((lr, _run(sizes, data, seed, epochs=epochs, batch_size=batch_size, lr=lr)["val_loss"][-1]))
    found.sort(key=lambda pair: pair[1])
    return found


def _facts(history, examples, batch_size):
    end = {name: history[name][-1] for name in ("train_loss", "train_acc", "val_acc")}
    end["gap"] = end["train_acc"] - end["val_acc"]
    end["falls"] = history["train_loss"][-1] < history["train_loss"][-2]
    end["updates"] = len(history["train_loss"]) * math.ceil(examples / batch_size)
    end["odd"] = any(math.isnan(v) or math.isinf(v) for name in history for v in history[name])
    end["stuck"] = end["train_acc"] < 0.2 and abs(end["train_loss"] - math.log(10)) <= 0.05 * math.log(10)
    return end


@held_out("experiments.diagnose")
def misses_nan(history, examples, batch_size):
    f = _facts(history, examples, batch_size)
    if f["stuck"] and f["updates"] >= 300:
        return "optimization failure"
    if f["val_acc"] >= 0.85 and f["gap"] <= 0.1:
        return "healthy"
    if f["train_acc"] >= 0.95 and f["gap"] >= 0.13:
        return "overfitting"
    if f["train_loss"] > 2 * math.log(10):
        return "diverged"
    return "underfitting"


@held_out("experiments.diagnose")
def takes_examples_for_updates(history, examples, batch_size):
    f = _facts(history, examples, batch_size)
    f["updates"] = len(history["val_acc"]) * examples
    if f["odd"] or f["train_loss"] > 2 * math.log(10):
        return "diverged"
    if f["val_acc"] >= 0.85 and f["gap"] <= 0.1:
        return "healthy"
    if f["train_acc"] >= 0.95 and f["gap"] >= 0.13:
        return "overfitting"
    return "optimization failure" if f["stuck"] and f["updates"] >= 300 else "underfitting"


@held_out("experiments.diagnose")
def looks_for_underfitting_first(history, examples, batch_size):
    f, word = _facts(history, examples, batch_size), None
    if f["stuck"] and f["updates"] >= 300:
        word = "optimization failure"
    if f["train_acc"] < 0.9 and f["gap"] < 0.1 and f["falls"]:
        word = "underfitting"
    if f["train_acc"] >= 0.95 and f["gap"] >= 0.13:
        word = "overfitting"
    if f["val_acc"] >= 0.85 and f["gap"] <= 0.1:
        word = "healthy"
    if f["odd"] or f["train_loss"] > 2 * math.log(10):
        word = "diverged"
    return word


@held_out("experiments.diagnose")
def spells_a_word_otherwise(history, examples, batch_size):
    f = _facts(history, examples, batch_size)
    if f["odd"] or f["train_loss"] > 2 * math.log(10):
        return "Diverged"
    if f["stuck"] and f["updates"] >= 300:
        return "optimization failure"
    if f["train_acc"] >= 0.95:
        return "overfitting" if f["gap"] >= 0.13 else "healthy"
    return "healthy" if f["val_acc"] >= 0.85 and f["gap"] <= 0.1 else "underfitting"


@held_out("experiments.diagnose")
def judges_by_validation_accuracy(history, examples, batch_size):
    f = _facts(history, examples, batch_size)
    if f["odd"] or f["train_loss"] > 2 * math.log(10):
        return "diverged"
    if f["stuck"] and f["updates"] >= 300:
        return "optimization failure"
    return "healthy" if f["val_acc"] >= 0.85 else "underfitting"


@held_out("experiments.diagnose")
def looks_at_the_first_epoch(history, examples, batch_size):
    f = _facts({name: [*curve[:-1], curve[0]] for name, curve in history.items()}, examples, batch_size)
    if not np.isfinite([*history.values()]).all() or f["train_loss"] > 2 * math.log(10):
        return "diverged"
    if f["stuck"] and f["updates"] >= 300:
        return "optimization failure"
    if f["train_acc"] >= 0.95 and f["gap"] >= 0.13:
        return "overfitting"
    return "underfitting" if f["train_acc"] < 0.9 and f["gap"] < 0.1 and f["falls"] else "healthy"
