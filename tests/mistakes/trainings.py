# ruff: noqa: E501
"""Trainings as learners write them, each with one slip: is it told from where the parameters end?

`python -m tests.mistakes.trainings` asks all of them under fifty seeds; the tests, under a few.
"""

import argparse
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from grader.checks.case import Case
from grader.paths import REFERENCE
from grader.running.checks_package import import_checks
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

STAGE, EXPLAINS = HERE.stage("10_training_loop"), "explain_training"
SEEDS = 50

LOOP = """
import numpy as np
from .losses import SoftmaxCrossEntropy, softmax
from .optim import SGD
from .data import minibatches


def accuracy(model, x, y):
    return float(np.mean(model.predict(x) == y))


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    history = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
    criterion, optimizer = SoftmaxCrossEntropy(), SGD(lr)
    BEFORE
    for epoch in EPOCHS:
        START
        for xb, yb in BATCHES:
            BATCH
        END
        MEASURE
    return history
"""
MEASURE = """
for part, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
    scores = model.forward(x)
    history[part + "_loss"].append(float(criterion.forward(scores, y)))
    history[part + "_acc"].append(float(np.mean(scores.argmax(axis=1) == y)))
"""
FORWARD = "logits = model.forward(xb)\nloss = criterion.forward(logits, yb)\n"
BACKWARD = "model.backward(criterion.backward())\n"
STEP = "optimizer.step(model.parameters(), model.gradients())\n"
ALL = "minibatches(x_train, y_train, batch_size, rng)"
OWN = "order = rng.permutation(len(x_train))\n"
SLICE = "(x_train[order[i:i + batch_size]], y_train[order[i:i + batch_size]])"


class Training(NamedTuple):
    """One slip, as somebody writes it.

    name : of the known mistake that it is; nothing if it is right
    """

    label: str
    name: str
    batch: str = FORWARD + BACKWARD + STEP
    batches: str = ALL
    before: str = ""
    start: str = ""
    end: str = ""
    measure: str = MEASURE
    epochs: str = "range(epochs)"

    def submission(self, reference: Submission) -> Submission:
        text = LOOP.replace("EPOCHS", self.epochs).replace("BATCHES", self.batches)
        parts = {"BEFORE": self.before, "START": self.start, "BATCH": self.batch, "END": self.end, "MEASURE": self.measure}
        for mark, code in parts.items():
            deep = next(line for line in text.splitlines() if line.strip() == mark)
            block = textwrap.indent(code.strip("\n") or "pass", deep[: -len(mark)])
            text = text.replace(deep + "\n", block + "\n")
        return reference.replaced({"train": text}, self.label)


def _step(factor: str) -> str:
    return FORWARD + BACKWARD + f"for p, g in zip(model.parameters(), model.gradients()):\n    p -= lr * {factor}\n"


def _indices(loop: str) -> str:
    return f"({SLICE} for i in {loop})"


BETWEEN = "validates_between_forward_and_backward"
SUMS = "total = [np.zeros_like(p) for p in model.parameters()]"
ADD = FORWARD + BACKWARD + "for t, g in zip(total, model.gradients()):\n    t += g\n"

