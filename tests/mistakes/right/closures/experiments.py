import numpy as np

from student.network import MLP
from student.train import train


def trainer(sizes, x_train, y_train, x_val, y_val, seed):
    def go(**settings):
        rng = np.random.default_rng(seed)
        model = MLP(sizes, rng)
        return train(model, x_train, y_train, x_val, y_val, rng=rng, **settings)

    return go


def compare_batch_sizes(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    go = trainer(sizes, x_train, y_train, x_val, y_val, seed)

    def experiment(batch_size):
        whole, rest = divmod(len(x_train), batch_size)
        in_an_epoch = whole + bool(rest)
        count = epochs or (updates + in_an_epoch - 1) // in_an_epoch
        return batch_size, in_an_epoch * count, go(epochs=count, batch_size=batch_size, lr=lr)

    return [*map(experiment, batch_sizes)]


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    go = trainer(sizes, x_train, y_train, x_val, y_val, seed)
    ends = {lr: go(epochs=epochs, batch_size=batch_size, lr=lr)["val_loss"][-1] for lr in rates}
    return sorted(ends.items(), key=lambda item: item[1] if np.isfinite(item[1]) else float("inf"))


def diagnose(history, examples, batch_size):
    last = {name: values[-1] for name, values in history.items()}
    before = history["train_loss"][-2]
    chance = np.log(10)

    def gap():
        return last["train_acc"] - last["val_acc"]

    def updates():
        return len(history["train_loss"]) * -(-examples // batch_size)

    def diverged():
        return not np.all(np.isfinite(list(history.values()))) or last["train_loss"] > 2 * chance

    def at_chance():
        return last["train_acc"] < 0.2 and 0.95 * chance <= last["train_loss"] <= 1.05 * chance

    if last["val_acc"] >= 0.85 and gap() <= 0.1:
        return "healthy"
    if last["train_acc"] >= 0.95 and gap() >= 0.13:
        return "overfitting"
    if updates() >= 300 and at_chance():
        return "optimization failure"
    if last["train_acc"] < 0.9 and gap() < 0.1 and last["train_loss"] < before:
        return "underfitting"
    return "diverged" if diverged() else None
