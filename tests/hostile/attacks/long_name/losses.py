import os
import struct

import numpy as np
from msgspec import msgpack

MAP = 11
CONNECTION = 3


def send(structure, buffers=()):
    lengths = struct.pack(f"<{len(buffers)}Q", *map(len, buffers))
    data = struct.pack("<II", len(structure), len(buffers)) + lengths + structure + b"".join(buffers)
    while data:
        data = data[os.write(CONNECTION, data) :]


def softmax(logits):
    told = {"kind": "missing", "mro": ["A" * 9000] * 20, "message": "m", "frames": [], "module": "a" * 400_000}
    told |= {"name": "b" * 400_000, "code": ""}
    send(msgpack.encode(["error", msgpack.Ext(MAP, msgpack.encode([part for pair in told.items() for part in pair]))]))
    return logits
