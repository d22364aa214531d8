"""Write docs/key-learnings.md and its figures, from the experiments with the reference: every number is one of this run.

    python -m docs.make_key_learnings

It takes about a minute. One figure and three sentences each.
"""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from grader.course.course import Course
from grader.course.toolbox import shared
from grader.files import write_atomically
from grader.learner.instruments import measure
from grader.paths import REFERENCE
from grader.verbs._course import course_here
from reference.gradcheck import numerical_gradient, relative_error
from reference.layers import Linear
from reference.losses import SoftmaxCrossEntropy, softmax

DOCS = Path(__file__).resolve().parent

HEAD = """# Key learnings

What a network by hand teaches beyond its formulas: an experiment each, run with the reference on the course's digits. Your own
runs are worth more: `make experiment NAME=batch-size`, and say first what you expect. Figures and numbers are written by
`python -m docs.make_key_learnings`.
"""


def figures_of(course: Course, choose: Any) -> list[Any]:
    """What an experiment with the reference shows."""
    found: list[Any] = []
    measure("experiments", course, REFERENCE, DOCS, "off", choose=choose, keep=lambda _, plots, __: found.extend(plots))
    return found


def end(figure: Any, label: str) -> float:
    return float(figure.lines[label][1][-1])


def batch_size(course: Course, lab: Any) -> tuple[str, Any, str]:
    epochs, updates = figures_of(course, lambda all_of_it: all_of_it.EXPERIMENTS["batch-size"])
    small, full = "batches of 32", "full batch"
    steps = len(epochs.lines[small][0]) * 63
    return (
        "Full batch and mini-batch",
        epochs,
        f"After ten epochs on 2,000 images, batches of 32 have made {steps} updates and read {end(epochs, small):.0%} of the "
        f"validation images; one batch of all has made ten, and reads {end(epochs, full):.0%}. Given {steps} updates as well, it "
        f"reads {end(updates, full):.0%}, for 63 times as much arithmetic. What counts is the number of updates; the gradient of "
        "a small batch is noisier, and right on average.",
    )


def learning_rate(course: Course, lab: Any) -> tuple[str, Any, str]:
    rates, _ = figures_of(course, lambda all_of_it: all_of_it.EXPERIMENTS["learning-rate"])
    lr, ends = rates.lines["after the last epoch"]
    best = int(np.argmax(ends))
    lost = next(rate for rate, share in zip(lr, ends) if rate > lr[best] and share < 0.2)
    return (
        "The learning rate",
        rates,
        f"Of these rates {lr[best]:g} is the best after five epochs, with {ends[best]:.0%} of the validation images; 0.001 has come "
        f"to {ends[0]:.0%}, and is still on its way. From {lost:g} on nothing is learned. The best rate lies within a factor of "
        f"{lost / lr[best]:.0f} of the rates that fail: search in factors, then step back from the edge.",
    )


def underfitting(course: Course, lab: Any) -> tuple[str, Any, str]:
    def make(here: Any) -> list[Any]:
        zeros = [np.zeros(shape) for pair in ((784, 64), (64, 10)) for shape in (pair, pair[1])]
        plans = {
            "short steps": (None, 0.0003),
            "the same, lr x 100": (None, 0.03),
            "zeros": (zeros, 0.0003),
            "zeros, lr x 100": (zeros, 0.03),
        }
        runs = {
            label: here.train(label, 1000, epochs=8, batch_size=20, lr=lr, start=start) for label, (start, lr) in plans.items()
        }
        lines = {label: (run.epochs, run.values["train_loss"]) for label, run in runs.items()}
        return [lab.Figure("Underfitting or failure", "", ("epoch", "training loss"), lines, {"guessing": lab.GUESSING})]

    (shown,) = figures_of(course, lambda all_of_it: all_of_it.Experiment("", make))
    return (
        "Underfitting, or an optimization failure?",
        shown,
        f"After 400 updates two trainings have hardly moved, at losses of {end(shown, 'short steps'):.2f} and {end(shown, 'zeros'):.2f}. "
        f"With a rate a hundred times as large the one falls to {end(shown, 'the same, lr x 100'):.2f}: it was underfitting. The other, "
        f"begun with all weights at zero, stays at {end(shown, 'zeros, lr x 100'):.2f}, because no gradient reaches its hidden layer: "
        "more steps would not help.",
    )


