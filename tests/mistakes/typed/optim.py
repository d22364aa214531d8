"""What a learner types who has the handouts alone: the right answer, before anything slips."""


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, params, grads):
        for p, g in zip(params, grads):
            p -= self.lr * g
