"""What a learner types who has the handouts alone: the right answer, before anything slips."""

import numpy as np

from .network import MLP
from .train import train


def compare_batch_sizes(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    runs = []
    for batch_size in batch_sizes:
        steps = -(-len(x_train) // batch_size)
        if updates is None:
            n = epochs
        else:
            n = -(-updates // steps)
        rng = np.random.default_rng(seed)
        model = MLP(sizes, rng)
        history = train(model, x_train, y_train, x_val, y_val, epochs=n, batch_size=batch_size, lr=lr, rng=rng)
        runs.append((batch_size, n * steps, history))
    return runs


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    good, bad = [], []
    for lr in rates:
        rng = np.random.default_rng(seed)
        model = MLP(sizes, rng)
        history = train(model, x_train, y_train, x_val, y_val, epochs=epochs, batch_size=batch_size, lr=lr, rng=rng)
        val_loss = history["val_loss"][-1]
        if np.isfinite(val_loss):
            good.append((lr, val_loss))
        else:
            bad.append((lr, val_loss))
    return sorted(good, key=lambda pair: pair[1]) + bad


def diagnose(history, examples, batch_size):
    loss, train_acc, val_acc = history["train_loss"][-1], history["train_acc"][-1], history["val_acc"][-1]
    chance, gap = np.log(10), train_acc - val_acc
    updates = len(history["train_loss"]) * -(-examples // batch_size)
    if not np.all(np.isfinite(list(history.values()))) or loss > 2 * chance:
        return "diverged"
    if updates >= 300 and train_acc < 0.2 and abs(loss - chance) < 0.05 * chance:
        return "optimization failure"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and loss < history["train_loss"][-2]:
        return "underfitting"
    return "healthy"
