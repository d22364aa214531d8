"""What the report of this course draws: where attention looks, gradients against slopes, the loss of a training.

All of it is drawn by hand as SVG (`drawing`): no plotting library is needed.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from grader.report.api import Arrays, Curves, Report, Wanted, listed

from ..texts import ALPHABET
from . import beginning, drawing


def plotted(failed: bool, roles: Iterable[str]) -> bool:
    """No picture of this course needs a plotting library."""
    return False


def of_beginning(report: Report) -> list[Wanted]:
    """For who asked for the whole course and has not written anything yet: how a trained network looks at a text."""
    states = {check.state for stage in report.stages for check in stage.checks}
    if report.extra.stages_named or not "todo" in states <= {"todo", "blocked"}:
        return []
    text, maps = beginning.stored()
    finding = (
        f"A network of this course while it copies {text!r}, after 120 batches. A row is the letter that is read, a column "
        f"one that it looks at. {_where_it_looks(maps, text)}"
    )
    return [_of_heads(maps, text, finding)]


def of_training(curves: Curves) -> Wanted:
    """The loss of a training, batch by batch."""
    losses = np.array(curves.history.get("train_loss", next(iter(curves.history.values()))))
    finite = losses[np.isfinite(losses)]
    finding = f"The loss falls from {finite[0]:.3g} to {finite[-1]:.3g} nats per letter in {len(losses)} batches."
    if len(finite) < len(losses):
        finding += f" {len(losses) - len(finite)} of the losses are not finite."
    elif finite[-1] >= finite[0]:
        finding = f"The loss does not fall: it is {finite[0]:.3g} nats per letter at first and {finite[-1]:.3g} at the end."
    return Wanted("Loss by batch", finding, make=lambda: {"svg": drawing.line(losses)})


def of_two_trainings(ours: Curves, theirs: Curves) -> Wanted:
    """The losses of a submission; the reference's end in words."""
    wanted = of_training(ours)
    end = list(theirs.history.get("train_loss", [float("nan")]))[-1]
    return wanted._replace(finding=f"{wanted.finding} The reference ends at {end:.3g}.")


def of_experiment(figures: Iterable[Any]) -> list[Wanted]:
    """This course has no experiments."""
    return []


def of_check(failed: bool, arrays: Arrays) -> Iterator[Wanted]:
    """The pictures of one check's evidence, by its roles."""
    given, expected = arrays.get("weights"), arrays.get("weights_expected")
    if failed and given is not None and expected is not None and given.shape == expected.shape and given.ndim == 2:
        yield _of_weights(given, expected)
    pairs = _pairs(arrays) if failed else []
    if pairs:
        finding = _of_pairs(pairs)
        yield Wanted("Computed against measured gradient", finding, make=lambda: {"svg": drawing.scatters(pairs)})
    heads = [arrays[f"head:{k}"] for k in range(1, 9) if f"head:{k}" in arrays]
    text = arrays.get("text")
    if heads and text is not None and text.ndim == 1 and all(one.shape == (len(text) - 1,) * 2 for one in heads):
        letters = "".join(ALPHABET[int(token) % len(ALPHABET)] for token in text)
        told = f"Where each head of your network looks while it copies {letters[:-1]!r}: a row is the letter that is read."
        yield _of_heads(heads, letters, f"{told} {_where_it_looks(heads, letters)}")
    elif failed and heads and all(one.ndim == 2 for one in heads):
        told = "Where each head should look in the first example: a row is a query, a column a key; each row sums to 1."
        maps = [(f"head {k}", one, None, None) for k, one in enumerate(heads)]
        yield Wanted("Where the heads look", told, make=lambda: {"svg": drawing.heat_maps(maps)})


def _of_weights(given: np.ndarray, expected: np.ndarray) -> Wanted:
    sums = given.sum(axis=1)
    off = [k for k in range(len(sums)) if not abs(sums[k] - 1) < 1e-6]
    told = "Weights of the first example: a row is a query, a column a key."
    if not np.isfinite(given).all():
        told += f" {int((~np.isfinite(given)).sum())} of yours are not finite."
    elif off:
        told += f" The row of query {off[0]} sums to {sums[off[0]]:.3g} instead of 1."
    else:
        worst = np.unravel_index(int(np.argmax(np.abs(given - expected))), given.shape)
        told += (
            f" Furthest off: query {worst[0]} looks at key {worst[1]} with {given[worst]:.3g} instead of {expected[worst]:.3g}."
        )
    maps = [("should be", expected, None, None), ("you gave", given, None, None)]
    return Wanted("Attention weights", told, make=lambda: {"svg": drawing.heat_maps(maps)})


def _of_heads(maps: list[np.ndarray], text: str, finding: str) -> Wanted:
    rows, columns = list(text[: len(maps[0])]), list(text[: maps[0].shape[1]])
    shown = [(f"head {k}", one, rows, columns) for k, one in enumerate(maps)]
    return Wanted("Where the network looks", finding, make=lambda: {"svg": drawing.heat_maps(shown)})


def _where_it_looks(maps: list[np.ndarray], text: str) -> str:
    """How much of the weight lies, in the second half, on the letter that is to be written next."""
    half = len(maps[0]) // 2
    rows = np.arange(half, 2 * half)
    share = max(float(one[rows, rows - half].mean()) for one in maps)
    goal = f"From {text[half]!r} on, {100 * share:.0f} % of the weight of one head lies on the letter that has to be written next"
    return f"{goal}: the slanted line." if share > 0.5 else f"{goal}: no slanted line yet."


def _pairs(arrays: Arrays, most: int = 4) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(name, analytic, numeric) of one shape each: those that disagree first."""
    pairs = []
    for role, analytic in arrays.items():
        kind, _, name = role.partition(":")
        numeric = arrays.get(f"numeric:{name}")
        if kind == "analytic" and numeric is not None and numeric.shape == analytic.shape:
            pairs.append((name, analytic.ravel().astype(float), numeric.ravel().astype(float)))
    return sorted(pairs, key=lambda pair: not _off(*pair[1:]).any())[:most]


def _off(analytic: np.ndarray, numeric: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        off: np.ndarray = ~(np.abs(analytic - numeric) <= 1e-4 * np.maximum(np.abs(analytic), np.abs(numeric)) + 1e-9)
    return off


def _of_pairs(pairs: list[tuple[str, np.ndarray, np.ndarray]]) -> str:
    good = [name for name, a, n in pairs if not _off(a, n).any()]
    parts = ["On the diagonal, computed and measured gradient agree."]
    parts += [f"{listed(good)} {'lies' if len(good) == 1 else 'lie'} on it."] if good else []
    parts += [f"In {name}, {int(_off(a, n).sum())} of {a.size} entries lie off it." for name, a, n in pairs if name not in good]
    return " ".join(parts)
