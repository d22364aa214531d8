"""`make experiment NAME`: what is trained for each of them, with the learner's own network, and what came of it.

Every run is measured from parameters() after each epoch, by the same code for all. Sizes and numbers of epochs are such that
an experiment takes some seconds with matrix products.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from grader.checks.api import Case, Refusal, Student, listed

from . import closed_form, networks
from .closed_form import Array, Parameters
from .milestones import Digits

#: What has to be written before anything can be trained, by the beginning of its name.
NEEDS = ("layers.", "losses.", "network.", "optim.", "data.", "train.train")
#: Modules of the toolbox that the worker gets beside the learner's own.
SENT = ("epoch_by_epoch",)
FIXTURE = "mnist"  #: which of the course's fixtures it is run with
SIZES = (784, 64, 10)
MEASURED = ("train_loss", "train_acc", "val_loss", "val_acc")
GUESSING = float(np.log(SIZES[-1]))
_VALIDATION = 1000
_MOST_LINES = 10  # said of one training

Say: TypeAlias = Callable[[str], None]
Lines: TypeAlias = Mapping[str, tuple[Sequence[float], Sequence[float]]]


class Figure(NamedTuple):
    """Lines in one pair of axes, and the sentence that they show.

    lines : label -> (x, y)
    flat  : label -> a value that holds everywhere
    """

    title: str
    finding: str
    axes: tuple[str, str]
    lines: Lines
    flat: Mapping[str, float] = {}
    log_x: bool = False


class Curves(NamedTuple):
    """One training, measured after each epoch: MEASURED, and the updates made by then."""

    values: Mapping[str, list[float]]
    updates: list[float]

    def last(self, name: str) -> float:
        return self.values[name][-1]

    @property
    def epochs(self) -> list[float]:
        return [float(epoch) for epoch in range(1, len(self.updates) + 1)]


class Lab:
    """The learner's code, the images, and somebody to tell."""

    def __init__(self, student: Student, case: Case, images: Digits, seed: int, say: Say) -> None:
        self.student, self.case, self.images, self.seed, self.say = student, case, images, seed, say

    def train(
        self,
        label: str,
        examples: int,
        *,
        sizes: Sequence[int] = SIZES,
        epochs: int,
        batch_size: int,
        lr: float = 0.1,
        start: Parameters | None = None,
    ) -> Curves:
        """Train a new network, and say how it goes: always from the same seed, or from the numbers of `start`."""
        self.say(f"{label}: {examples:,} images, batches of {batch_size:,}, lr {lr:g}, {epochs} epochs")
        images, student = self.images, self.student
        data = (images.x_train[:examples], images.y_train[:examples], images.x_val[:_VALIDATION], images.y_val[:_VALIDATION])
        model = student.network.MLP(tuple(sizes), student.rng(self.seed))
        if start is not None:
            networks.fill(student, self.case, model, start)
        values: dict[str, list[float]] = {name: [] for name in MEASURED}

        def tell(epoch: int, *measured: float) -> None:
            for name, value in zip(MEASURED, measured):
                values[name].append(float(value))
            if epoch % max(1, epochs // _MOST_LINES) == 0:
                shares = f"right {measured[1]:6.1%}, validation {measured[3]:6.1%}"
                self.say(f"  epoch {epoch:3} of {epochs}   loss {measured[0]:8.4g}   {shares}")

        settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr}
        train = student.epoch_by_epoch.train_and_tell
        student.take(train(student.train.train, model, data, settings, student.rng(self.seed + 1), tell))
        in_an_epoch = -(-examples // batch_size)
        return Curves(values, [float(in_an_epoch * epoch) for epoch in range(1, len(values["val_acc"]) + 1)])


class Experiment(NamedTuple):
    """A question, and who finds out."""

    question: str
    make: Callable[[Lab], list[Figure]]

    def run(
        self, student: Student, case: Case, images: Digits, seed: int, say: Say
    ) -> tuple[list[Figure], dict[str, Array], bool]:
        """What is to be drawn; nothing to keep; and that all went well, whatever came out."""
        return self.make(Lab(student, case, images, seed, say)), {}, True


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _by_epoch(runs: Mapping[str, Curves], name: str) -> Lines:
    return {label: (run.epochs, run.values[name]) for label, run in runs.items()}


def _ends(runs: Mapping[str, Curves]) -> str:
    """ "81.0 % (zeros), 93.1 % (He)" of validation images."""
    return listed([f"{_percent(run.last('val_acc'))} ({label})" for label, run in runs.items()], most=8)


# --- the experiments --------------------------------------------------------------------------------------------------


def batch_size(lab: Lab, examples: int = 2000, small: int = 32, epochs: int = 10) -> list[Figure]:
    """All images in one batch, or few at a time: for as many epochs, and for as many updates."""
    many = epochs * -(-examples // small)
    mini = lab.train(f"batches of {small}", examples, epochs=epochs, batch_size=small)
    full = lab.train("full batch", examples, epochs=many, batch_size=examples)
    first = Curves({name: curve[:epochs] for name, curve in full.values.items()}, full.updates[:epochs])
    at_epochs, at_updates = (
        {"full batch": first, f"batches of {small}": mini},
        {"full batch": full, f"batches of {small}": mini},
    )
    return [
        Figure(
            "At equal epochs",
            f"After {epochs} epochs the full batch has made {epochs} updates, batches of {small} have made {many}; of the validation "
            f"images they get {_ends(at_epochs)} right.",
            ("epoch", "validation accuracy"),
            _by_epoch(at_epochs, "val_acc"),
        ),
        Figure(
            "At equal updates",
            f"After {many} updates each it is {_ends(at_updates)}; the full batch has looked at {many * examples:,} images "
            f"for that, the small batches at {epochs * examples:,}.",
            ("updates", "validation accuracy"),
            {label: (run.updates, run.values["val_acc"]) for label, run in at_updates.items()},
        ),
    ]


def learning_rate(lab: Lab, examples: int = 4000, epochs: int = 5) -> list[Figure]:
    """From 0.001 upwards, until the loss is no number any more, or above twice that of guessing."""
    runs: dict[str, Curves] = {}
    rates: list[float] = []
    for rate in (0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0):
        runs[f"lr {rate:g}"] = run = lab.train(f"lr {rate:g}", examples, epochs=epochs, batch_size=32, lr=rate)
        rates.append(rate)
        if not run.last("train_loss") <= 2 * GUESSING:
            break
    ends = [run.last("val_acc") for run in runs.values()]
    best = int(np.argmax(ends))
    last = list(runs.values())[-1].last("train_loss")
    lost = f"with {rates[-1]:g} the loss ends at {last:.3g}" if np.isfinite(last) else f"{rates[-1]:g} ends in nan"
    shown = {label: run for label, run in runs.items() if run.last("train_loss") <= 2 * GUESSING}
    return [
        Figure(
            "What became of each rate",
            f"The best of these rates is {rates[best]:g}, with {_percent(ends[best])} of the validation images; with 0.001 it is "
            f"{_percent(ends[0])}, and {lost}.",
            ("learning rate", "validation accuracy"),
            {"after the last epoch": (rates, ends)},
            log_x=True,
        ),
        Figure(
            "The loss, epoch by epoch",
            f"Small rates are still falling after {epochs} epochs; a rate that is too large does not stay low. Where the loss "
            f"is above {2 * GUESSING:.1f}, no line is drawn.",
            ("epoch", "training loss"),
            _by_epoch(shown, "train_loss"),
            {"guessing": GUESSING},
        ),
    ]


def initialisation(lab: Lab, examples: int = 4000, epochs: int = 5) -> list[Figure]:
    """Zeros, normal numbers of size 1, and He's: biases are 0 in all of them."""
    rng = np.random.default_rng(lab.seed)
    normal = [rng.normal(size=shape) for shape in pairwise(SIZES)]
    runs = {}
    for label, scale in (("zeros", 0.0), ("normal, unscaled", 1.0), ("He", None)):
        weights = [W * (np.sqrt(2 / len(W)) if scale is None else scale) for W in normal]
        start = [array for W in weights for array in (W, np.zeros(W.shape[1]))]
        first = closed_form.evaluate(start, lab.images.x_val[:_VALIDATION], lab.images.y_val[:_VALIDATION])[0]
        lab.say(f"A network of {label} begins with a loss of {first:.4g}.")
        runs[label] = lab.train(label, examples, epochs=epochs, batch_size=32, start=start)
    losses = {label: run.last("val_loss") for label, run in runs.items()}
    return [
        Figure(
            "Three ways to begin",
            f"After {epochs} epochs the validation accuracy is {_ends(runs)}.",
            ("epoch", "validation accuracy"),
            _by_epoch(runs, "val_acc"),
        ),
        Figure(
            "And their losses",
            "The validation loss ends at "
            + listed([f"{loss:.3g} ({label})" for label, loss in losses.items()])
            + f"; guessing costs {GUESSING:.3f}.",
            ("epoch", "validation loss"),
            _by_epoch(runs, "val_loss"),
            {"guessing": GUESSING},
        ),
    ]


def few_images(lab: Lab, few: int = 200, many: int = 20_000, epochs: int = 40) -> list[Figure]:
    """The same network with few images and with all: training and validation."""
    many = min(many, len(lab.images.x_train))
    figures = []
    for count, passes, size in ((few, epochs, 10), (many, max(2, epochs // 5), 32)):
        run = lab.train(f"{count:,} images", count, epochs=passes, batch_size=size)
        gap = run.last("train_acc") - run.last("val_acc")
        figures.append(
            Figure(
                f"{count:,} images",
                f"It ends at {_percent(run.last('train_acc'))} of images it has learned from and {_percent(run.last('val_acc'))} "
                f"of others: a gap of {100 * gap:.1f} points, after {run.updates[-1]:,.0f} updates.",
                ("epoch", "accuracy"),
                {"training": (run.epochs, run.values["train_acc"]), "validation": (run.epochs, run.values["val_acc"])},
            )
        )
    return figures


def baselines(lab: Lab, examples: int = 20_000, epochs: int = 6) -> list[Figure]:
    """What is reached without hidden layers, and without training at all."""
    images = lab.images
    x, y = images.x_train[:examples], images.y_train[:examples]
    means = np.stack([x[y == digit].mean(axis=0) for digit in range(SIZES[-1])])
    near = 2 * images.x_val[:_VALIDATION] @ means.T - (means**2).sum(axis=1)
    nearest = closed_form.share_of_hits(near.argmax(axis=1), images.y_val[:_VALIDATION])
    lab.say(f"nearest mean: {_percent(nearest)} of the validation images, without any training")
    shapes = {"one Linear layer": (784, 10), "784-128-64-10": (784, 128, 64, 10)}
    runs = {label: lab.train(label, len(x), sizes=sizes, epochs=epochs, batch_size=32) for label, sizes in shapes.items()}
    return [
        Figure(
            "What hidden layers buy",
            f"The nearest mean gets {_percent(nearest)} of the validation images; after {epochs} epochs it is {_ends(runs)}.",
            ("epoch", "validation accuracy"),
            _by_epoch(runs, "val_acc"),
            {"nearest mean": nearest},
        )
    ]


EXPERIMENTS = {
    "batch-size": Experiment(
        "2,000 images, all in one batch or 32 at a time. Which network reads more digits after 10 epochs? And which after as "
        "many updates?",
        batch_size,
    ),
    "learning-rate": Experiment(
        "Rates from 0.001 upwards, five epochs each. Which will be the best, and from which on does training diverge?",
        learning_rate,
    ),
    "initialisation": Experiment(
        "Weights that begin as zeros, as normal numbers of size 1, or as He's. What will the three losses do?", initialisation
    ),
    "few-images": Experiment("200 images or 20,000. Where do training and validation accuracy end in each case?", few_images),
    "baselines": Experiment(
        "The nearest mean, one Linear layer, a network with two hidden layers. How many of 100 digits does each get?", baselines
    ),
}


def begin(name: str, kept: Path, given: str, ask: Callable[[], str], say: Say) -> tuple[Experiment, str]:
    """An experiment, and what is predicted of it: as kept, or else as given or asked for now, and kept from here on.

    ask    : gives an empty text where nobody can be asked
    raises : Refusal
    """
    if name not in EXPERIMENTS:
        said = f"{name!r} is no experiment." if name else "which experiment?"
        raise Refusal(f"{said} Remedy: one of {', '.join(EXPERIMENTS)}.")
    chosen = EXPERIMENTS[name]
    say(chosen.question)
    if kept.exists():
        try:
            predicted = str(json.loads(kept.read_text("utf-8"))["prediction"])
        except (ValueError, KeyError, TypeError):
            raise Refusal(f"{kept} cannot be read. Remedy: remove it, and predict anew.") from None
        say(f"You predicted: {predicted}")
        return chosen, predicted
    predicted = given.strip() or ask().strip()
    if not predicted:
        raise Refusal("say first what you expect to see. Remedy: --predict 'what you expect'.")
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"question": chosen.question, "prediction": predicted}, indent=1) + "\n", "utf-8")
    return chosen, predicted
