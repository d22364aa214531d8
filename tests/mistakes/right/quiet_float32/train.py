"""Trains on float32 copies of the parameters and writes them back; momentum of its own, which its settings use."""

import numpy as np

from .data import minibatches
from .losses import SoftmaxCrossEntropy

HYPERPARAMETERS = {"epochs": 12, "batch_size": 64, "lr": 0.05, "momentum": 0.9, "decay": 0.85}


def accuracy(model, x, y):
    return float(np.mean(model.predict(x) == y))


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, momentum=0.0, decay=1.0):
    x_train, x_val = x_train.astype(np.float32), x_val.astype(np.float32)
    live = model.parameters()
    own = [p.astype(np.float32) for p in live]
    speed = [np.zeros_like(p) for p in own]
    loss = SoftmaxCrossEntropy()
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            loss.forward(model.forward(xb).astype(np.float32), yb)
            model.backward(loss.backward())
            for p, q, v, g in zip(live, own, speed, model.gradients()):
                v *= np.float32(momentum)
                v -= np.float32(lr) * g.astype(np.float32)
                q += v
                p[...] = q
        lr *= decay
        for name, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            history[f"{name}_loss"].append(float(loss.forward(model.forward(x), y)))
            history[f"{name}_acc"].append(accuracy(model, x, y))
    return history
