def softmax(logits):
    return logits
