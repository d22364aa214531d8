from .data import minibatches
from .losses import SoftmaxCrossEntropy
from .optim import SGD

HYPERPARAMETERS = dict(epochs=15, batch_size=32, lr=0.1)


def accuracy(model, x, y):
    return (model.predict(x) == y).mean()


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    loss, sgd = SoftmaxCrossEntropy(), SGD(lr)
    history = dict(train_loss=[], train_acc=[], val_loss=[], val_acc=[])
    for _ in range(epochs):
        for x, y in minibatches(x_train, y_train, batch_size, rng):
            loss.forward(model.forward(x), y)
            model.backward(loss.backward())
            sgd.step(model.parameters(), model.gradients())
        history["train_loss"].append(loss.forward(model.forward(x_train), y_train))
        history["train_acc"].append(accuracy(model, x_train, y_train))
        history["val_loss"].append(loss.forward(model.forward(x_val), y_val))
        history["val_acc"].append(accuracy(model, x_val, y_val))
    return history
