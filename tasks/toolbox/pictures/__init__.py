"""What the report of this course draws: which evidence becomes which picture, each with the sentence that it shows.

`of_check`, `of_training` and `of_two_trainings` are what the report asks for; `plotted` tells it early that a plot is due.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from grader.report.api import Arrays, Cell, Curves, Markup, Report, Tile, ValueTable, Wanted, largest, number, shades

from . import beginning, figures, findings, pixels

MISTAKEN = ("mistake_images", "mistake_true", "mistake_said", "mistake_confidence")
#: Roles that become a plot: of failures, and of every training.
_OF_FAILURES, _OF_ALL = ("analytic", "softmax"), ("history:",)


def plotted(failed: bool, roles: Iterable[str]) -> bool:
    """Whether a plot is drawn of a check's evidence."""
    return any(role.startswith(_OF_ALL + _OF_FAILURES if failed else _OF_ALL) for role in roles)


def of_beginning(report: Report) -> list[Wanted]:
    """The pictures of who asked for the whole course and has not written anything yet; none for anybody else."""
    states = {check.state for stage in report.stages for check in stage.checks}
    return beginning.pictures() if "todo" in states <= {"todo", "blocked"} and not report.extra.stages_named else []


def of_training(curves: Curves) -> Wanted:
    """The learning curves of a training."""
    shows = [(name, np.array(values)) for name, values in curves.history.items()]
    shows += [(f"band {name}", np.array(span)) for name, span in curves.band.items()]
    shows.append(("goal", np.array([curves.goal if curves.goal is not None else np.nan])))
    finding = findings.learning_curves(curves)
    return Wanted("Learning curves", finding, lambda: figures.learning_curves(curves), tuple(shows))


def of_two_trainings(ours: Curves, theirs: Curves) -> Wanted:
    """The curves of a submission and of the reference in one plot."""
    ends = [findings.percent(curves.history.get("val_acc", [float("nan")])[-1]) for curves in (ours, theirs)]
    finding = f"Validation accuracy ends at {ends[0]}, the reference's at {ends[1]}."
    return Wanted("Learning curves", finding, lambda: figures.two_trainings(ours, theirs))


def of_experiment(shown: Iterable[figures.Lines]) -> list[Wanted]:
    """The figures of an experiment: experiments.Figure."""
    return [_of_lines(figure) for figure in shown]


def _of_lines(figure: figures.Lines) -> Wanted:
    shows = [(f"{label} {side}", np.array(values)) for label, pair in figure.lines.items() for side, values in zip("xy", pair)]
    shows += [(label, np.array(value)) for label, value in figure.flat.items()]
    return Wanted(figure.title, figure.finding, lambda: figures.lines(figure), tuple(shows))


def of_check(failed: bool, arrays: Arrays) -> Iterator[Wanted]:
    """The pictures of one check's evidence, by its roles."""
    pairs = _telling(_pairs(arrays)) if failed else []
    if pairs:
        shows = tuple((f"{side} {name}", array) for name, *both in pairs for side, array in zip("an", both, strict=True))
        title = "Computed against measured gradient"
        yield Wanted(title, findings.gradients(pairs), lambda: figures.gradients(pairs), shows)
    scale, given, expected = (arrays.get(role) for role in ("scale", "softmax", "softmax_expected"))
    if failed and scale is not None and given is not None and given.ndim == 2 and scale.shape == given.shape[:1]:
        true = expected if expected is not None and expected.shape == given.shape else None
        shows = (("scale", scale), ("given", given), *((("true", true),) if true is not None else ()))
        finding = findings.softmax_growth(scale, given, true)
        yield Wanted("Softmax as the logits grow", finding, lambda: figures.softmax_growth(scale, given, true), shows)
    yield from _of_digits(arrays)


def _pairs(arrays: Arrays) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(name, analytic, numeric) for each pair of roles of one shape."""
    pairs = []
    for role, analytic in arrays.items():
        kind, _, name = role.partition(":")
        numeric = arrays.get(f"numeric:{name}" if name else "numeric")
        if kind == "analytic" and numeric is not None and numeric.shape == analytic.shape:
            pairs.append((name or "gradient", analytic, numeric))
    return pairs


def _telling(pairs: list[tuple[str, np.ndarray, np.ndarray]], most: int = 4) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """At most `most` of the pairs, by name: first those that disagree, and of those the ones with most entries."""
    best = sorted(pairs, key=lambda pair: (not findings.off_diagonal(pair[1], pair[2]).any(), -pair[1].size))[:most]
    return sorted(best, key=lambda pair: pair[0])


def _of_digits(arrays: Arrays) -> Iterator[Wanted]:
    """Pictures of the open validation set: confusions, mistakes, first-layer weights. None of them is a plot."""
    mistaken = [arrays[role] for role in MISTAKEN if role in arrays]
    if len(mistaken) == len(MISTAKEN) and mistaken[0].shape[1:] == (28, 28):
        images, true, said, confidence = mistaken
        rows = list(zip(images[:18], true.ravel(), said.ravel(), confidence.ravel(), strict=False))
        title, finding = "The most confident mistakes", findings.mistakes(true, said, confidence)
        yield Wanted(title, finding, make=lambda: {"tiles": [_digit(*row) for row in rows]})
    yield from _of_first_layer([arrays[role] for role in ("weights_before", "weights") if role in arrays])
    counts = arrays.get("confusion")
    if counts is not None and counts.shape == (10, 10) and counts.dtype.kind in "iu" and counts.sum() > 0:
        title, finding = "Confusion matrix", findings.confusion(counts)
        yield Wanted(title, finding, make=lambda: {"table": confusion(counts)})


def _of_first_layer(layers: list[np.ndarray]) -> Iterator[Wanted]:
    """The units with the largest weights, as they began if that is known, and as they are."""
    if layers and all(layer.ndim == 2 and layer.shape == (784, layers[-1].shape[-1]) for layer in layers):
        largest_first = np.argsort(-np.linalg.norm(np.nan_to_num(layers[-1].astype(float)), axis=0), kind="stable")[:16]
        shown = [layer[:, largest_first] for layer in layers]
        title, finding = "What the first layer looks for", findings.weights(shown)
        yield Wanted(title, finding, make=lambda: {"tiles": _before_and_after(shown)})


def _before_and_after(layers: list[np.ndarray]) -> list[Tile]:
    names = ["before training", "after it"][-len(layers) :]
    images = [pixels.data_uri(pixels.weights(layer)) for layer in layers]
    told = [(image, f"weights {name}", Markup("<b>{}</b>").format(name)) for image, name in zip(images, names, strict=True)]
    return [Tile(*each, pixels.SIDE) for each in told]


def _digit(image: np.ndarray, true: int, said: int, confidence: float) -> Tile:
    """One image with what it is and what it was taken for."""
    caption = Markup("<b>{}</b> read as <b>{}</b><br>{}").format(int(true), int(said), findings.percent(float(confidence)))
    return Tile(pixels.digit(image), f"a {int(true)}", caption)


def confusion(counts: np.ndarray) -> ValueTable:
    """A (10, 10) confusion matrix: shaded by mistakes, so that the diagonal does not outshine them."""
    mistakes = counts.astype(float) * ~np.eye(10, dtype=bool)
    shade = shades(-mistakes, largest(mistakes))
    diagonal = shades(np.eye(10), 3.0)
    cells = [[Cell(number(counts[i, j]), str(diagonal[i, j] if i == j else shade[i, j])) for j in range(10)] for i in range(10)]
    digits = [str(digit) for digit in range(10)]
    return ValueTable("rows: the true digit; columns: what the network said", cells, "", digits, digits)
