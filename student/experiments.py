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
    raise NotImplementedError("13_experiments: experiments.compare_batch_sizes is still a TODO")


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    """Train one new network for each learning rate, and rank the rates by the validation loss at the end.

    sizes, x_train, y_train, x_val, y_val, seed : as in compare_batch_sizes
    rates              : list of float   one run each
    epochs, batch_size : int             the same in every run
    returns            : list of (lr, val_loss), the smallest last val_loss first; where it is nan or inf, last
    """
    raise NotImplementedError("13_experiments: experiments.find_learning_rate is still a TODO")


def diagnose(history, examples, batch_size):
    """Say what a training on ten classes came to. The rules are the handout's.

    history    : dict of lists   train_loss, train_acc, val_loss, val_acc, as train returns it, of two epochs or more
    examples   : int             N, what was trained on
    batch_size : int             examples per update
    returns    : str             "diverged", "optimization failure", "overfitting", "underfitting" or "healthy"; where
                 no rule or more than one is met, anything
    """
    raise NotImplementedError("13_experiments: experiments.diagnose is still a TODO")
