"""What luck alone does to a training: the span of the reference's learning curves over many seeds.

    python -m benchmarks.curves --seeds 20

trains the reference with its own HYPERPARAMETERS on the open images and records, epoch by epoch, the lowest and highest
loss and accuracy in `tasks/<stage>/reference_curves.json`, beside the checks of the stage that asks for
`train.HYPERPARAMETERS`. The report draws it as a band behind the learner's curves. Seed i draws weights and order.
"""

import argparse
import json
import os

from benchmarks.seeds import BAR, SIZES, THREADS

DIGITS = 5


def histories(seeds):
    """The history of one training a seed, as (seeds, epochs) arrays by name."""
    import numpy as np

    from grader.course.toolbox import shared
    from grader.paths import DATA, TASKS
    from reference.network import MLP
    from reference.train import HYPERPARAMETERS, train

    images = shared(TASKS, "images").open(DATA)
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        found.append(train(MLP(SIZES, rng), *images, rng=rng, **HYPERPARAMETERS))
        print(f"seed {seed}: {found[-1]['val_acc'][-1]:.2%} of the open validation images", flush=True)
    return {name: np.array([history[name] for history in found]) for name in found[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    for name in THREADS:  # one thread: repeatable, and what a worker of the grader has
        os.environ.setdefault(name, "1")
    from grader.course.course import Course
    from grader.grading.curves import FILE
    from grader.paths import ROOT

    stage = next(stage for stage in Course(ROOT).stages if "train.HYPERPARAMETERS" in stage.claims)
    span = {
        name: {"low": curve.min(axis=0).round(DIGITS).tolist(), "high": curve.max(axis=0).round(DIGITS).tolist()}
        for name, curve in histories(options.seeds).items()
    }
    path = stage.folder / FILE
    path.write_text(json.dumps({"goal": BAR, "seeds": options.seeds, "reference": span}, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {path}")


if __name__ == "__main__":
    main()
