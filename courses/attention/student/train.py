"""Training the network to copy: after the separator it has to write the letters before it once more."""

import numpy as np

from .optim import Adam


def copy_loss(logits, tokens):
    """Mean cross-entropy of the letters after the separator, and its gradient.

    The scores at position t are for the token at t + 1. Only the last half counts: what the first letters are, nobody can know.

    logits  : (B, 2n, V) float      scores for the tokens 1 to 2n
    tokens  : (B, 2n + 1) int       n letters, the separator, the same n letters
    returns : (float, (B, 2n, V))   nats per letter that counts; dL / dlogits, zeros where nothing counts
    """
    raise NotImplementedError("05_copy: train.copy_loss is still a TODO")


def fit(model, batches, lr):
    """One step of Adam for each batch.

    model   : Copier                    changed in place
    batches : iterable of (B, 2n + 1) int   each like the tokens of copy_loss
    lr      : float
    returns : list of float             the loss of each batch, before its step
    """
    raise NotImplementedError("05_copy: train.fit is still a TODO")


def write_copy(model, texts):
    """What the network writes behind the separator, letter by letter: it reads its own letters, never the right ones.

    texts   : (B, n + 1) int   n letters and the separator
    returns : (B, n) int       at each position the token with the largest score
    """
    raise NotImplementedError("05_copy: train.write_copy is still a TODO")
