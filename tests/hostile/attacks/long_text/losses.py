def softmax(logits):
    raise type("N" * 10_000_000, (Exception,), {})("m" * 10_000_000)
