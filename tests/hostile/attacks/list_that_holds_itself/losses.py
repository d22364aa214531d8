def softmax(logits):
    x = []
    x.append(x)
    return x