TRAININGS = [
    # when the step is taken
    Training("step before backward", "updates_before_backward", FORWARD + STEP + BACKWARD),
    Training("step first of all", "updates_before_backward", STEP + FORWARD + BACKWARD),
    Training("gradients asked for before backward", "updates_before_backward", FORWARD + "grads = model.gradients()\n" + BACKWARD + "optimizer.step(model.parameters(), grads)"),
    Training("gradients above the loop", "keeps_the_first_gradients", FORWARD + BACKWARD + "optimizer.step(params, grads)", before="params, grads = model.parameters(), model.gradients()"),
    Training("copies of the gradients above the loop", "keeps_the_first_gradients", FORWARD + BACKWARD + "optimizer.step(model.parameters(), grads)", before="grads = [g.copy() for g in model.gradients()]"),
    Training("no step", "forgets_the_update", FORWARD + BACKWARD),
    Training("steps on copies", "forgets_the_update", FORWARD + BACKWARD + "optimizer.step(params, model.gradients())", before="params = [p.copy() for p in model.parameters()]"),
    Training("new arrays that nobody keeps", "forgets_the_update", FORWARD + BACKWARD + "for p, g in zip(model.parameters(), model.gradients()):\n    p = p - lr * g"),
    Training("a copy", "trains_a_copy", before="import copy\nmodel = copy.deepcopy(model)"),
    Training("a network of its own", "trains_a_copy", before="from .network import MLP\nmodel = MLP((4, 6, 3), rng)"),
    Training("no backward", "forgets_the_backward", FORWARD + STEP),
    Training("two steps on one gradient", "updates_twice", FORWARD + BACKWARD + STEP + STEP),
    Training("one more step after the epoch", "updates_twice", end=STEP),
    Training("standardised as x_val", "standardises_the_training_set_only", before="x_train = (x_train - x_val.mean()) / x_val.std()"),
    Training("twice the lr", "updates_twice", before="optimizer = SGD(2 * lr)"),
    Training("every batch twice", "visits_each_batch_twice", 2 * (FORWARD + BACKWARD + STEP)),
    Training("all batches twice", "visits_each_batch_twice", batches=f"[*{ALL}, *{ALL}]"),
    # what goes backward
    Training("uphill", "climbs", _step("-g")),
    Training("logits backward", "sends_the_logits_back", FORWARD + "model.backward(logits)\n" + STEP),
    Training("probabilities backward", "sends_the_probabilities_back", FORWARD + "model.backward(softmax(logits) / len(xb))\n" + STEP),
    Training("softmax before the loss", "hands_softmax_to_the_loss", "logits = softmax(model.forward(xb))\nloss = criterion.forward(logits, yb)\n" + BACKWARD + STEP),
    Training("gradient times loss", "multiplies_by_the_loss", FORWARD + "model.backward(loss * criterion.backward())\n" + STEP),
    # how long a step is
    Training("divided by the batch again", "divides_by_the_batch_again", _step("g / len(xb)")),
    Training("divided by batch_size again", "divides_by_the_batch_again", _step("g / batch_size")),
    Training("times the rows of the batch", "multiplies_by_the_batch", _step("g * len(xb)")),
    Training("a mean over all rows", "divides_by_all_rows", _step("g * len(xb) / len(x_train)")),
    Training("lr divided by the batches", "divides_by_the_number_of_batches", before="optimizer = SGD(lr / -(-len(x_train) // batch_size))"),
    Training("short batch divided by batch_size", "divides_the_short_batch_by_batch_size", _step("g * len(xb) / batch_size")),
    Training("half the lr", "scales_the_step", _step("g / 2")),
    Training("a tenth of the lr", "scales_the_step", _step("0.1 * g")),
    Training("lr of its own", "ignores_lr", before="optimizer = SGD(0.05)"),
    Training("lr by batch_size / 64", "scales_lr_by_the_batch", before="optimizer = SGD(lr * batch_size / 64)"),
    Training("one epoch", "trains_one_epoch_only", epochs="range(1)"),
    Training("lr decays", "makes_a_new_optimizer_that_decays", end="optimizer.lr *= 0.9"),
    Training("lr decays by batch", "makes_a_new_optimizer_that_decays", FORWARD + BACKWARD + STEP + "optimizer.lr *= 0.98\n"),
    Training("lr over epochs", "makes_a_new_optimizer_that_decays", start="optimizer.lr = lr / (1 + 0.1 * epoch)"),
    Training("momentum", "gathers_momentum", FORWARD + BACKWARD + "for v, p, g in zip(speed, model.parameters(), model.gradients()):\n    v[...] = 0.8 * v + g\n    p -= lr * v", before="speed = [np.zeros_like(p) for p in model.parameters()]"),
    Training("gradients never set to zero", "accumulates_the_gradients", ADD + "optimizer.step(model.parameters(), total)", before=SUMS),
    Training("gradients set to zero once an epoch", "accumulates_the_gradients", ADD + "optimizer.step(model.parameters(), total)", start=SUMS),
    Training("L2 in the gradient", "decays_the_weights", _step("(g + 0.1 * p)")),
    Training("L2 of the weights alone", "decays_the_weights", _step("(g + 0.03 * p * (p.ndim > 1))")),
    Training("clipped entries", "clips_the_gradients", _step("np.clip(g, -0.02, 0.02)")),
    Training("first layer frozen", "leaves_parameters_out", FORWARD + BACKWARD + "optimizer.step(model.parameters()[2:], model.gradients()[2:])"),
    Training("biases forgotten", "leaves_parameters_out", FORWARD + BACKWARD + "for layer in model.layers:\n    if hasattr(layer, 'W'):\n        layer.W -= lr * layer.dW"),
    # which rows
    Training("x_val between forward and backward", BETWEEN, FORWARD + "accuracy(model, x_val, y_val)\n" + BACKWARD + STEP),
    Training("loss on x_val between", BETWEEN, FORWARD + "criterion.forward(model.forward(x_val), y_val)\n" + BACKWARD + STEP),
    Training("first rows of x_train between", BETWEEN, FORWARD + "accuracy(model, x_train[:len(xb)], y_train[:len(xb)])\n" + BACKWARD + STEP),
    Training("x_val for x_train", "learns_from_the_validation_set_alone", batches="minibatches(x_val, y_val, batch_size, rng)"),
    Training("x_train and x_val", "learns_from_the_validation_set_too", before="x_train, y_train = np.concatenate([x_train, x_val]), np.concatenate([y_train, y_val])"),
    Training("a step on x_val after the epoch", "trains_a_step_on_the_validation_set", end="xb, yb = x_val, y_val\n" + FORWARD + BACKWARD + STEP),
    Training("x / 255", "scales_the_images_again", before="x_train, x_val = x_train / 255, x_val / 255"),
    Training("standardised by column", "standardises_the_training_set_only", before="x_train = (x_train - x_train.mean(axis=0)) / x_train.std(axis=0)"),
    # which batches
    Training("short batch dropped", "drops_the_short_batch", start=OWN, batches=_indices("range(0, len(x_train) - batch_size + 1, batch_size)")),
    Training("short batch dropped, counted", "drops_the_short_batch", start=OWN, batches=_indices("[k * batch_size for k in range(len(x_train) // batch_size)]")),
    Training("last batch dropped", "leaves_the_last_batch_out", start=OWN, batches=_indices("range(0, len(x_train) - batch_size, batch_size)")),
    Training("step dedented", "updates_once_an_epoch", FORWARD + BACKWARD, end=STEP),
    Training("step and backward dedented", "updates_once_an_epoch", FORWARD, end=BACKWARD + STEP),
    Training("one step for the sum", "updates_once_an_epoch", ADD, start=SUMS, end="optimizer.step(model.parameters(), total)"),
    Training("break", "ends_the_epoch_after_one_batch", FORWARD + BACKWARD + STEP + "break"),
    Training("windows", "moves_one_row_a_batch", start=OWN, batches=_indices("range(-(-len(x_train) // batch_size))")),
    Training("windows of whole batches", "moves_one_row_a_batch", start=OWN, batches=_indices("range(len(x_train) // batch_size)")),
    Training("all rows in one batch", "takes_everything_as_one_batch", batches="[(x_train, y_train)]"),
    Training("batches of 32", "takes_everything_as_one_batch", batches="minibatches(x_train, y_train, 32, rng)"),
    Training("row by row", "steps_on_single_examples", batches="minibatches(x_train, y_train, 1, rng)"),
    Training("x_train for xb", "steps_on_all_rows_for_each_batch", "xb, yb = x_train, y_train\n" + FORWARD + BACKWARD + STEP),
    Training("a row held back", "holds_some_rows_back", before="x_train, y_train = x_train[:-1], y_train[:-1]"),
    # which order
    Training("never shuffled", "never_shuffles", before="order = np.arange(len(x_train))", batches=_indices("range(0, len(x_train), batch_size)")),
    Training("shuffled once", "shuffles_once", before=OWN, batches=_indices("range(0, len(x_train), batch_size)")),
    Training("batches in a list", "shuffles_once", before=f"kept = list({ALL})", batches="kept"),
    Training("generator made once", "uses_up_the_batches", before=f"kept = {ALL}", batches="kept"),
    Training("generator made once, and a mean", "uses_up_the_batches", "seen += 1\n" + FORWARD + BACKWARD + STEP, before=f"kept = {ALL}", batches="kept", start="seen = 0", end="1 / seen"),
    Training("default_rng(0)", "makes_a_generator_of_its_own", before="rng = np.random.default_rng(0)"),
    Training("default_rng(epoch)", "makes_a_generator_of_its_own", start="rng = np.random.default_rng(epoch)"),
    Training("default_rng(42) in every epoch", "seeds_every_epoch_anew", start="rng = np.random.default_rng(42)"),
    Training("np.random", "ignores_the_generator", start="order = np.random.permutation(len(x_train))", batches=_indices("range(0, len(x_train), batch_size)")),
    # how many epochs
    Training("an epoch too few", "trains_one_epoch_too_few", epochs="range(1, epochs)"),
    Training("an epoch too many", "trains_one_epoch_too_many", epochs="range(epochs + 1)"),
    # exceptions
    Training("no loss.forward", "forgets_the_loss_forward", "logits = model.forward(xb)\n" + BACKWARD + STEP),
    Training("labels first", "hands_labels_for_scores", "logits = model.forward(xb)\nloss = criterion.forward(yb, logits)\n" + BACKWARD + STEP),
]  # fmt: skip


