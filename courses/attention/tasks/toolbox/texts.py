"""The texts that the network copies, and its training: what the last stage checks, and what `make train` shows."""

import numpy as np

from grader.checks.api import Remote, Student

from .closed_form import Array

ALPHABET = "|abcdefg"  #: token 0 is the separator
#: Of the training: letters of a text, features, heads, hidden units, batches, texts in each, step size.
LETTERS, WIDTH, HEADS, UNITS, BATCHES, TEXTS, LR = 4, 16, 2, 32, 120, 32, 0.01
#: What `drawn` does, as Python text: so many batches of so many texts.
RECIPE = (
    "[np.concatenate([half, 0 * half[:, :1], half], axis=1) for rng in [np.random.default_rng({seed})]"
    " for half in [rng.integers(1, {tokens}, ({count}, {letters})) for _ in range({batches})]]"
)


def drawn(rng: np.random.Generator, count: int, letters: int = LETTERS, tokens: int = len(ALPHABET)) -> Array:
    """Random letters, the separator, the same letters again: (count, 2 * letters + 1) int."""
    half = rng.integers(1, tokens, (count, letters))
    return np.concatenate([half, 0 * half[:, :1], half], axis=1)


def network(student: Student, seed: int) -> Remote:
    """A new network of the learner's, of the size of the training."""
    made: Remote = student.model.Copier(len(ALPHABET), 2 * LETTERS, WIDTH, HEADS, UNITS, student.rng(seed))
    return made


def listed(student: Student, losses: object) -> Array:
    """The losses of a training as an array, whether they came as one, in a list or in any other order of numbers."""
    return np.array(losses if isinstance(losses, np.ndarray) else student.take(losses), dtype=float)


def trained(student: Student, seed: int) -> tuple[Remote, Array]:
    """A trained network of the learner's, and the losses."""
    model, rng = network(student, seed), np.random.default_rng(seed)
    return model, listed(student, student.train.fit(model, [drawn(rng, TEXTS) for _ in range(BATCHES)], LR))


def copy_of(student: Student, model: Remote, text: str) -> str:
    """What a network writes behind some letters and the separator."""
    tokens = np.array([[*map(ALPHABET.index, text), 0]])
    return "".join(ALPHABET[int(token) % len(ALPHABET)] for token in np.ravel(student.train.write_copy(model, tokens)))
