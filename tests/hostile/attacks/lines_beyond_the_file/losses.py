def softmax(logits):
    raise ValueError


softmax.__code__ = softmax.__code__.replace(co_firstlineno=2**31 - 1, co_filename="x" * 100_000, co_name="y" * 100_000)
