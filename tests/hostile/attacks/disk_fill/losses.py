import contextlib
import os
import pathlib
import sys

ROOT = pathlib.Path(sys._getframe(1).f_code.co_filename).parents[3]  # the course: what loads this lies in it


def softmax(logits):
    for folder in ("/tmp", "/dev/shm", "/var/tmp", ".", str(ROOT / "tests/hostile/attacks/disk_fill")):
        with contextlib.suppress(OSError), open(os.path.join(folder, "chain-rule-disk-fill"), "xb") as file:
            file.write(bytes(100_000))
    return logits
