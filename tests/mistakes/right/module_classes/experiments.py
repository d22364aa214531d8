from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .network import MLP
from .train import train

WORDS = {
    "diverged": lambda run: not run.finite or run.loss > 2 * np.log(10),
    "optimization failure": lambda run: run.stuck,
    "overfitting": lambda run: run.train_acc >= 0.95 and run.gap >= 0.13,
    "underfitting": lambda run: run.train_acc < 0.9 and run.gap < 0.1 and run.improving and not run.stuck,
    "healthy": lambda run: run.val_acc >= 0.85 and run.gap <= 0.1,
}


@dataclass(order=True)
class Ranked:
    key: tuple[bool, float]
    lr: float = field(compare=False)


@dataclass
class Run:
    history: dict
    examples: int
    batch_size: int

    @property
    def finite(self) -> bool:
        return all(np.isfinite(value) for curve in self.history.values() for value in curve)

    @property
    def loss(self) -> float:
        return self.history["train_loss"][-1]

    @property
    def train_acc(self) -> float:
        return self.history["train_acc"][-1]

    @property
    def val_acc(self) -> float:
        return self.history["val_acc"][-1]

    @property
    def gap(self) -> float:
        return self.train_acc - self.val_acc

    @property
    def improving(self) -> bool:
        before, now = self.history["train_loss"][-2:]
        return now < before

    @property
    def stuck(self) -> bool:
        batches = sum(1 for _ in range(0, self.examples, self.batch_size))
        near = abs(self.loss - np.log(10)) <= 0.05 * np.log(10)
        return len(self.history["val_loss"]) * batches >= 300 and self.train_acc < 2 / 10 and bool(near)


def compare_batch_sizes(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    def one(batch_size: int):
        batches = (len(x_train) - 1) // batch_size + 1
        count = epochs if epochs is not None else next(n for n in range(1, updates + 1) if n * batches >= updates)
        rng = np.random.default_rng(seed)
        settings = dict(epochs=count, batch_size=batch_size, lr=lr, rng=rng)
        return [batch_size, count * batches, train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)]

    return tuple(one(batch_size) for batch_size in batch_sizes)


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    ranked = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        settings = dict(epochs=epochs, batch_size=batch_size, lr=lr, rng=rng)
        loss = train(MLP(sizes, rng), x_train, y_train, x_val, y_val, **settings)["val_loss"][-1]
        ranked.append(Ranked((not np.isfinite(loss), float(loss)), lr))
    return [(found.lr, found.key[1]) for found in sorted(ranked)]


def diagnose(history, examples, batch_size):
    run = Run(history, examples, batch_size)
    return next((word for word, holds in WORDS.items() if holds(run)), "none of these")
