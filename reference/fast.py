"""The same training in less time: nothing is computed that nobody needs, and nothing is allocated twice."""

import time

if __name__ == "__main__":  # given: run by hand, and not imported
    import os

    for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):  # one thread, as train.py has it
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import numpy as np

from .losses import SoftmaxCrossEntropy


def train_fast(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0, dark=0.2):
    """Fit the model in place as train does, with the same steps and the same history, but faster.

    model            : MLP         of any depth; read and written through parameters(), whose type it computes in
    x_train, y_train : (N, D) float, (N,) int   what the model learns from
    x_val, y_val     : (M, D) float, (M,) int   only measured on, never learned from
    epochs           : int         passes over the training set
    batch_size       : int         examples per step; the short last batch is kept
    lr               : float       learning rate
    rng              : Generator   shuffles the examples: one permutation an epoch, as minibatches does
    lr_decay         : float       factor on the learning rate after each epoch
    dark             : float       share of inputs, 0 in a whole batch, from which on leaving them out saves time
    returns          : dict of lists, one float an epoch: train_loss and train_acc, measured during the epoch or at its
                       end; val_loss and val_acc, at its end
    """
    parameters, n = [*model.parameters()], len(x_train)
    # 1. The bias becomes the last row of W, and what a hidden layer gives has a last column of ones: x @ W adds the bias,
    #    x.T @ dout has db as its last row, and one subtraction moves both. Images with such a column would be a copy of
    #    them all, which costs more than it saves: in the first layer the bias is added.
    weights = [np.vstack([W, b]) for W, b in zip(parameters[::2], parameters[1::2])]
    dtype = weights[0].dtype
    images = x_train.astype(dtype, copy=False)

    # 2. Every array of a step is allocated once, for whole batches and for the short one, and filled with out= later:
    #    memory that was used a moment ago is still in the processor's cache.
    def allocate(rows):
        inputs = [np.empty((rows, images.shape[1]), dtype)] + [np.ones((rows, len(W)), dtype) for W in weights[1:]]
        douts = [np.empty_like(each) for each in inputs]
        positive = [np.empty(each.shape, bool) for each in inputs]
        logits, column = np.empty((rows, weights[-1].shape[1]), dtype), np.empty((rows, 1), dtype)
        return inputs, [each[:, :-1] for each in inputs[1:]] + [logits], douts, positive, column, np.arange(rows)

    space = {rows: allocate(rows) for rows in {min(batch_size, n), n % batch_size} - {0}}
    steps = [np.empty_like(W) for W in weights]
    # Beyond the five: a pixel that is 0 in all images of a batch adds nothing to x @ W, and its row of W does not move. The
    # first layer takes copies of x and W without such pixels: in 64 digits a third. What that saves is twice what it costs.
    skips = np.mean(images[:batch_size].any(axis=0)) <= 1 - dark
    some_x, some_W = np.empty(min(batch_size, n) * images.shape[1], dtype), np.empty_like(weights[0])
    said, sums, true = np.empty(n, np.intp), np.empty((n, 1), dtype), np.empty(n, dtype)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        order = rng.permutation(n)
        labels = y_train[order]
        for start in range(0, n, batch_size):
            batch = slice(start, min(start + batch_size, n))
            inputs, outputs, douts, positive, column, each = space[batch.stop - start]
            # Forward. Without mode="clip", take would fill a copy first, lest a bad index leaves half of it behind.
            np.take(images, order[batch], axis=0, out=inputs[0], mode="clip")
            x, W, step = inputs[0], weights[0][:-1], steps[0][:-1]
            if skips:
                lit = np.flatnonzero(x.any(axis=0))
                x, W, step = some_x[: len(x) * len(lit)].reshape(len(x), len(lit)), some_W[: len(lit)], step[: len(lit)]
                np.take(inputs[0], lit, axis=1, out=x, mode="clip")
                np.take(weights[0], lit, axis=0, out=W, mode="clip")
            np.matmul(x, W, out=outputs[0])
            outputs[0] += weights[0][-1]
            for hidden, V, out in zip(inputs[1:], weights[1:], outputs[1:]):
                np.maximum(hidden, 0, out=hidden)
                np.matmul(hidden, V, out=out)
            # 3. One exponential serves loss and gradient. Of the loss and the hits a batch only leaves what they are
            #    made of: log and mean are taken once an epoch.
            logits = outputs[-1]
            logits.argmax(axis=1, out=said[batch])
            logits -= logits[each, said[batch]][:, np.newaxis]
            true[batch] = logits[each, labels[batch]]
            np.exp(logits, out=logits)
            np.sum(logits, axis=1, keepdims=True, out=sums[batch])
            # 4. The learning rate goes into the gradient of the logits, 10 numbers a row, and from there into every
            #    gradient: no weight's gradient has to be multiplied by it.
            rate = lr / len(each)
            np.divide(rate, sums[batch], out=column)
            logits *= column
            logits[each, labels[batch]] -= rate
            # 5. Backward stops at the first layer: the gradient with respect to the images is a third of its work, and nobody uses it.
            dout = logits
            for k in reversed(range(1, len(weights))):
                np.matmul(inputs[k].T, dout, out=steps[k])
                np.matmul(dout, weights[k].T, out=douts[k])
                weights[k] -= steps[k]
                np.greater(inputs[k], 0, out=positive[k])
                douts[k] *= positive[k]
                dout = douts[k][:, :-1]
            np.matmul(x.T, dout, out=step)
            W -= step
            if skips:
                weights[0][lit] = W
            np.sum(dout, axis=0, out=steps[0][-1])
            weights[0][-1] -= steps[0][-1]
        lr *= lr_decay
        for W, both in zip(parameters[::2], weights):
            W[...] = both[:-1]
        for b, both in zip(parameters[1::2], weights):
            b[...] = both[-1]
        logits = model.forward(x_val)
        history["train_loss"].append(float(np.mean(np.log(sums[:, 0]) - true)))
        history["train_acc"].append(float(np.mean(said == labels)))
        history["val_loss"].append(SoftmaxCrossEntropy().forward(logits, y_val))
        history["val_acc"].append(float(np.mean(logits.argmax(axis=1) == y_val)))
    return history


# --- given: both ways side by side, nothing to write from here on ---


def main():
    """Train the same network with train and with train_fast, and print what each took and came to."""
    import inspect

    from .data import load_mnist
    from .network import MLP
    from .train import accuracy, train

    data, settings = load_mnist(), {"epochs": 5, "batch_size": 64, "lr": 0.1}
    precision = {"dtype": np.float32} if "dtype" in inspect.signature(MLP).parameters else {}
    for function in (train, train_fast):
        rng = np.random.default_rng(0)
        model = MLP((data[0].shape[1], 128, 64, int(data[1].max()) + 1), rng, **precision)
        start = time.process_time()
        function(model, *data, rng=rng, **settings)
        seconds = time.process_time() - start
        print(f"{function.__name__:10}  {seconds:.2f} s  {accuracy(model, data[2], data[3]):.2%} of the validation images")


if __name__ == "__main__":
    main()
