"""`make train`: the learner's own network, trained on texts of four letters, and what it writes afterwards."""

from typing import Any

import numpy as np

from grader.checks.api import Case, Student

from . import texts

#: What has to be written before anything can be trained, by the beginning of its name.
NEEDS = ("attention.", "layers.", "block.", "model.", "train.")
#: Modules of the toolbox that the worker gets beside the learner's own: none.
SENT = ()
SHOWN = ("fade", "beef", "abba", "gggg")
_EVERY = 20  #: batches from one line to the next
_WELL = 0.98


def run(student: Student, case: Case, data: object, seed: int, say: Any) -> tuple[list[Any], dict[str, Any], bool]:
    """Train, say the loss and some copies; no plots, the parameters by number, and whether new texts are copied."""
    model, losses = texts.trained(student, seed)
    for k in range(0, len(losses), _EVERY):
        say(f"batch {k + 1:>3}: loss {losses[k]:.4f}")
    say(f"batch {len(losses):>3}: loss {losses[-1]:.4f}")
    for text in SHOWN:
        say(f"{text}|{texts.copy_of(student, model, text)}")
    new = texts.drawn(np.random.default_rng(seed + 1), 250)
    found = np.asarray(student.train.write_copy(model, new[:, : texts.LETTERS + 1]))
    share = float((found == new[:, texts.LETTERS + 1 :]).mean())
    say(f"{100 * share:.1f} % of the letters of 250 new texts are copied.")
    arrays = {f"parameter{k}": np.asarray(array) for k, array in enumerate(student.take(model.parameters()))}
    return [], arrays, share >= _WELL