def _measured(
    label: str,
    name: str,
    loss: str = "{all}",
    acc: str = "accuracy(model, x_train, y_train)",
    val: tuple[str, str] = ("{val}", "accuracy(model, x_val, y_val)"),
    **parts: str,
) -> Training:
    """A right training whose four curves are these expressions, made of the list `seen` of (loss, rows, accuracy) of the batches."""
    told = {"all": "criterion.forward(model.forward(x_train), y_train)", "val": "criterion.forward(model.forward(x_val), y_val)"}
    four = zip(("train_loss", "train_acc", "val_loss", "val_acc"), (loss, acc, *val))
    measure = "\n".join(f'history["{part}"].append(float({code.format(**told)}))' for part, code in four)
    parts = {"start": "seen = []", **parts}
    return Training(
        label,
        name,
        FORWARD + BACKWARD + STEP + "seen.append((loss, len(xb), np.mean(logits.argmax(axis=1) == yb)))",
        measure=measure,
        **parts,
    )


_ERRORS = ("1 - accuracy(model, x_train, y_train)", "1 - accuracy(model, x_val, y_val)")
_PERCENT = ("100 * accuracy(model, x_train, y_train)", "100 * accuracy(model, x_val, y_val)")
_HITS = ("accuracy(model, x_train, y_train) * len(x_train)", "accuracy(model, x_val, y_val) * len(x_val)")
CURVES = [
    _measured("sum of the batches", "adds_up_the_losses", "sum(l for l, n, _ in seen)"),
    _measured("sum over the rows", "adds_up_the_losses", "sum(l * n for l, n, _ in seen)"),
    _measured("divided by the rows", "divides_the_losses_by_the_rows", "sum(l for l, n, _ in seen) / len(x_train)"),
    _measured("weighted, and divided by the batches", "divides_the_rows_by_the_batches", "sum(l * n for l, n, _ in seen) / len(seen)"),
    _measured("divided by whole batches", "divides_by_the_whole_batches", "sum(l for l, n, _ in seen) / max(1, len(x_train) // batch_size)"),
    _measured("last batch", "reports_the_last_batch", "seen[-1][0]"),
    _measured("accuracy of the last batch", "reports_the_last_batch", acc="seen[-1][2]"),
    _measured("first batch", "reports_the_first_batch", "seen[0][0]"),
    _measured("first rows of x_train", "reports_the_first_batch", "criterion.forward(model.forward(x_train[:batch_size]), y_train[:batch_size])", "accuracy(model, x_train[:batch_size], y_train[:batch_size])"),
    _measured("sum of all epochs", "never_resets_the_sum", "sum(l * n for l, n, _ in seen) / len(x_train)", before="seen = []", start=""),
    _measured("mean of all epochs", "never_resets_the_sum", "np.mean([l for l, n, _ in seen])", before="seen = []", start=""),
    _measured("hits of all epochs", "never_resets_the_sum", acc="accuracy(model, x_train, y_train) * (epoch + 1)"),
    _measured("all sums of all epochs", "never_resets_the_sum", "{all} * (epoch + 1)", "accuracy(model, x_train, y_train) * (epoch + 1)"),
    _measured("hits", "counts_the_hits", acc=_HITS[0], val=("{val}", _HITS[1])),
    _measured("hits of validation", "counts_the_hits", val=("{val}", _HITS[1])),
    _measured("sum over x_val", "adds_up_the_losses", val=("{val} * len(x_val)", "accuracy(model, x_val, y_val)")),
    _measured("losses of the other set", "reports_training_as_validation", "{val}", val=("{all}", "accuracy(model, x_val, y_val)")),
    _measured("train_acc on x_val", "reports_validation_as_training", acc="accuracy(model, x_val, y_val)"),
    _measured("val_acc on x_train", "reports_training_as_validation", val=("{val}", "accuracy(model, x_train, y_train)")),
    _measured("validation by x_train", "reports_training_as_validation", val=("{all}", "accuracy(model, x_train, y_train)")),
    _measured("percent", "reports_percent", acc=_PERCENT[0], val=("{val}", _PERCENT[1])),
    _measured("error rates", "reports_error_rates", acc=_ERRORS[0], val=("{val}", _ERRORS[1])),
    _measured("error rate of validation", "reports_error_rates", val=("{val}", _ERRORS[1])),
    _measured("loss for accuracy", "swaps_loss_and_accuracy", "accuracy(model, x_train, y_train)", "{all}", ("accuracy(model, x_val, y_val)", "{val}")),
    _measured("first rows of x_val", "validates_on_the_first_batch", val=("criterion.forward(model.forward(x_val[:batch_size]), y_val[:batch_size])", "accuracy(model, x_val[:batch_size], y_val[:batch_size])")),
]  # fmt: skip

