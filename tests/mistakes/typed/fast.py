import numpy as np

from .losses import SoftmaxCrossEntropy


def train_fast(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    """typed"""
    params = model.parameters()
    weights, biases = params[::2], params[1::2]
    n, depth = len(x_train), len(weights)
    size = min(batch_size, n)
    batch = np.empty((size, x_train.shape[1]))
    outs = [np.empty((size, len(b))) for b in biases]
    backs = [np.empty((size, len(b))) for b in biases[:-1]]
    steps = [np.empty_like(p) for p in params]
    column, numbers = np.empty((size, 1)), np.arange(size)
    picked, said = np.empty(n), np.empty(n, dtype=np.int64)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        order = rng.permutation(n)
        labels = y_train[order]
        for start in range(0, n, batch_size):
            rows = order[start : start + batch_size]
            m = len(rows)
            y = labels[start : start + m]
            x = np.take(x_train, rows, axis=0, out=batch[:m], mode="clip")
            inputs = [x]
            for k in range(depth):
                z = np.matmul(inputs[k], weights[k], out=outs[k][:m])
                z += biases[k]
                if k < depth - 1:
                    np.maximum(z, 0, out=z)
                inputs.append(z)
            p = inputs[-1]
            p.argmax(axis=1, out=said[start : start + m])
            p -= p.max(axis=1, keepdims=True, out=column[:m])
            np.exp(p, out=p)
            p /= p.sum(axis=1, keepdims=True, out=column[:m])
            picked[start : start + m] = p[numbers[:m], y]
            p[numbers[:m], y] -= 1
            p *= lr / m
            dout = p
            for k in reversed(range(depth)):
                np.matmul(inputs[k].T, dout, out=steps[2 * k])
                np.sum(dout, axis=0, out=steps[2 * k + 1])
                if k > 0:
                    back = np.matmul(dout, weights[k].T, out=backs[k - 1][:m])
                    back *= inputs[k] > 0
                    dout = back
                weights[k] -= steps[2 * k]
                biases[k] -= steps[2 * k + 1]
        logits = model.forward(x_val)
        history["train_loss"].append(float(-np.log(picked).mean()))
        history["train_acc"].append(float((said == labels).mean()))
        history["val_loss"].append(float(SoftmaxCrossEntropy().forward(logits, y_val)))
        history["val_acc"].append(float((logits.argmax(axis=1) == y_val).mean()))
    return history
