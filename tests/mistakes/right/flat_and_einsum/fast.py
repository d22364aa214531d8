import numpy as np
from losses import SoftmaxCrossEntropy


def views(flat, like):
    ends = np.cumsum([p.size for p in like])
    return [flat[end - p.size : end].reshape(p.shape) for p, end in zip(like, ends)]


def train_fast(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    params = model.parameters()
    theta = np.concatenate([p.ravel() for p in params])
    move = np.empty_like(theta)
    P, G = views(theta, params), views(move, params)
    depth, widths = len(params) // 2, [p.shape[1] for p in params[::2]]
    rows = min(batch_size, len(x_train))
    batch = np.empty((rows, x_train.shape[1]))
    Z = [np.empty((rows, w)) for w in widths]
    D = [np.empty((rows, w)) for w in widths[:-1]]
    top, total = np.empty((rows, 1)), np.empty((rows, 1))
    one_hot = np.eye(widths[-1])[y_train]
    target = np.empty((rows, widths[-1]))
    history = dict(train_loss=[], train_acc=[], val_loss=[], val_acc=[])
    for _ in range(epochs):
        order, loss, hits = rng.permutation(len(x_train)), 0.0, 0
        for start in range(0, len(order), batch_size):
            index = order[start : start + batch_size]
            n = len(index)
            x, t, m, s = batch[:n], target[:n], top[:n], total[:n]
            z, d = [each[:n] for each in Z], [each[:n] for each in D]
            np.take(x_train, index, axis=0, out=x, mode="clip")
            np.take(one_hot, index, axis=0, out=t, mode="clip")
            inputs = [x, *z[:-1]]
            for k in range(depth):
                np.einsum("ni,io->no", inputs[k], P[2 * k], out=z[k])
                z[k] += P[2 * k + 1]
                if k < depth - 1:
                    np.maximum(z[k], 0, out=z[k])
            p = z[-1]
            p.max(axis=1, keepdims=True, out=m)
            p -= m
            loss -= np.vdot(t, p)
            hits += np.vdot(t, p == 0)
            np.exp(p, out=p)
            p.sum(axis=1, keepdims=True, out=s)
            p /= s
            loss += np.log(s).sum()
            p -= t
            p *= lr / n
            dout = p
            for k in reversed(range(depth)):
                np.einsum("ni,no->io", inputs[k], dout, out=G[2 * k])
                np.einsum("no->o", dout, out=G[2 * k + 1])
                if k:
                    np.einsum("no,io->ni", dout, P[2 * k], out=d[k - 1])
                    d[k - 1] *= inputs[k] > 0
                    dout = d[k - 1]
            theta -= move
        for p, value in zip(params, P):
            p[...] = value
        logits = model.forward(x_val)
        history["train_loss"].append(float(loss / len(order)))
        history["train_acc"].append(float(hits / len(order)))
        history["val_loss"].append(SoftmaxCrossEntropy().forward(logits, y_val))
        history["val_acc"].append(float(np.mean(model.predict(x_val) == y_val)))
    return history