HALVED = _measured("sum of the batches, halved", "", "sum(l for l, n, _ in seen) / 2")
#: No known slip: none of those above.
UNKNOWN = _measured(
    "divided by all that is at hand", "", "sum(l for l, n, _ in seen) / len(x_train) / (epoch + 1)", before="seen = []", start=""
)

RIGHT = [
    _measured("mean over the rows", "", "sum(l * n for l, n, _ in seen) / len(x_train)"),
    _measured("mean over the batches", "", "np.mean([l for l, n, _ in seen])"),
    Training("as the reference", ""),
    Training("own batches", "", start=OWN, batches=_indices("range(0, len(x_train), batch_size)")),
    Training("order by random numbers", "", start="order = rng.random(len(x_train)).argsort()", batches=_indices("range(0, len(x_train), batch_size)")),
    Training("live arrays above the loop", "", FORWARD + BACKWARD + "optimizer.step(params, model.gradients())", before="params = model.parameters()"),
    Training("parameters by hand", "", _step("g")),
    Training("validation before the step", "", FORWARD + BACKWARD + "accuracy(model, x_val, y_val)\n" + STEP),
    # The same rows always meet: a slip of minibatches, and of train none that is known.
    Training("fixed batches in any order", "", batches="[(x_train[i:i + batch_size], y_train[i:i + batch_size]) for i in rng.permutation(range(0, len(x_train), batch_size))]"),
]  # fmt: skip