def stability(course: Course, lab: Any) -> tuple[str, Any, str]:
    logits = np.random.default_rng(0).normal(size=(200, 10))
    labels = logits.argmax(axis=1)
    scales = [1.0, 10.0, 100.0, 200.0, 300.0, 400.0, 600.0, 1000.0, 3000.0]
    lost, kept = [], []
    with np.errstate(all="ignore"):
        for scale in scales:
            plain = np.exp(scale * logits) / np.exp(scale * logits).sum(axis=1, keepdims=True)
            lost.append(float(np.mean(~np.isfinite(plain).all(axis=1))))
            kept.append(float(np.mean(~np.isfinite(softmax(scale * logits)).all(axis=1))))
    loss = SoftmaxCrossEntropy().forward(1000 * logits, (labels + 1) % 10)
    shown = lab.Figure(
        "Rows that become nan",
        "",
        ("size of the logits", "share of rows with nan"),
        {"exp(z) / sum": (scales, lost), "maximum subtracted": (scales, kept)},
        log_x=True,
    )
    first = next(scale for scale, share in zip(scales, lost) if share > 0)
    return (
        "Numerical stability",
        shown,
        f"With logits of size {first:g} the plain formula loses {lost[scales.index(first)]:.0%} of its rows to nan, with 1,000 "
        f"{lost[scales.index(1000.0)]:.0%}. Subtracting each row's maximum changes no share, and loses no row. The loss from the "
        f"log of the sum stays finite, too: with a false label for every row it is {loss:,.0f} nats at size 1,000, where "
        "log(softmax(z)) is the log of 0 in most rows.",
    )


def gradients(course: Course, lab: Any) -> tuple[str, Any, str]:
    rng = np.random.default_rng(0)
    layer, loss, x, labels = Linear(5, 3, rng), SoftmaxCrossEntropy(), rng.normal(size=(4, 5)), np.array([0, 1, 2, 1])
    value = lambda W: loss.forward(layer.forward(x), labels)  # noqa: E731 - W is the layer's own array
    value(layer.W)
    layer.backward(loss.backward())
    true = layer.dW.copy()
    steps = [10.0**-k for k in range(1, 14)]
    slopes = [numerical_gradient(value, layer.W, eps) for eps in steps]
    right, broken = ([relative_error(true * factor, slope) for slope in slopes] for factor in (1.0, 4.0))
    best = int(np.argmin(right))
    shown = lab.Figure(
        "The gradient check over eps",
        "",
        ("eps", "log10 of the relative error"),
        {"right gradient": (steps, np.log10(right).tolist()), "mean forgotten": (steps, np.log10(broken).tolist())},
        log_x=True,
    )
    return (
        "Debugging gradients",
        shown,
        f"Against central differences a right gradient of Linear has a relative error of {right[best]:.0e} at eps = {steps[best]:.0e}; "
        f"with 0.1 it is {right[0]:.0e}, because the curve bends, with {steps[-1]:.0e} {right[-1]:.0e}, because digits cancel. A gradient "
        f"that is not divided by its four rows has an error of {broken[best]:.1f} at every eps. Between the two lie "
        f"{np.log10(broken[best] / right[best]):.0f} orders of magnitude, so the check leaves no doubt.",
    )


def main() -> None:
    course = course_here()
    lab, handouts = shared(course.tasks, "experiments"), shared(course.tasks, "pictures.handouts")
    assert handouts is not None
    parts = [HEAD]
    for learning in (batch_size, learning_rate, underfitting, stability, gradients):
        title, figure, text = learning(course, lab)
        file = f"key-learnings-{learning.__name__.replace('_', '-')}.svg"
        write_atomically(DOCS / file, handouts.chart(figure).svg())
        alt = f"{figure.axes[1]} over {figure.axes[0]}: {', '.join(figure.lines)}"
        parts.append(f"## {title}\n\n![{alt}]({file})\n\n{wrapped(text)}\n")
    (DOCS / "key-learnings.md").write_text("\n".join(parts), encoding="utf-8")


def wrapped(text: str) -> str:
    return textwrap.fill(text, 120)


if __name__ == "__main__":
    main()
