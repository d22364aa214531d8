import numpy as np

from student.data import minibatches
from student.losses import SoftmaxCrossEntropy
from student.optim import SGD

HYPERPARAMETERS = {"epochs": 10, "batch_size": 32, "lr": 0.2, "decay": 0.8}


def accuracy(model, x, y):
    right = np.count_nonzero(model.predict(x) == y)
    return right / y.size


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, decay=1.0):
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": [], "lr": []}
    for epoch in range(epochs):
        optimizer, losses, weights = SGD(lr * decay**epoch), [], []
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            criterion = SoftmaxCrossEntropy()
            losses.append(criterion.forward(model.forward(xb), yb))
            weights.append(len(yb))
            model.backward(criterion.backward())
            optimizer.step(model.parameters(), model.gradients())
        history["train_loss"].append(float(np.average(losses, weights=weights)))
        history["train_acc"].append(accuracy(model, x_train, y_train))
        history["val_loss"].append(float(SoftmaxCrossEntropy().forward(model.forward(x_val), y_val)))
        history["val_acc"].append(accuracy(model, x_val, y_val))
        history["lr"].append(lr * decay**epoch)
    return history
