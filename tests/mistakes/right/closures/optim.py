class SGD:
    def __init__(self, lr):
        def step(params, grads):
            for p, g in zip(params, grads):
                p -= lr * g

        self.step = step
