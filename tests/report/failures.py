"""What failures leave behind, for the tests of rendering: cards with their evidence, worked out here from the mistake."""

from pathlib import Path
from typing import Any

import numpy as np

from grader.records import Card, Mistake, SourceLines
from tests.report.records import Outcome, save


def curves(epochs: int = 10, goal: float = 0.9712, seed: int = 3) -> dict[str, Any]:
    """A history that looks like a training, with the band that the reference's seeds span."""
    rng = np.random.default_rng(seed)
    t = np.arange(1, epochs + 1)
    noise = lambda: rng.normal(0, 0.0008, epochs)  # noqa: E731
    shape = 1 - np.exp(-t / 1.9)
    val_acc, train_acc = goal - 0.06 * (1 - shape) + noise(), 0.999 - 0.085 * (1 - shape) + noise()
    val_loss, train_loss = 0.1 + 0.25 * (1 - shape) + noise(), 0.01 + 0.38 * (1 - shape) + noise()
    spread = 0.0025
    band = {
        name: {"low": (v - s).tolist(), "high": (v + s).tolist()}
        for name, v, s in (
            ("val_acc", 0.971 - 0.055 * (1 - shape), spread),
            ("train_acc", 0.999 - 0.08 * (1 - shape), spread),
            ("val_loss", 0.1 + 0.22 * (1 - shape), 0.012),
            ("train_loss", 0.01 + 0.34 * (1 - shape), 0.012),
        )
    }
    history = {"train_loss": train_loss, "train_acc": train_acc, "val_loss": val_loss, "val_acc": val_acc}
    return {
        "history": {k: [float(x) for x in v] for k, v in history.items()},
        "reference": band,
        "goal": 0.96,
        "stage": "12_mnist",
    }


def mnist_evidence(out: Path) -> dict[str, str]:
    """A confusion matrix, mistaken "digits" (strokes drawn by arithmetic) and first-layer weights."""
    rng = np.random.default_rng(12)
    true = np.repeat(np.arange(10), 1000)
    said = np.where(rng.random(10_000) < 0.029, rng.integers(0, 10, 10_000), true)
    flip = (true == 4) & (rng.random(10_000) < 0.03)
    said[flip] = 9
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (true, said), 1)
    grid = np.mgrid[0:28, 0:28]
    images = []
    for k in range(18):
        a, b = rng.uniform(6, 10), rng.uniform(5, 9)
        ring = np.hypot((grid[0] - 14) / a, (grid[1] - 14) / b)
        images.append(np.clip(1.6 - 5 * np.abs(ring - 0.9), 0, 1) * (grid[0] > 4 + k % 9))
    wrong = np.flatnonzero(true != said)[:18]
    weights = rng.normal(0, 0.03, (784, 128)) + np.exp(-np.hypot(grid[0] - 14, grid[1] - 14).reshape(784, 1) / 7) * rng.normal(
        0, 0.2, 128
    )
    return save(
        out,
        "12_mnist",
        "check_mnist_reaches_96_percent",
        confusion=confusion,
        mistake_images=(np.array(images) * 255).astype(np.uint8),
        mistake_true=true[wrong],
        mistake_said=said[wrong],
        mistake_confidence=np.sort(rng.uniform(0.8, 1, 18))[::-1],
        weights=weights.astype(np.float16),
    )


def linear_db_mistake(out: Path) -> Outcome:
    """db as the mean over the batch."""
    dout = np.random.default_rng(1).normal(size=(5, 3))
    evidence = save(out, "01_linear", "check_linear_backward_gives_db", expected=dout.sum(0), given=dout.mean(0))
    with np.printoptions(precision=4):
        card = Card(
            ran="layer = student.layers.Linear(4, 3, rng(1))\nlayer.forward(x)       # x: normal, shape (5, 4)\n"
            "layer.backward(dout)   # dout: normal, shape (5, 3)\nlayer.db",
            should="layer.db equals dout.sum(axis=0)",
            gave=f"layer.db is {dout.mean(0)}; it should be {dout.sum(0)}",
            looks_like="Every entry is exactly 1/5 of what it should be, and the batch has 5 rows.",
            printed="dout (5, 3)\n[[ 0.3  0.8  0.3]\n [-1.3  0.9  0.4]]",
            source=[
                SourceLines(
                    "layers.py",
                    36,
                    [
                        "    def backward(self, dout):",
                        "        self.dW = self.x.T @ dout",
                        "        self.db = dout.mean(axis=0)",
                        "        return dout @ self.W.T",
                    ],
                    [38],
                    "Linear.backward",
                )
            ],
            evidence=evidence,
        )
    hint = (
        "The loss already averages over the batch. `db` collects what every row asks of the bias: does a sum or a mean do that?"
    )
    return {
        "state": "fail",
        "message": "layer.db is not the gradient of the loss by b.",
        "card": card,
        "mistake": Mistake("averages_db", hint, ["divides_db_by_the_batch"], "db divided by N a second time"),
        "seconds": 0.003,
    }


