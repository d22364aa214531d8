"""What a picture shows, in a sentence or two: its text alternative and its caption."""

import math
from collections.abc import Sequence

import numpy as np

from grader.report.api import Curves, listed, plural


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def learning_curves(curves: Curves) -> str:
    """How loss and accuracy moved, where they end, and how that lies to the reference's range and the goal."""
    parts = []
    accuracy = [x for x in curves.history.get("val_acc", []) if math.isfinite(x)]
    if accuracy:
        first, last = accuracy[0], accuracy[-1]
        moved = "rises" if last > first + 0.002 else "falls" if last < first - 0.002 else "stays"
        way = f"{moved} from {percent(first)} to {percent(last)}" if moved != "stays" else f"stays near {percent(last)}"
        parts.append(
            f"Validation accuracy {way} in {plural(len(accuracy), 'epoch')}"
            + f"{_against_band(curves, last)}{_against_goal(curves, last)}."
        )
    losses = {part: list(curves.history.get(f"{part}_loss", [])) for part in ("train", "val")}
    ends = [
        f"{name} loss at {values[-1]:.3g}"
        for name, values in (("training", losses["train"]), ("validation", losses["val"]))
        if values
    ]
    if ends:
        gap = _gap(losses["train"], losses["val"])
        sentence = " and ".join(ends)
        parts.append(f"{sentence[0].upper()}{sentence[1:]}{gap}.")
    return " ".join(parts)


def _against_band(curves: Curves, last: float) -> str:
    if "val_acc" not in curves.band:
        return ""
    low, high = (side[-1] for side in curves.band["val_acc"])
    span = f"the reference ends between {percent(low)} and {percent(high)}"
    return f"; {span}"


def _against_goal(curves: Curves, last: float) -> str:
    if curves.goal is None:
        return ""
    return f"; the goal of {curves.goal:.0%} is {'reached' if last >= curves.goal else 'not reached'}".replace("%", " %")


def _gap(train: list[float], val: list[float]) -> str:
    """Whether the validation loss has turned upwards while the training loss still falls."""
    if any(not math.isfinite(x) for x in [*train, *val]):
        return "; some of these numbers are not finite"
    if len(val) > 3 and len(train) > 3 and val[-1] > 1.1 * min(val) and train[-1] < train[len(train) // 2]:
        return f"; the validation loss was lowest after epoch {val.index(min(val)) + 1} and has risen since"
    return ""


def off_diagonal(analytic: np.ndarray, numeric: np.ndarray) -> np.ndarray:
    """Which entries of a gradient are not the slope that was measured; nan in `numeric` was not measured."""
    with np.errstate(invalid="ignore"):
        near = np.abs(analytic - numeric) <= 1e-4 * np.maximum(np.abs(analytic), np.abs(numeric)) + 1e-9
    off: np.ndarray = ~near & ~np.isnan(numeric)
    return off


def gradients(pairs: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> str:
    """Which gradients lie on the diagonal, and for the others how many entries do not and where the worst is."""
    good, bad = [], []
    for name, analytic, numeric in pairs:
        a, n = np.atleast_1d(analytic).astype(float), np.atleast_1d(numeric).astype(float)
        off = off_diagonal(a, n)
        if not off.any():
            good.append(name)
            continue
        error = np.where(off, np.nan_to_num(np.abs(a - n), nan=np.inf), -1.0)
        worst = np.unravel_index(int(np.argmax(error)), a.shape)
        place = "[" + ", ".join(map(str, worst)) + "]"
        count = f"{off.sum()} of {(~np.isnan(n)).sum()} entries lie off it"
        bad.append(f"In {name}, {count}; the furthest is {place}: {a[worst]:.3g} where the slope is {n[worst]:.3g}.")
    on = "On the diagonal, computed and measured gradient would agree."
    if good:
        lie = "lies" if len(good) == 1 else "lie"
        on = f"{listed(good)} {lie} on the diagonal: computed and measured gradient agree."
    return " ".join([on, *bad])


def _short(value: float) -> str:
    """Three digits, written out: 562.341 -> 562, 1000 -> 1000."""
    return f"{float(f'{value:.3g}'):g}"


def softmax_growth(scale: np.ndarray, given: np.ndarray, expected: np.ndarray | None) -> str:
    """Up to where the values are finite, and what they should become."""
    broken = ~np.isfinite(given).all(axis=1)
    goal = ""
    if expected is not None:
        last = expected[-1]
        goal = f" They should stay finite and go to {', '.join(f'{x:.3g}' for x in last[:6])}."
    if not broken.any():
        sums = given.sum(axis=1)
        off = np.abs(sums - 1) > 1e-6
        start = f"Every value is finite up to logits times {_short(scale[-1])}"
        return start + (f", but from {_short(scale[off][0])} on the row sums to {sums[off][0]:.4g}." if off.any() else ".") + goal
    kind = "nan" if np.isnan(given[broken]).any() else "inf"
    before = (
        f"The probabilities are finite up to logits times {_short(scale[~broken].max())}; from" if (~broken).any() else "From"
    )
    return f"{before} {_short(scale[broken].min())} on there is {kind}.{goal}"


def confusion(counts: np.ndarray) -> str:
    """The most frequent confusions, and the digit that is read least well."""
    mistakes = counts * ~np.eye(len(counts), dtype=bool)
    total, right = int(counts.sum()), int(np.trace(counts))
    if not mistakes.sum():
        return f"All {total} digits are read as what they are."
    order = np.argsort(-mistakes, axis=None, kind="stable")[:2]
    pairs = [divmod(int(k), len(counts)) for k in order if mistakes.flat[k] > 0]
    named = [f"{i} read as {j} ({plural(int(counts[i, j]), 'time')} of {int(counts[i].sum())})" for i, j in pairs]
    share = np.diag(counts) / np.maximum(counts.sum(axis=1), 1)
    present = counts.sum(axis=1) > 0
    least = int(np.argmin(np.where(present, share, 2.0)))
    start = f"{right} of {total} validation digits are read right. Most often confused: {listed(named)}."
    return f"{start} The hardest digit is {least}: {percent(share[least])} are read."


def mistakes(true: np.ndarray, said: np.ndarray, confidence: np.ndarray) -> str:
    first = f"a {true[0]} that was read as {said[0]} with a probability of {percent(float(confidence[0]))}"
    return f"The mistakes made with most confidence: first {first}. How many of them would you have read otherwise?"


def weights(layers: Sequence[np.ndarray]) -> str:
    """How alike neighbouring weights are, before training if that is known, and after it.

    layers : (784, H) each
    """
    if not np.nan_to_num(layers[-1]).any():
        return f"All weights of these {layers[-1].shape[1]} units are zero: nothing of the image reaches the network."
    alike = [neighbours(layer) for layer in layers]
    start = (
        f"The {layers[-1].shape[1]} units with the largest weights, each as the image of its weights, smoothed a little: "
        "blue-green speaks for the unit, orange against it."
    )
    if len(alike) == 1:
        return f"{start} The correlation of weights side by side is {alike[0]:.2f}."
    return f"{start} The correlation of weights side by side was {alike[0]:.2f} before training; now it is {alike[1]:.2f}."


def neighbours(columns: np.ndarray) -> float:
    """Correlation of each weight with the one to its right; 0 where that means nothing.

    columns : (784, H)
    """
    tiles = np.nan_to_num(columns.astype(float)).T.reshape(-1, 28, 28)
    left, right = tiles[:, :, :-1].ravel(), tiles[:, :, 1:].ravel()
    return float(np.corrcoef(left, right)[0, 1]) if left.std() and right.std() else 0.0
