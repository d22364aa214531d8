import numpy as np


class SGD:
    def __init__(self, lr):
        self.lr = np.float64(lr)

    def step(self, params, grads):
        for p, g in zip(params, grads):
            np.add(p, -self.lr * g, out=p)
