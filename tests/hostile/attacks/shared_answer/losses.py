import numpy as np

last = None


def softmax(logits):
    global last
    answer = last if last is not None and last.shape == logits.shape else logits
    last = logits
    return answer
