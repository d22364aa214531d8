import math
import time

import numpy as np
from network import MLP
from train import train

LN10 = math.log(10)


def compare_batch_sizes(sizes, x_train, y_train, x_val, y_val, *, batch_sizes, lr, seed, epochs=None, updates=None):
    print("comparing", batch_sizes, "epochs", epochs, "updates", updates)
    results = []
    for batch_size in batch_sizes:
        start = time.time()
        batches = 0
        for _ in range(0, len(x_train), batch_size):
            batches += 1
        if epochs is not None:
            num_epochs = epochs
        else:
            num_epochs = 0
            done = 0
            while done < updates:
                num_epochs += 1
                done += batches
        rng = np.random.default_rng(seed)
        model = MLP(sizes, rng)
        history = train(model, x_train, y_train, x_val, y_val, epochs=num_epochs, batch_size=batch_size, lr=lr, rng=rng)
        print(f"batch size {batch_size}: val_acc {history['val_acc'][-1]:.3f} in {time.time() - start:.2f} s")
        results.append((batch_size, num_epochs * batches, history))
    return results


def find_learning_rate(sizes, x_train, y_train, x_val, y_val, *, rates, epochs, batch_size, seed):
    good = []
    bad = []
    for lr in rates:
        rng = np.random.default_rng(seed)
        model = MLP(sizes, rng)
        history = train(model, x_train, y_train, x_val, y_val, epochs=epochs, batch_size=batch_size, lr=lr, rng=rng)
        loss = history["val_loss"][-1]
        print(f"lr = {lr}: {loss}")
        if math.isnan(loss) or math.isinf(loss):
            bad.append((lr, loss))
        else:
            good.append((lr, loss))
    for i in range(len(good)):
        for j in range(len(good) - 1 - i):
            if good[j][1] > good[j + 1][1]:
                good[j], good[j + 1] = good[j + 1], good[j]
    return good + bad


def diagnose(history, examples, batch_size):
    for name in history:
        for value in history[name]:
            if math.isnan(value) or math.isinf(value):
                print(name, "is not finite")
                return "diverged"
    train_loss = history["train_loss"][-1]
    train_acc = history["train_acc"][-1]
    val_acc = history["val_acc"][-1]
    gap = train_acc - val_acc
    num_updates = math.ceil(examples / batch_size) * len(history["train_loss"])
    print(f"{train_loss=} {train_acc=} {val_acc=} {num_updates=}")
    if train_loss > 2 * LN10:
        return "diverged"
    if num_updates >= 300 and train_acc < 0.2 and abs(train_loss - LN10) / LN10 <= 0.05:
        return "optimization failure"
    if train_acc < 0.9 and gap < 0.1 and history["train_loss"][-1] < history["train_loss"][-2]:
        return "underfitting"
    if train_acc >= 0.95 and gap >= 0.13:
        return "overfitting"
    return "healthy"
