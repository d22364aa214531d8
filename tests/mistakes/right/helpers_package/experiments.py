import numpy as np

from .network import MLP
from .train import train

CHANCE = -np.log(0.1)


def run(sizes, data, seed, **settings):
    rng = np.random.default_rng(seed)
    return train(MLP(sizes, rng), *data, rng=rng, **settings)


def compare_batch_sizes(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    per_epoch = np.ceil(len(x_train) / np.array(batch_sizes)).astype(int)
    counts = np.full(len(batch_sizes), epochs) if updates is None else np.ceil(updates / per_epoch).astype(int)
    data = x_train, y_train, x_val, y_val
    histories = [run(sizes, data, seed, epochs=int(n), batch_size=b, lr=lr) for b, n in zip(batch_sizes, counts)]
    return list(zip(batch_sizes, per_epoch * counts, histories))


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    data = x_train, y_train, x_val, y_val
    losses = np.array([run(sizes, data, seed, epochs=epochs, batch_size=batch_size, lr=lr)["val_loss"][-1] for lr in rates])
    order = np.argsort(np.where(np.isfinite(losses), losses, np.inf), kind="stable")
    return np.column_stack([np.array(rates)[order], losses[order]])


def diagnose(history, examples, batch_size):
    table = np.array([history[name] for name in ("train_loss", "train_acc", "val_loss", "val_acc")], dtype=float)
    loss, train_acc, _, val_acc = table[:, -1]
    gap, steps = train_acc - val_acc, table.shape[1] * int(np.ceil(examples / batch_size))
    stuck = steps >= 300 and train_acc < 0.2 and np.isclose(loss, CHANCE, rtol=0.05, atol=0)
    rules = [
        (not np.isfinite(table).all() or loss > 2 * CHANCE, "diverged"),
        (stuck, "optimization failure"),
        (train_acc >= 0.95 and gap >= 0.13, "overfitting"),
        (train_acc < 0.9 and gap < 0.1 and np.diff(table[0])[-1] < 0 and not stuck, "underfitting"),
        (val_acc >= 0.85 and gap <= 0.1, "healthy"),
    ]
    return np.select([bool(held) for held, _ in rules], [word for _, word in rules], "unknown").item()
