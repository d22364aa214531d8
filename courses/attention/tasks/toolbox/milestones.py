"""What a learner's own code can do once a stage is done: `after_<stage>` makes one sentence of it.

They ask the submission as checks do, and judge nothing. What is not written yet, or fails, has no sentence.
"""

import numpy as np

from grader.checks.api import Student

from . import texts


def after_01_attention(student: Student, data: object) -> str:
    q, k = np.array([[[0.0, 1, 1, 0]]]), np.array([[[1.0, 0, 0, 1], [0, 2, 0, 0], [1, 0, 4, 0]]])
    shares = [f"{100 * share:.0f} %" for share in np.ravel(student.attention.attention_weights(q, k))]
    return f"Your attention divides a query of the handout among its three keys: {shares[0]}, {shares[1]} and {shares[2]}."


def after_03_layer_norm(student: Student, data: object) -> str:
    x = np.random.default_rng(0).normal(size=(2, 8)) * [[1000.0], [1.0]] + [[5000.0], [0.0]]
    spreads = np.std(np.asarray(student.layers.LayerNorm(8).forward(x)), axis=1)
    return f"Numbers around 5000 and numbers around 0 leave your layer norm alike: with a spread of {spreads[0]:.2f} and {spreads[1]:.2f}."


def after_04_block(student: Student, data: object) -> str:
    block = student.block.Block(16, 2, 32, student.rng(0))
    count = sum(np.size(array) for array in student.take(block.parameters()))
    return f"Your block has {count:,} parameters and a gradient for each. The smallest GPT-2 has twelve such blocks, with 7,087,872 each."


def after_05_copy(student: Student, data: object) -> str:
    model, losses = texts.trained(student, 0)
    written = [texts.copy_of(student, model, text) for text in ("fade", "beef")]
    return f"After {len(losses)} batches your network continues fade| with {written[0]}, and beef| with {written[1]}."
