class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        k = 0
        while k < len(params):
            params[k] -= self.lr * grads[k]
            k += 1
