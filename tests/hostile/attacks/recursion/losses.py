def softmax(logits):
    return softmax(logits)
