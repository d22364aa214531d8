from __future__ import annotations

import numpy as np

from student.data import minibatches
from student.losses import SoftmaxCrossEntropy
from student.optim import SGD

HYPERPARAMETERS = {"epochs": 15, "batch_size": 32, "lr": 0.1, "log": False}


def accuracy(model, x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.equal(model.predict(x), y)))


class Meter:
    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, value: float, count: int) -> None:
        self.total, self.count = self.total + value * count, self.count + count

    @property
    def mean(self) -> float:
        return self.total / self.count


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, log=True) -> dict[str, list[float]]:
    criterion, optimizer = SoftmaxCrossEntropy(), SGD(lr=lr)
    history: dict[str, list[float]] = {}
    for epoch in range(epochs):
        loss, hits = Meter(), Meter()
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            scores = model.forward(xb)
            loss.add(criterion.forward(scores, yb), len(yb))
            hits.add(float((scores.argmax(axis=1) == yb).mean()), len(yb))
            model.backward(criterion.backward())
            optimizer.step(model.parameters(), model.gradients())
        numbers = {"train_loss": loss.mean, "train_acc": hits.mean}
        numbers["val_loss"] = SoftmaxCrossEntropy().forward(model.forward(x_val), y_val)
        numbers["val_acc"] = accuracy(model, x_val, y_val)
        for name, number in numbers.items():
            history.setdefault(name, []).append(number)
        if log:
            print(epoch, numbers)
    return history
