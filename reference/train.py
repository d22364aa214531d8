"""Training: batch after batch and epoch after epoch, the loss falls."""

import sys
import time

if __name__ == "__main__":  # given: run by hand, and not imported
    import os

    if not __package__:
        sys.exit("train.py needs its neighbours. Run, in the course's folder: python -m student.train (or make train)")
    # Before NumPy reads them: one thread is fastest for small batches, and many wait for each other on a busy machine.
    for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import numpy as np

from .data import load_mnist, minibatches
from .losses import SoftmaxCrossEntropy
from .network import MLP
from .optim import SGD

HYPERPARAMETERS = {"epochs": 10, "batch_size": 32, "lr": 0.2, "lr_decay": 0.8}


def accuracy(model, x, y):
    """Share of examples whose predicted class is the true one.

    x       : (N, D) float
    y       : (N,) int
    returns : float   between 0 and 1
    """
    # 1. Compare the predictions with the labels: the mean of True and False is the share of True.
    return float(np.mean(model.predict(x) == y))


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng, lr_decay=1.0):
    """Fit the model in place by mini-batch gradient descent on the mean cross-entropy.

    x_train, y_train : (N, D) float, (N,) int   what the model learns from
    x_val, y_val     : (M, D) float, (M,) int   only measured on, never learned from
    epochs           : int         passes over the training set
    batch_size       : int         examples per step
    lr               : float       learning rate
    rng              : Generator   shuffles the examples
    lr_decay         : float       factor on the learning rate after each epoch
    returns          : dict of lists, one float an epoch: train_loss and train_acc, measured during the epoch or at its
                       end; val_loss and val_acc, at its end
    """
    # 1. One loss, one optimiser, and an empty list for each curve.
    loss = SoftmaxCrossEntropy()
    optimizer = SGD(lr)
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        # 2. For each batch: forward, loss, backward of the loss, backward of the network, step.
        total_loss, correct = 0.0, 0
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            logits = model.forward(xb)
            total_loss += loss.forward(logits, yb) * len(yb)
            correct += np.count_nonzero(logits.argmax(axis=1) == yb)
            model.backward(loss.backward())
            optimizer.step(model.parameters(), model.gradients())
        optimizer.lr *= lr_decay
        # 3. After each epoch, note how both sets are doing; one forward pass serves loss and accuracy.
        logits = model.forward(x_val)
        history["train_loss"].append(total_loss / len(y_train))
        history["train_acc"].append(float(correct / len(y_train)))
        history["val_loss"].append(loss.forward(logits, y_val))
        history["val_acc"].append(float(np.mean(logits.argmax(axis=1) == y_val)))
    return history


# --- given: running it and looking at it, nothing to write from here on ---


def main(arguments=None):
    """Train on MNIST with HYPERPARAMETERS, print a line an epoch, leave plots and the trained weights in a folder."""
    import argparse
    import inspect
    from pathlib import Path

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", help="a folder of IDX files, an .npz, or keras; else data/mnist.npz")
    parser.add_argument("--out", default="plots", type=Path, help="where plots and weights go (plots)")
    parser.add_argument("--seed", default=0, type=int, help="of the weights and the order of the images (0)")
    options = parser.parse_args(arguments)
    try:
        data = load_mnist(options.data)
    except (OSError, ValueError, ImportError) as error:
        sys.exit(str(error))
    rng = np.random.default_rng(options.seed)
    # float32 halves the time of training; a network that does not offer it trains in float64.
    precision = {"dtype": np.float32} if "dtype" in inspect.signature(MLP).parameters else {}
    model = MLP((data[0].shape[1], 128, 64, int(data[1].max()) + 1), rng, **precision)
    print(f"{len(data[0]):,} images to train on, {len(data[2]):,} to validate with; {HYPERPARAMETERS}")
    show_progress(model, len(data[0]))
    start = time.perf_counter()
    history = train(model, *data, rng=rng, **HYPERPARAMETERS)
    seconds = time.perf_counter() - start
    for epoch, row in enumerate(zip(*history.values()), 1):
        print(f"epoch {epoch:2}", *(f"  {name} {value:.4f}" for name, value in zip(history, row)))
    print(f"Validation accuracy {accuracy(model, data[2], data[3]):.2%}, after {seconds:.1f} s of training")
    options.out.mkdir(parents=True, exist_ok=True)
    save_weights(model, options.out / "weights.npz")
    plot_history(history, options.out)


def show_progress(model, examples):
    """On a terminal, count the steps of training on one line: every step calls model.backward once."""
    steps = -(-examples // HYPERPARAMETERS.get("batch_size", examples)) * HYPERPARAMETERS.get("epochs", 1)
    if not sys.stderr.isatty():
        return
    backward, done = model.backward, 0

    def counted(dlogits):
        nonlocal done
        done += 1
        if done % max(1, steps // 100) == 0:
            end = "\r" if done < steps else "\r\033[K"
            print(f"{done / steps:5.0%}  {'=' * (40 * done // steps):40}", end=end, file=sys.stderr, flush=True)
        return backward(dlogits)

    model.backward = counted


def save_weights(model, path):
    """Write the parameters to an .npz file, in the order of model.parameters()."""
    np.savez(path, *model.parameters())


def load_weights(model, path):
    """Read into the model's parameters, in place, what save_weights wrote of a model of the same sizes."""
    with np.load(path) as saved:
        for p, name in zip(model.parameters(), saved.files, strict=True):
            p[...] = saved[name]


def plot_history(history, folder):
    """Draw loss.png and accuracy.png: both sets, epoch by epoch."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print(f"weights are in {folder}; plots need matplotlib: pip install matplotlib")
        return
    for quantity, name in (("loss", "loss (nats)"), ("acc", "accuracy")):
        figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
        for part, label, style in (("train", "training", "o-"), ("val", "validation", "s--")):
            curve = history[f"{part}_{quantity}"]
            axes.plot(range(1, len(curve) + 1), curve, style, label=label, markersize=4)
        axes.set(xlabel="epoch", ylabel=name, title=f"{name.split()[0].capitalize()} after each epoch")
        axes.grid(alpha=0.3)
        axes.legend()
        figure.savefig(folder / f"{name.split()[0]}.png", dpi=120)
        plt.close(figure)
    print(f"plots and weights are in {folder}")


if __name__ == "__main__":
    main()
