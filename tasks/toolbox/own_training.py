"""`make train`: a learner's network trained with their own settings, a line an epoch, curves, and what it came to."""

from collections.abc import Callable, Mapping, Sequence
from importlib import util
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grader.checks.api import Case, Student

from . import accuracy_gate, networks, training_diagnosis
from .closed_form import Array

#: What has to be written before anything can be trained, by the beginning of its name.
NEEDS = ("layers.", "losses.", "network.", "optim.", "data.", "train.train")
#: Modules of the toolbox that the worker gets beside the learner's own.
SENT = ("epoch_by_epoch",)
FIXTURE = "mnist"  #: which of the course's fixtures it is run with
HIDDEN = (128, 64)
GOAL = 0.96
MEASURED = ("train_loss", "train_acc", "val_loss", "val_acc")


class Plot(NamedTuple):
    """A figure of lines: label -> (x, y)."""

    file: str
    title: str
    axes: tuple[str, str]
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    logarithmic: bool = False


class Images(NamedTuple):
    """What a training learns from, and what it is measured on."""

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array


def images_from(given: Path, source: str) -> Images:
    """Images of any source that the course's own load_mnist knows.

    given  : the course's data.py, as learners are given it
    raises : ValueError, in a sentence for people
    """
    spec = util.spec_from_file_location("chain_rule_given_data", given)
    if spec is None or spec.loader is None:
        raise ValueError(f"{given} is not a Python file that can be imported.")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        return Images(*module.load_mnist(source))
    except (OSError, ImportError) as error:
        raise ValueError(str(error)) from None


def run(
    student: Student, case: Case, images: Images, seed: int, say: Callable[[str], None]
) -> tuple[list[Plot], dict[str, Array], bool]:
    """Train, and say how it goes; what is to be drawn, the trained parameters, and that all went well.

    images : x_train, y_train, x_val, y_val
    raises : StudentError; Unmet for settings that cannot be passed
    """
    settings = accuracy_gate.hyperparameters(student, case)
    epochs, classes = int(settings["epochs"]), int(max(images.y_train.max(), images.y_val.max())) + 1
    say(f"{len(images.x_train):,} images to train on, {len(images.x_val):,} to validate with; {settings}")
    model = student.network.MLP((images.x_train.shape[1], *HIDDEN, classes), student.rng(seed))
    start = networks.parameters_of(student, model)
    curves: dict[str, list[float]] = {name: [] for name in MEASURED}

    def tell(epoch: int, *values: float) -> None:
        for name, value in zip(MEASURED, values):
            curves[name].append(float(value))
        loss, share, val_loss, val_share = values
        say(
            f"epoch {epoch:2} of {epochs}   loss {loss:.4f}, validation {val_loss:.4f}   "
            f"right {100 * share:5.2f} %, validation {100 * val_share:5.2f} %"
        )

    data = (images.x_train, images.y_train, images.x_val, images.y_val)
    train = student.epoch_by_epoch.train_and_tell
    seconds, result = student.take(train(student.train.train, model, data, settings, student.rng(seed + 1), tell))
    end = networks.parameters_of(student, model)
    say(f"Validation accuracy {100 * curves['val_acc'][-1]:.2f} %, after {seconds:.1f} s of training.")
    history = accuracy_gate.history(student, case, result)
    told = training_diagnosis.Training(settings, len(images.x_train), history or curves, start, end, data[:2], data[2:])
    found = training_diagnosis.diagnose(told) if curves["val_acc"][-1] < GOAL else None
    if found is not None:
        say("")
        say(found.text)
    return _plots(curves), {f"arr_{k}": array for k, array in enumerate(end)}, True


def _plots(curves: dict[str, list[float]]) -> list[Plot]:
    epochs = np.arange(1, len(curves["val_loss"]) + 1).tolist()
    return [
        Plot(
            f"{kind}.png",
            f"{kind.capitalize()} after each epoch",
            ("epoch", what),
            {"training": (epochs, curves[f"train_{short}"]), "validation": (epochs, curves[f"val_{short}"])},
        )
        for kind, short, what in (("loss", "loss", "loss (nats)"), ("accuracy", "acc", "accuracy"))
    ]
