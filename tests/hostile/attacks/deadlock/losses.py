import threading


def softmax(logits):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