EVERYTHING = [*TRAININGS, *CURVES, *RIGHT]


def told(training: Training, seeds: Iterable[object], reference: Submission) -> Iterator[set[str]]:
    """For each seed, the names that the checks of a training would get if all of them had failed."""
    explain = getattr(import_checks(STAGE), EXPLAINS)
    submission, failed = training.submission(reference), {check.id for check in STAGE.checks}
    pool = LocalPool()
    for seed in seeds:
        case = Case(seed, STAGE.id, EXPLAINS)
        with pool.student(submission) as student:
            yield {fact.name for fact in explain(student, case, failed).values()}


def main() -> int:
    """All trainings under all seeds: how many are named rightly, not at all, and falsely."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("words", nargs="*", help="only trainings whose label has one of these words")
    options = parser.parse_args()
    reference, count = read_submission(REFERENCE), Counter[str]()
    for training in EVERYTHING:
        if options.words and not any(word in training.label for word in options.words):
            continue
        found = Counter(map(frozenset, told(training, range(options.seeds), reference)))
        wanted = {training.name} - {""}
        for names, times in found.items():
            kind = "right" if names == wanted else "unnamed" if not names else "false"
            count[kind] += times
            if kind != "right":
                print(f"{training.label}: {kind} {times} times {', '.join(sorted(names))}", flush=True)
    print(", ".join(f"{kind} {times}" for kind, times in sorted(count.items())), f"of {count.total()}")
    return int(count["false"] > 0 or count["right"] < 0.95 * count.total())


if __name__ == "__main__":
    sys.exit(main())
