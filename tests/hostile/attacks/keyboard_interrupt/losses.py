def softmax(logits):
    raise KeyboardInterrupt
