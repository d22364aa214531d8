"""Overfit on purpose: a hundred images, learned by heart, judged by the parameters that training leaves behind."""

import numpy as np

from ..toolbox import accuracy_gate, closed_form, networks, training_diagnosis, trainings

SIZES = (784, 128, 64, 10)
SETTINGS = {"epochs": 20, "batch_size": 10, "lr": 0.1}


def _overfitted(student, case, mnist):
    """(loss, accuracy) on a hundred images before and after training on them alone, and what a diagnosis is made of."""
    how = f"np.random.default_rng({case.seed}).choice({len(mnist.x_train)}, 100, replace=False)"
    rows = case.given("rows", np.random.default_rng(case.seed).choice(len(mnist.x_train), 100, replace=False), how)
    x = case.given("x", mnist.x_train[rows], "data.load_mnist()[0][rows]")
    y = case.given("y", mnist.y_train[rows], "data.load_mnist()[1][rows]")
    model = student.network.MLP(SIZES, student.rng(case.seed))
    start = networks.parameters_of(student, model)
    result = student.train.train(model, x, y, x[:20], y[:20], rng=student.rng(case.seed + 1), **SETTINGS)
    end = networks.parameters_of(student, model)
    trainings.same_shapes(case, end, start, "After training")
    curves = accuracy_gate.history(student, case, result)
    told = training_diagnosis.Training(SETTINGS, len(x), curves, start, end, (x, y), (x[:20], y[:20]), fixed=True)
    if not np.isfinite(closed_form.flat(end)).all():
        gave = "There is nan or inf in the parameters after training."
        raise _failed(case, told, "The parameters should be finite after training.", gave)
    return closed_form.evaluate(start, x, y), closed_form.evaluate(end, x, y), told


def _failed(case, told, should, gave, looks_like=""):
    """What the training lacks, begun with what it came to, and its curves for the report."""
    accuracy_gate.keep_curves(case, told.history)
    return accuracy_gate.diagnosed(case, told, should, gave, looks_like, training_diagnosis.OF_THE_CODE)


def check_overfit_learns_every_image(student, case, mnist, memo):
    """After 20 epochs on 100 images, the network classifies all 100 correctly."""
    (loss, before), (end, after), told = memo("overfitted", lambda: _overfitted(student, case, mnist))
    case.note(
        f"Stage 11: from {100 * before:.0f} to {100 * after:.0f} of 100 images right, the loss from {loss:.3f} to {end:.4f}."
    )
    should = "All 100 training images should be classified correctly."
    gave = f"{100 * after:.0f} of 100 images are classified correctly; before training, {100 * before:.0f} were."
    if after < 1.0:
        raise _failed(case, told, should, gave, f"The loss on these images went from {loss:.3f} to {end:.3f}.")


def check_overfit_loss_vanishes(student, case, mnist, memo):
    """After these epochs the loss on the 100 images is below 0.1: the network is sure of each."""
    (loss, _), (end, _), _ = memo("overfitted", lambda: _overfitted(student, case, mnist))
    should = "The mean cross-entropy on the 100 images should be below 0.1."
    case.require(end < 0.1, should, f"The mean cross-entropy is {end:.3f}; before training it was {loss:.3f}.")
