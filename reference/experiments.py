"""Experiments: change one thing, keep the rest, and say what a training came to."""

import numpy as np

from .network import MLP
from .train import train

CLASSES = 10


def compare_batch_sizes(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    """Train one new network for each batch size: all for as many epochs, or all for as many updates.

    sizes            : tuple of int   of every network, as MLP takes them
    x_train, y_train : (N, D) float, (N,) int   as train takes them
    x_val, y_val     : (M, D) float, (M,) int
    batch_sizes      : list of int    one run each
    lr               : float          the same in every run
    seed             : int            of a new np.random.default_rng for every run: it draws the network, then goes to train
    epochs, updates  : int            one of the two is given, the other is None. With updates, a run has the fewest
                       whole epochs that make at least so many
    returns          : list of (batch_size, updates, history), in the order of batch_sizes: the updates that were
                       made, and what train returned
    """
    runs = []
    for batch_size in batch_sizes:
        # 1. One update a batch, the short last one included.
        in_an_epoch = -(-len(x_train) // batch_size)
        # 2. As many epochs as were asked for, or the fewest that have the updates.
        passes = epochs if updates is None else -(-updates // in_an_epoch)
        # 3. The same seed for every run: the batch size is all that differs.
        rng = np.random.default_rng(seed)
        model, settings = MLP(sizes, rng), {"epochs": passes, "batch_size": batch_size, "lr": lr}
        history = train(model, x_train, y_train, x_val, y_val, rng=rng, **settings)
        runs.append((batch_size, passes * in_an_epoch, history))
    return runs


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Train one new network for each learning rate, and rank the rates by the validation loss at the end.

    sizes, x_train, y_train, x_val, y_val, seed : as in compare_batch_sizes
    rates              : list of float   one run each
    epochs, batch_size : int             the same in every run
    returns            : list of (lr, val_loss), the smallest last val_loss first; where it is nan or inf, last
    """
    found = []
    for lr in rates:
        # 1. The same seed for every run: the rate is all that differs.
        rng = np.random.default_rng(seed)
        model, settings = MLP(sizes, rng), {"epochs": epochs, "batch_size": batch_size, "lr": lr}
        with np.errstate(all="ignore"):  # a training that diverges is a result, too
            history = train(model, x_train, y_train, x_val, y_val, rng=rng, **settings)
        found.append((lr, history["val_loss"][-1]))
    # 2. nan is neither smaller nor larger than anything: sort by whether the loss is a number first.
    return sorted(found, key=lambda pair: (not np.isfinite(pair[1]), pair[1]))


def diagnose(history, examples, batch_size):
    """Say what a training on ten classes came to. The rules are the handout's.

    history    : dict of lists   train_loss, train_acc, val_loss, val_acc, as train returns it, of two epochs or more
    examples   : int             N, what was trained on
    batch_size : int             examples per update
    returns    : str             "diverged", "optimization failure", "overfitting", "underfitting" or "healthy"; where
                 no rule or more than one is met, anything
    """
    losses, train_acc, val_acc = history["train_loss"], history["train_acc"][-1], history["val_acc"][-1]
    guessing, gap = np.log(CLASSES), train_acc - val_acc
    # 1. Is every value a number, and the loss not far above that of guessing?
    if not all(np.isfinite(curve).all() for curve in history.values()) or losses[-1] > 2 * guessing:
        return "diverged"
    # 2. Count the updates: what is still at chance after many of them will not move by itself.
    steps = len(losses) * -(-examples // batch_size)
    if steps >= 300 and train_acc < 2 / CLASSES and abs(losses[-1] - guessing) <= 0.05 * guessing:
        return "optimization failure"
    # 3. What is the training accuracy, and how far does the validation accuracy stay behind?
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    if train_acc < 0.9 and gap < 0.1 and losses[-1] < losses[-2]:
        return "underfitting"
    return "healthy" if val_acc >= 0.85 and gap <= 0.1 else "unclear"
