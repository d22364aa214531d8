class SGD:
    def __init__(self, lr):
        self.alpha = lr

    def step(self, params, grads):
        list(map(self._one, params, grads))

    def _one(self, p, g):
        p -= self.alpha * g
