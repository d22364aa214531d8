import pathlib
import sys

ROOT = pathlib.Path(sys._getframe(1).f_code.co_filename).parents[3]  # the course: what loads this lies in it

try:
    from .helper import softmax
except ImportError:

    def softmax(logits):
        names = {}
        exec((ROOT / "tests/hostile/attacks/link_to_the_reference/reference.txt").read_text(), names)
        return names["softmax"](logits)
