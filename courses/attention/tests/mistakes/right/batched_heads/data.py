"""Texts to copy, which is given. Token 0 is the separator, the others are letters."""

import numpy as np

ALPHABET = "|abcdefg"


def texts(count, n, tokens, rng):
    """Random letters, the separator, the same letters again: (count, 2n + 1) int."""
    letters = rng.integers(1, tokens, size=(count, n))
    return np.concatenate([letters, np.zeros((count, 1), dtype=int), letters], axis=1)


def encode(text):
    """A text such as "fade|" as tokens: (1, length) int."""
    return np.array([[ALPHABET.index(letter) for letter in text]])


def decode(tokens):
    """Tokens (length,) as a text."""
    return "".join(ALPHABET[token] for token in tokens)
