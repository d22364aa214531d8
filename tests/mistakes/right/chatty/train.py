import time

import matplotlib.pyplot as plt
import numpy as np
from data import minibatches
from losses import SoftmaxCrossEntropy
from optim import SGD
from tqdm import tqdm

np.random.seed(0)
HYPERPARAMETERS = {"epochs": 15, "batch_size": 32, "lr": 0.1}


def accuracy(model, x, y):
    predictions = model.predict(x)
    print("first predictions:", predictions[:10])
    return np.sum(predictions == y) / len(y)


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, plot=False):
    started = time.time()
    criterion, optimizer = SoftmaxCrossEntropy(), SGD(lr)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": [], "seconds": []}
    for epoch in tqdm(range(epochs)):
        running, steps = 0.0, 0
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            running += criterion.forward(model.forward(xb), yb)
            steps += 1
            model.backward(criterion.backward())
            optimizer.step(model.parameters(), model.gradients())
        history["train_loss"].append(running / steps)
        history["train_acc"].append(accuracy(model, x_train, y_train))
        history["val_loss"].append(criterion.forward(model.forward(x_val), y_val))
        history["val_acc"].append(accuracy(model, x_val, y_val))
        history["seconds"].append(time.time() - started)
        print(f"epoch {epoch + 1}/{epochs} loss {history['train_loss'][-1]:.4f}")
    if plot:
        plt.plot(history["train_loss"])
        plt.show()
    return history
