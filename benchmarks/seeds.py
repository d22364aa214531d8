"""How sure is 96 %? Trains the reference with several settings under many seeds, and scores each on the hidden images.

    python -m benchmarks.seeds --seeds 20

prints one row a setting, as Markdown: mean, standard deviation and worst of the seeds, and how many standard deviations
lie between the worst and the bar. All of it is repeatable: seed i draws the weights and shuffles the images.
"""

import argparse
import time

from grader.threads import one_thread

BAR = 0.96
SIZES = (784, 128, 64, 10)

PLAIN = {  # nothing beyond the contract: constant rate, no decay
    "plain, lr 0.1, batch 64, 10 epochs": {"epochs": 10, "batch_size": 64, "lr": 0.1},
    "plain, lr 0.1, batch 32, 10 epochs": {"epochs": 10, "batch_size": 32, "lr": 0.1},
    "plain, lr 0.1, batch 32, 15 epochs": {"epochs": 15, "batch_size": 32, "lr": 0.1},
    "plain, lr 0.05, batch 16, 12 epochs": {"epochs": 12, "batch_size": 16, "lr": 0.05},
}


def settings():
    """Name -> hyperparameters: the reference's, plain ones, and what the skeleton starts from."""
    from grader.course.skeleton import read_claims
    from grader.paths import TASKS
    from reference.train import HYPERPARAMETERS

    start = read_claims(TASKS).starting_values["train.HYPERPARAMETERS"]
    return {"reference": HYPERPARAMETERS, **PLAIN, "skeleton's starting values": start}


def score(seed, dtype, hyperparameters):
    """One training; returns accuracy on the hidden, the open and the training images, and its seconds."""
    import numpy as np

    from grader.course.toolbox import shared
    from grader.paths import DATA, TASKS
    from reference.network import MLP
    from reference.train import accuracy, train

    mnist = shared(TASKS, "images")
    images, hidden = mnist.open(DATA), mnist.hidden(DATA)
    rng = np.random.default_rng(seed)
    model = MLP(SIZES, rng, dtype=np.dtype(dtype).type)
    start = time.perf_counter()
    history = train(model, *images, rng=rng, **hyperparameters)
    seconds = time.perf_counter() - start
    return accuracy(model, *hidden), history["val_acc"][-1], history["train_acc"][-1], seconds


def row(name, dtype, hyperparameters, seeds):
    """One line of the table, of trainings under seeds 0, 1, ..."""
    import numpy as np

    hidden, opened, trained, seconds = np.array([score(seed, dtype, hyperparameters) for seed in range(seeds)]).T
    spread = hidden.std(ddof=1)
    return (
        f"| {name} | {dtype} | {hidden.mean():.2%} | {spread:.2%} | {hidden.min():.2%} | {(hidden.min() - BAR) / spread:+.1f} "
        f"| {opened.mean():.2%} | {opened.min():.2%} | {trained.min():.2%} | {np.median(seconds):.1f} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="", help="part of a setting's name")
    parser.add_argument("--dtypes", default="float32,float64", help="comma-separated")
    options = parser.parse_args()
    one_thread()  # repeatable, and what a worker of the grader has
    print(f"{options.seeds} seeds; hidden and open: 5,000 images each; bar {BAR:.0%}; one thread")
    print(
        "| settings | arithmetic | hidden: mean | sd | worst | (worst - bar) / sd | open: mean | worst | training: worst | seconds |"
    )
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, hyperparameters in settings().items():
        for dtype in options.dtypes.split(","):
            if options.only in name:
                print(row(name, dtype, hyperparameters, options.seeds), flush=True)


if __name__ == "__main__":
    main()
