class Optimizer:
    def __init__(self, lr):
        self.learning_rate = lr


class SGD(Optimizer):
    def step(self, params, grads):
        for p, g in zip(params, grads):
            p[...] -= self.learning_rate * g
