"""What a learner types who has the handouts alone: the right answer, before anything slips."""

import numpy as np

from .data import minibatches
from .losses import SoftmaxCrossEntropy
from .optim import SGD

HYPERPARAMETERS = {"epochs": 8, "batch_size": 32, "lr": 0.1}


def accuracy(model, x, y):
    return np.mean(model.predict(x) == y)


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    loss, optimizer = SoftmaxCrossEntropy(), SGD(lr)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        total, hits = 0.0, 0
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            logits = model.forward(xb)
            total += loss.forward(logits, yb) * len(xb)
            hits += np.sum(logits.argmax(axis=1) == yb)
            model.backward(loss.backward())
            optimizer.step(model.parameters(), model.gradients())
        history["train_loss"].append(total / len(x_train))
        history["train_acc"].append(hits / len(x_train))
        history["val_loss"].append(loss.forward(model.forward(x_val), y_val))
        history["val_acc"].append(accuracy(model, x_val, y_val))
    return history
