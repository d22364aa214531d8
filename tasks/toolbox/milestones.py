"""What a learner's own code can do once a stage is done: `after_<stage>` makes one sentence of it.

They ask the submission as checks do, and judge nothing. What is not written yet, or fails, has no sentence.
"""

import math
from typing import Protocol

import numpy as np

from grader.checks.api import Remote, Student

from .closed_form import Array


class Digits(Protocol):
    """The open images: (N, 784) float32, and (N,) labels."""

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array


class Images(Protocol):
    @property
    def mnist(self) -> Digits: ...


SIZES = (784, 128, 64, 10)


def after_01_linear(student: Student, images: Images) -> str:
    outputs = np.asarray(student.layers.Linear(784, 10, student.rng(0)).forward(images.mnist.x_val[:1]))
    return (
        f"Your layer turns a picture of a {images.mnist.y_val[0]} into ten numbers. The largest is number {outputs.argmax()}: "
        "it has not learned anything yet."
    )


def after_02_relu(student: Student, images: Images) -> str:
    outputs = student.layers.Linear(784, 128, student.rng(0)).forward(images.mnist.x_val[:1])
    on = int(np.count_nonzero(student.layers.ReLU().forward(outputs)))
    return f"For a picture of a {images.mnist.y_val[0]}, {on} of 128 units are on after your ReLU. For another picture, other units are."


def after_03_softmax(student: Student, images: Images) -> str:
    logits = student.layers.Linear(784, 10, student.rng(0)).forward(images.mnist.x_val[:1])
    share = np.asarray(student.losses.softmax(logits))[0]
    sure, label = share.max(), images.mnist.y_val[0]
    return f"An untrained layer of yours is {sure:.0%} sure that the first picture shows a {share.argmax()}. It shows a {label}."


def after_04_cross_entropy(student: Student, images: Images) -> str:
    logits = student.layers.Linear(784, 10, student.rng(0)).forward(images.mnist.x_val[:100])
    loss = float(student.losses.SoftmaxCrossEntropy().forward(logits, images.mnist.y_val[:100]))
    return f"By your loss, an untrained layer costs {loss:.2f} nats a digit. Equal shares for all ten would cost 2.30."


def after_05_gradient_check(student: Student, images: Images) -> str:
    slope = float(student.gradcheck.numerical_gradient(lambda x: float(np.exp(x).sum()), np.ones(1))[0])
    return f"Your gradient check measures the slope of exp at 1 as {slope:.8f}. It is e = {math.e:.8f}: no formula was needed."


def after_06_network(student: Student, images: Images) -> str:
    predicted = student.network.MLP(SIZES, student.rng(0)).predict(images.mnist.x_val[:1000])
    share = float(np.mean(np.asarray(predicted) == images.mnist.y_val[:1000]))
    return f"Untrained, your network reads {share:.0%} of 1,000 digits: about one in ten, as with guessing."


def after_07_backprop(student: Student, images: Images) -> str:
    model = student.network.MLP(SIZES, student.rng(0))
    loss_of(student, model, student.losses.SoftmaxCrossEntropy(), images, backward=True)
    gradients = [np.asarray(g) for g in student.take(model.gradients())]
    slopes, black = sum(g.size for g in gradients), np.mean(~gradients[0].any(axis=1))
    return (
        f"One backward pass of yours gave {slopes:,} slopes of the loss. Those of {black:.0%} of the pixels are zero: "
        "they are black in all of these 100 digits."
    )


def after_08_sgd(student: Student, images: Images) -> str:
    model, loss = student.network.MLP(SIZES, student.rng(0)), student.losses.SoftmaxCrossEntropy()
    before = loss_of(student, model, loss, images, backward=True)
    student.optim.SGD(0.1).step(model.parameters.keep(), model.gradients.keep())
    after = loss_of(student, model, loss, images)
    way = "falls" if after < before else "goes"
    return f"The first step downhill: the loss of your network on 100 digits {way} from {before:.2f} to {after:.2f}."


def after_09_minibatches(student: Student, images: Images) -> str:
    x, y = np.arange(20_000.0)[:, None], np.zeros(20_000, dtype=np.int64)
    steps = len(student.take(student.data.minibatches(x, y, 32, student.rng(0))))
    return f"20,000 digits in batches of 32 make {steps:,} batches: your network will take that many steps per epoch."


def after_10_training_loop(student: Student, images: Images) -> str:
    model = student.network.MLP(SIZES, student.rng(0))
    digits = images.mnist
    x, y, x_val, y_val = (part[:2000] for part in (digits.x_train, digits.y_train, digits.x_val, digits.y_val))
    student.train.train(model, x, y, x_val, y_val, epochs=2, batch_size=32, lr=0.1, rng=student.rng(1))
    predicted = np.asarray(model.predict(x_val))
    return (
        f"The first picture that your network reads is a {y_val[0]}, and it says {predicted[0]}. After two epochs on 2,000 "
        f"digits, a tenth of what there is, it reads {np.mean(predicted == y_val):.0%} of 2,000 others."
    )


def after_12_mnist(student: Student, images: Images) -> str:
    digits = images.mnist
    means = np.stack([digits.x_train[digits.y_train == digit].mean(axis=0) for digit in range(10)])
    nearest = ((means**2).sum(axis=1) - 2 * digits.x_val @ means.T).argmin(axis=1)
    untrained = np.asarray(student.network.MLP(SIZES, student.rng(0)).predict(digits.x_val))
    begun, simple = (float(np.mean(answers == digits.y_val)) for answers in (untrained, nearest))
    return (
        f"Untrained, your network read {begun:.0%} of the open digits; the nearest of ten mean pictures reads {simple:.0%}. "
        "Now your network reads at least 96% of digits that it has never seen."
    )


def after_13_experiments(student: Student, images: Images) -> str:
    digits = images.mnist
    parts = (part[:1000] for part in (digits.x_train, digits.y_train, digits.x_val, digits.y_val))
    runs = student.experiments.compare_batch_sizes((784, 16, 10), *parts, batch_sizes=[1000, 10], lr=0.1, seed=0, epochs=5)
    (_, few, full), (_, many, small) = runs
    return (
        f"Your experiment on 1,000 digits, five epochs each: one batch of all makes {few} updates and ends at "
        f"{full['val_acc'][-1]:.0%}, batches of 10 make {many} and end at {small['val_acc'][-1]:.0%}."
    )


def after_14_faults(student: Student, images: Images) -> str:
    model, loss = student.network.MLP((4, 5, 3), student.rng(0)), student.losses.SoftmaxCrossEntropy()
    x = np.random.default_rng(0).normal(size=(6, 4))
    if student.faults.find_fault(model, loss, x, np.array([0, 1, 2, 0, 1, 2])) is not None:
        return ""
    return "Your find_fault went through your own network, rule by rule, and clears it: every slope is what it measured."


def loss_of(student: Student, model: Remote, loss: Remote, images: Images, backward: bool = False) -> float:
    """Mean loss of a network on 100 images; its gradients are set if asked."""
    x: Array = images.mnist.x_val[:100]
    value = float(loss.forward(model.forward(x), images.mnist.y_val[:100]))
    if backward:
        model.backward(loss.backward())
    return value
