import os
import struct

import numpy as np
from msgspec import msgpack

CONNECTION = 3


def send(structure, buffers=()):
    lengths = struct.pack(f"<{len(buffers)}Q", *map(len, buffers))
    data = struct.pack("<II", len(structure), len(buffers)) + lengths + structure + b"".join(buffers)
    while data:
        data = data[os.write(CONNECTION, data) :]


def softmax(logits):
    os.write(CONNECTION, struct.pack("<II", 0xFFFFFFFF, 0))
    return logits