def softmax_mistake(out: Path) -> Outcome:
    """exp without a shift."""
    scale = np.array([1, 10, 100, 300, 500, 700, 709, 720, 800, 1000.0])
    logits = np.array([0.2, 1.0, -0.5])
    with np.errstate(all="ignore"):
        e = np.exp(scale[:, None] * logits)
        given = e / e.sum(1, keepdims=True)
    shifted = np.exp(scale[:, None] * (logits - logits.max()))
    evidence = save(
        out,
        "03_softmax",
        "check_softmax_handles_large_logits",
        scale=scale,
        softmax=given,
        softmax_expected=shifted / shifted.sum(1, keepdims=True),
        given=np.array([[np.nan, np.nan]]),
        expected=np.array([[0.26894142, 0.73105858]]),
    )
    card = Card(
        ran="student.losses.softmax(np.array([[1000., 1001.]]))",
        should="every entry is finite, and each row sums to 1",
        gave="softmax([[1000., 1001.]]) returned [[nan nan]]",
        looks_like="exp(1000) is more than a float can hold: inf / inf is nan.",
        source=[
            SourceLines(
                "losses.py",
                6,
                ["def softmax(logits):", "    e = np.exp(logits)", "    return e / e.sum(axis=1, keepdims=True)"],
                [7],
                "softmax",
            )
        ],
        evidence=evidence,
    )
    hint = "exp of anything above 709 overflows. What can you subtract from a whole row without changing its softmax?"
    return {
        "state": "fail",
        "message": "softmax([[1000., 1001.]]) returned [[nan nan]].",
        "card": card,
        "mistake": Mistake("forgets_the_shift", hint, title="No shift before exp"),
    }


def backprop_mistake(out: Path) -> Outcome:
    """A ReLU that lets every gradient pass: the last layer is right, the others are not."""
    rng = np.random.default_rng(7)
    arrays = {}
    for name, shape, slip in (("dW1", (6, 5), 1.0), ("dW2", (5, 4), 0.6), ("dW3", (4, 3), 0.0)):
        numeric = rng.normal(size=shape)
        arrays[f"numeric__{name}"] = numeric
        arrays[f"analytic__{name}"] = numeric + slip * rng.normal(size=shape) * (rng.random(shape) < 0.5)
    evidence = save(out, "07_backprop", "check_backprop_matches_numeric_gradient", **arrays)
    card = Card(
        ran="model = student.network.MLP((6, 5, 4, 3), rng(2))\nmodel.forward(x)\nmodel.backward(dlogits)\nmodel.gradients()",
        should="each gradient equals the slope of the loss, measured by nudging one number at a time",
        gave="dW1 differs by a relative error of 0.41, dW2 by 0.28; dW3 agrees to 3e-10",
        looks_like="The last layer is right and those before it are not: look at what is handed from layer to layer.",
        evidence=evidence,
    )
    return {
        "state": "fail",
        "message": "dW1 and dW2 are not the slope of the loss; dW3 is.",
        "card": card,
        "mistake": Mistake(
            "passes_every_gradient",
            "Which inputs of the ReLU reached its output, and which did not?",
            title="Mask is True everywhere",
        ),
    }


def training_mistake(out: Path) -> Outcome:
    """The learning rate of a different optimiser."""
    card = Card(
        ran="history = student.train.train(model, x_train, y_train, x_val, y_val, **HYPERPARAMETERS, rng=rng(5))",
        should="at least 96 % of unseen digits are read",
        gave="91.8 % of the hidden digits are read",
        looks_like="The loss is still falling after the last epoch.",
        evidence=mnist_evidence(out),
    )
    return {
        "state": "fail",
        "message": "91.8 % of the hidden digits are read; 96 % are asked for.",
        "card": card,
        "seconds": 3.1,
        "notes": ["91.8 % of the hidden digits are read: 4.2 points below the 96 % that are asked for."],
    }


def generic_failure(out: Path, stage: str, check: str, functions: list[str], seed: int) -> Outcome:
    """A failure with everything a card can hold, as big as the engine lets it become."""
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=(12, 12)) * 10.0 ** rng.integers(-3, 4)
    given = np.where(rng.random((12, 12)) < 0.4, expected * 64, expected)
    evidence = save(out, stage, check, expected=expected, given=given)
    source = [
        SourceLines(
            f"{functions[0].split('.')[0]}.py",
            10,
            [f"    line_{i} = compute(line_{i - 1}, axis={i % 2})" for i in range(12)],
            [14, 15],
            functions[0].partition(".")[2],
        )
    ] * 2
    card = Card(
        ran="\n".join(f"x{i} = np.array([[{i}.25, -{i}.5], [{i}.125, 0.0625]])" for i in range(8))
        + f"\nstudent.{functions[0]}(x0, x1)",
        should="the result has one row per example and equals x @ W + b",
        gave="the result is 64 times as large in 58 of 144 entries; worst at [3, 7]",
        looks_like="The ratio is exactly 64, and the batch has 64 rows.",
        printed="\n".join(f"epoch {i} loss {1 / (i + 1):.6f}" for i in range(20)) + "\n… 480 more lines",
        source=source,
        evidence=evidence,
    )
    return {
        "state": "fail",
        "message": f"`{functions[0]}` gave numbers that are 64 times as large.",
        "card": card,
        "mistake": Mistake(
            "forgets_the_mean",
            "The loss is a mean over the batch. Where does the division by its size happen?",
            title="Gradient not divided by N",
        ),
    }
