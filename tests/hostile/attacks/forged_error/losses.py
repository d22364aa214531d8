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
    fields = {"kind": "error", "mro": ["\x1b[31mE"], "message": "::error::", "frames": [["../../../etc/passwd", 1, "f"]]}
    values = {"span": [1, 1 << 62, -7, 0], "seen": [["\x1b[31ma", "::error::", [1 << 62]]], "holds": [["a", "list", []]]}
    send(msgpack.encode(["error", {**fields, **values, "module": "../..", "name": "x", "code": ""}]))
    return logits
