class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        for i, p in enumerate(params):
            p -= self.lr * grads[i]
