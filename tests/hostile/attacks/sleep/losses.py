import time


def softmax(logits):
    time.sleep(1000)
