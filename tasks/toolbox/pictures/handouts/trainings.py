"""Figures of trainings and of the images, worked out by the closed form on the course's own data: stages 08 to 14."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from ... import closed_form, images
from ...closed_form import Array, Parameters
from .. import pixels
from .canvas import BAND, DASHED, EDGE, FAIL, FIRST, INK, RULE, SECOND, SOFT, Axes, Sheet

_FEW = 2000  #: images that most figures train on


def _network(sizes: Sequence[int], seed: int = 0) -> Parameters:
    """Weights as He would draw them, biases of 0."""
    rng = np.random.default_rng(seed)
    pairs = pairwise(sizes)
    return [array for a, b in pairs for array in (rng.normal(0, np.sqrt(2 / a), (a, b)), np.zeros(b))]


def _steps(start: Parameters, x: Array, y: Array, epochs: int, batch_size: int, lr: float) -> Iterator[tuple[float, Parameters]]:
    """The loss of each batch as it came, and the parameters after its step."""
    rng = np.random.default_rng(1)
    parameters = start
    for _ in range(epochs):
        for rows in closed_form.pieces(rng.permutation(len(x)), batch_size):
            loss, dlogits = closed_form.cross_entropy(closed_form.forward(parameters, x[rows]), y[rows])
            gradients, _ = closed_form.backward(parameters, x[rows], dlogits)
            parameters = closed_form.stepped(parameters, gradients, lr)
            yield loss, parameters


@cache
def _digits(data: Path) -> tuple[Array, Array, Array, Array]:
    """Training images and labels, and a thousand to validate with."""
    opened = images.open(data)
    return opened.x_train[:_FEW], opened.y_train[:_FEW], opened.x_val[:1000], opened.y_val[:1000]


def _curves(
    data: Path, examples: int, epochs: int, batch_size: int, lr: float, shuffle: bool = False
) -> list[tuple[float, float]]:
    """Share of training and of validation images that are right after each epoch, from a network 784-32-10."""
    x, y, x_val, y_val = _digits(data)
    x, y = x[:examples], y[:examples]
    y = np.random.default_rng(2).permutation(y) if shuffle else y
    in_epoch = -(-examples // batch_size)
    ends = [parameters for _, parameters in _steps(_network((784, 32, 10)), x, y, epochs, batch_size, lr)]
    return [
        (closed_form.evaluate(parameters, x, y)[1], closed_form.evaluate(parameters, x_val, y_val)[1])
        for parameters in ends[in_epoch - 1 :: in_epoch]
    ]


def rates(data: Path) -> Sheet:
    """08: ten steps down the same valley, with three learning rates."""
    sheet = Sheet(176)
    grid = np.linspace(-1.8, 1.8, 41)
    for k, (lr, name) in enumerate(((0.04, "too small"), (0.3, "right"), (1.03, "too large"))):
        axes = Axes(sheet, (8 + 118 * k, 40, 116 + 118 * k, 150), (-1.9, 1.9), (-0.1, 3.4))
        axes.line(grid, grid**2, EDGE, 1.2)
        places = [1.0]
        for _ in range(10):
            places.append(places[-1] - lr * 2 * places[-1])
        axes.line(places, [place**2 for place in places], SECOND, 1.2)
        axes.dots(places, [place**2 for place in places], FIRST, 2.6)
        sheet.text(axes.left, 18, name, INK, 12, bold=True)
        sheet.text(axes.left, 32, f"lr = {lr:g}", SOFT, 11)
        sheet.text(axes.left, 168, f"ends at {abs(places[-1]):.2g}", SOFT, 11)
    return sheet


def fan(data: Path) -> Sheet:
    """09: how the gradients of batches lie to that of all images, for three sizes of the batch."""
    sheet = Sheet(142)
    x, y, *_ = _digits(data)
    parameters = _network((784, 32, 10))

    def gradient(rows: Array) -> Array:
        _, dlogits = closed_form.cross_entropy(closed_form.forward(parameters, x[rows]), y[rows])
        return closed_form.flat(closed_form.backward(parameters, x[rows], dlogits)[0])

    exact = gradient(np.arange(len(x)))
    exact /= np.linalg.norm(exact)
    rng = np.random.default_rng(0)
    for k, size in enumerate((1, 32, 512)):
        foot = (60.0 + 120 * k, 106.0)
        cosines = []
        for turn in range(10):
            g = gradient(rng.permutation(len(x))[:size])
            cosine = float(g @ exact / np.linalg.norm(g))
            angle = np.arccos(cosine) * (1 if turn % 2 else -1)
            cosines.append(cosine)
            sheet.line([foot, (foot[0] + 58 * np.sin(angle), foot[1] - 58 * np.cos(angle))], SECOND, 1)
        sheet.arrow(foot, (foot[0], foot[1] - 68), FIRST, 2.4, 7)
        sheet.text(foot[0], 20, f"{size} image{'s' if size > 1 else ''}", INK, 12, "middle", bold=True)
        sheet.text(foot[0], 130, f"cosine {np.mean(cosines):.2f}", SOFT, 11, "middle")
    return sheet


def loss_in_epochs(data: Path) -> Sheet:
    """10: the loss of every batch in three epochs, its mean over each epoch, and the validation loss at its end."""
    x, y, x_val, y_val = _digits(data)
    seen = list(_steps(_network((784, 32, 10)), x, y, 3, 32, 0.1))
    losses = [loss for loss, _ in seen]
    in_epoch = len(seen) // 3
    sheet = Sheet(250)
    axes = Axes(sheet, (30, 26, 326, 180), (0, len(seen)), (0, 2.8))
    axes.frame({k * in_epoch: f"epoch {k}" if k else "start" for k in range(4)}, {k: str(k) for k in range(3)}, "", "loss")
    axes.dots(range(len(seen)), losses, EDGE, 1.5, 0.8)
    for epoch in range(3):
        first, last = epoch * in_epoch, (epoch + 1) * in_epoch
        mean = float(np.mean(losses[first:last]))
        axes.line([first, last], [mean, mean], FIRST, 2.2)
        value = closed_form.evaluate(seen[last - 1][1], x_val, y_val)[0]
        axes.dots([last], [value], SECOND, 4)
    sheet.dot(24, 212, EDGE, 2)
    sheet.text(36, 216, "each batch")
    sheet.line([(120, 212), (144, 212)], FIRST, 2.2)
    sheet.text(150, 216, "train_loss: the mean of an epoch")
    sheet.dot(24, 232, SECOND, 4)
    sheet.text(36, 236, "val_loss: other images, at the end of the epoch")
    return sheet


def by_heart(data: Path) -> Sheet:
    """11: a hundred images with their own labels, and with labels dealt out at random."""
    sheet = Sheet(238)
    axes = Axes(sheet, (44, 26, 240, 190), (0, 30), (0, 1))
    axes.frame(
        {k: str(k) for k in range(0, 31, 10)}, {k / 4: f"{25 * k} %" for k in range(5)}, "epochs", "images that come out right"
    )
    own = _curves(data, 100, 30, 10, 0.1)
    mixed = _curves(data, 100, 30, 10, 0.1, shuffle=True)
    epochs = range(1, 31)
    axes.line(epochs, [a for a, _ in own], FIRST, 2.2)
    axes.line(epochs, [a for a, _ in mixed], SECOND, 2.2, DASHED)
    axes.line(epochs, [b for _, b in own], FIRST, 1.2)
    axes.line(epochs, [b for _, b in mixed], SECOND, 1.2, DASHED)
    for height, told, colour in (
        (1.0, "its 100 images,", INK),
        (0.92, "with either labels", INK),
        (own[-1][1], "1,000 others", FIRST),
        (mixed[-1][1] + 0.06, "1,000 others,", SECOND),
        (mixed[-1][1] - 0.02, "labels at random", SECOND),
    ):
        axes.note(30, height, told, colour)
    return sheet


def digits(data: Path) -> Sheet:
    """12: the first thirty training images with their labels."""
    x, y, *_ = _digits(data)
    sheet = Sheet(190)
    across = 10
    for k in range(30):
        left, top = 12 + 34 * (k % across), 8 + 60 * (k // across)
        sheet.image(left, top, 30, 30, _ink(x[k].reshape(28, 28)))
        sheet.text(left + 15, top + 44, str(int(y[k])), SOFT, 11, "middle")
    return sheet


def _ink(image: Array) -> str:
    """An image in grey on white, which is legible on light and on dark."""
    steps = np.rint(15 * (1 - image)).astype(np.uint8)
    palette = np.array([(17 * step, 17 * step, 17 * step, 255) for step in range(16)], np.uint8)
    return pixels.data_uri(pixels.png(steps, palette))


def confusion(data: Path) -> Sheet:
    """12: of a network 784-32-10, what it says of each digit; mistakes alone are shaded."""
    x, y, x_val, y_val = _digits(data)
    *_, (_, parameters) = _steps(_network((784, 32, 10)), x, y, 10, 32, 0.1)
    said = closed_form.forward(parameters, x_val).argmax(axis=1)
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (y_val, said), 1)
    mistakes = counts * ~np.eye(10, dtype=bool)
    sheet = Sheet(340)
    sheet.text(196, 14, "said", SOFT, 11, "middle")
    sheet.text(8, 34, "true", SOFT, 11)
    for i in range(10):
        sheet.text(58 + 30 * i, 34, str(i), SOFT, 11, "middle")
        sheet.text(30, 58 + 29 * i, str(i), SOFT, 11, "end")
        for j in range(10):
            left, top, count = 44 + 30 * j, 40 + 29 * i, int(counts[i, j])
            if i == j:
                sheet.box(left, top, 28, 27, "none", FIRST, 3)
            elif count:
                sheet.box(left, top, 28, 27, FAIL, round_by=3, opacity=0.12 + 0.5 * count / mistakes.max())
            if count:
                sheet.text(left + 14, top + 17.5, str(count), INK, 11, "middle", bold=i == j)
    return sheet


def three_endings(data: Path) -> Sheet:
    """13: training and validation accuracy of three trainings that deserve three of the five words."""
    sheet = Sheet(204)
    plans = (("underfitting", 2000, 5, 200, 0.02), ("overfitting", 200, 30, 10, 0.1), ("healthy", 2000, 8, 32, 0.1))
    for k, (word, examples, epochs, batch_size, lr) in enumerate(plans):
        axes = Axes(sheet, ((44, 152, 260)[k], 28, (136, 244, 352)[k], 150), (1, epochs), (0, 1))
        axes.frame(
            {1: "1", epochs: str(epochs)}, {share / 4: f"{25 * share} %" if k == 0 else "" for share in range(5)}, "epochs"
        )
        ends = _curves(data, examples, epochs, batch_size, lr)
        axes.line(range(1, epochs + 1), [a for a, _ in ends], SECOND, 2, DASHED)
        axes.line(range(1, epochs + 1), [b for _, b in ends], FIRST, 2)
        sheet.text(axes.left, 16, word, INK, 12, bold=True)
    sheet.line([(44, 194), (68, 194)], SECOND, 2, DASHED)
    sheet.text(74, 198, "its own images")
    sheet.line([(190, 194), (214, 194)], FIRST, 2)
    sheet.text(220, 198, "validation images")
    return sheet


def fault(data: Path) -> Sheet:
    """14: each array of a network beside its measured slopes; one rule takes a mean where a sum should be."""
    rng = np.random.default_rng(0)
    parameters = [p + 0.3 * rng.normal(size=p.shape) for p in _network((4, 5, 3))]
    x, y = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)

    def loss(at: Parameters) -> float:
        return float(closed_form.cross_entropy(closed_form.forward(at, x), y)[0])

    given, _ = closed_form.backward(parameters, x, closed_form.cross_entropy(closed_form.forward(parameters, x), y)[1])
    given[1] = given[1] / len(x)
    shares = []
    for k, array in enumerate(parameters):
        measured = np.empty_like(array)
        for place in np.ndindex(array.shape):
            ends = []
            for sign in (1, -1):
                moved = [p.copy() for p in parameters]
                moved[k][place] += sign * 1e-5
                ends.append(loss(moved))
            measured[place] = (ends[0] - ends[1]) / 2e-5
        sizes = (np.linalg.norm(given[k] - measured), np.linalg.norm(given[k]) + np.linalg.norm(measured))
        shares.append(float(sizes[0] / sizes[1]))
    sheet = Sheet(190)
    axes = Axes(sheet, (50, 14, 300, 142), (1e-9, 1), (0, 4), log_x=True)
    axes.frame({10.0**k: f"1e{k}" if k else "1" for k in (-9, -6, -3, 0)}, {}, "|a - n| / (|a| + |n|)")
    band, top = axes.at(1e-7, 0)[0], 10
    sheet.box(band, top, axes.at(1e-3, 0)[0] - band, axes.bottom - top, BAND, opacity=0.35)
    sheet.text(axes.at(1e-5, 0)[0], 24, "any tolerance", SOFT, 10, "middle")
    for k, (name, share) in enumerate(zip(("dW1", "db1", "dW2", "db2"), shares)):
        down = 36 + 27 * k
        end = axes.at(max(share, 1.6e-9), 0)[0]
        sheet.text(44, down + 11, name, INK, 12, "end", bold=True)
        sheet.box(50, down, end - 50, 15, SECOND if share > 1e-3 else FIRST, round_by=2)
        sheet.text(end + 6, down + 11.5, f"{share:.2f}" if share > 1e-3 else "below 1e-9", INK, 11)
    sheet.line([(50, 30), (50, axes.bottom)], RULE, 1)
    return sheet


#: Stage -> name of the file -> what draws it, given the folder of the images.
FIGURES: dict[str, dict[str, Callable[[Path], Sheet]]] = {
    "08_sgd": {"rates": rates},
    "09_minibatches": {"fan": fan},
    "10_training_loop": {"losses": loss_in_epochs},
    "11_overfit": {"by_heart": by_heart},
    "12_mnist": {"digits": digits, "confusion": confusion},
    "13_experiments": {"three_endings": three_endings},
    "14_faults": {"fault": fault},
}
