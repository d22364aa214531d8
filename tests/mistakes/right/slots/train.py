from .data import minibatches
from .losses import SoftmaxCrossEntropy

HYPERPARAMETERS = {"epochs": 10, "batch_size": 32, "lr": 0.2, "decay": 0.8}


def accuracy(model, x, y):
    return sum(model.predict(x) == y) / len(y)


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, decay=1.0):
    loss, history = SoftmaxCrossEntropy(), {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            loss.forward(model.forward(xb), yb)
            model.backward(loss.backward())
            for p, g in zip(model.parameters(), model.gradients()):
                p -= lr * g
        for part, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            history[part + "_loss"] += [float(SoftmaxCrossEntropy().forward(model.forward(x), y))]
            history[part + "_acc"] += [float(accuracy(model, x, y))]
        lr = lr * decay
    return history
