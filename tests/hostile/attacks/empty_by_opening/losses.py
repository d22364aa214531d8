import os
import pathlib
import sys

import numpy as np

ROOT = pathlib.Path(sys._getframe(1).f_code.co_filename).parents[3]  # the course: what loads this lies in it


def softmax(logits):
    for access in (os.O_RDONLY, 3):
        try:
            os.close(os.open(ROOT / "tests/hostile/attacks/empty_by_opening/notes.txt", access | os.O_TRUNC))
        except OSError:
            continue
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
