from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SGD:
    lr: float

    def step(self, params, grads):
        for p, g in zip(params, grads):
            p -= self.lr * g
