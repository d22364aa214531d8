import numpy as np

from .train import accuracy


def make_layer(W, b, rows, last):
    """forward(x) and backward(dout) that write into arrays of their own; dout already holds the step."""
    z, dW, db, dx = np.zeros((rows, len(b))), np.zeros(W.shape), np.zeros(len(b)), np.zeros((rows, len(W)))
    on = np.zeros((rows, len(b)), bool)
    seen = []

    def forward(x):
        seen[:] = [x]
        np.dot(x, W, out=z)
        np.add(z, b, out=z)
        if not last:
            np.greater(z, 0, out=on)
            np.multiply(z, on, out=z)
        return z

    def backward(dout, first=False):
        if not last:
            np.multiply(dout, on, out=dout)
        np.dot(seen[0].T, dout, out=dW)
        dout.sum(axis=0, out=db)
        if not first:
            np.dot(dout, W.T, out=dx)
        np.subtract(W, dW, out=W)
        np.subtract(b, db, out=b)
        return dx

    return forward, backward


def make_step(params, rows, features):
    pairs = list(zip(params[::2], params[1::2]))
    layers = [make_layer(W, b, rows, k == len(pairs) - 1) for k, (W, b) in enumerate(pairs)]
    batch, column, numbers = np.zeros((rows, features)), np.zeros((rows, 1)), np.arange(rows)

    def step(x, y, chosen, lr, likely, guesses):
        np.take(x, chosen, axis=0, out=batch, mode="clip")
        values = batch
        for forward, _ in layers:
            values = forward(values)
        values.argmax(axis=1, out=guesses)
        np.subtract(values, values.max(axis=1, keepdims=True, out=column), out=values)
        np.exp(values, out=values)
        np.divide(values, values.sum(axis=1, keepdims=True, out=column), out=values)
        likely[...] = values[numbers, y]
        values[numbers, y] -= 1
        values *= lr / rows
        for k in range(len(layers) - 1, -1, -1):
            values = layers[k][1](values, first=k == 0)

    return step


def train_fast(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    count = len(x_train)
    made = {}
    likely, guesses = np.zeros(count), np.zeros(count, int)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        order = rng.permutation(count)
        labels = y_train[order]
        for at in range(0, count, batch_size):
            chosen = order[at : at + batch_size]
            here = slice(at, at + len(chosen))
            if len(chosen) not in made:
                made[len(chosen)] = make_step(model.parameters(), len(chosen), x_train.shape[1])
            made[len(chosen)](x_train, labels[here], chosen, lr, likely[here], guesses[here])
        logits = model.forward(x_val)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(shifted).sum(axis=1))
        history["train_loss"].append(float(-np.log(likely).mean()))
        history["train_acc"].append(float((guesses == labels).mean()))
        history["val_loss"].append(float((log_sums - shifted[np.arange(len(y_val)), y_val]).mean()))
        history["val_acc"].append(accuracy(model, x_val, y_val))
    return history
