"""Plots: learning curves, gradients against slopes, softmax as logits grow.

Each function returns an SVG element whose ids begin with KEY, described by the element KEY-finding of its page.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from grader.report.api import BAND, DASHES, EDGE, FIRST, OFF, SECOND, THIRD, Curves, Dash, element, new_figure, style

from . import pixels
from .findings import off_diagonal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Lines(Protocol):
    """Lines in one pair of axes: experiments.Figure."""

    @property
    def title(self) -> str: ...
    @property
    def finding(self) -> str: ...
    @property
    def axes(self) -> tuple[str, str]: ...
    @property
    def lines(self) -> Mapping[str, tuple[Sequence[float], Sequence[float]]]: ...
    @property
    def flat(self) -> Mapping[str, float]: ...
    @property
    def log_x(self) -> bool: ...


_MANY_NATS = 100.0  # guessing costs 2.3
_kept = threading.local()  #: the figures of the curves: to make one anew takes longer than to draw it
#: Of the two parts of a training: what it is called, its colour and its dash.
_PARTS = {"train": ("training", SECOND, DASHES[1]), "val": ("validation", FIRST, DASHES[0])}


def learning_curves(curves: Curves) -> str:
    """Loss and accuracy by epoch, the learner's lines on the reference's band."""
    with style():
        panels = _loss_and_accuracy()
        for axes, kind in zip(panels, ("loss", "acc"), strict=True):
            for part, (label, colour, dash) in _PARTS.items():
                name = f"{part}_{kind}"
                if name in curves.band:
                    low, high = (np.array(side) for side in curves.band[name])
                    epochs, span = np.arange(1, len(low) + 1), f"reference, {label}"
                    axes.fill_between(epochs, low, high, color=colour, alpha=0.35, linewidth=0, label=span)
                _line(axes, curves.history.get(name, []), colour, dash, label, marker=True)
        if curves.goal is not None:
            panels[1].axhline(curves.goal, color=THIRD, linewidth=1, linestyle=DASHES[2])
            panels[1].annotate(f"goal {curves.goal:.0%}", (1, curves.goal), xytext=(0, -3), textcoords="offset points",
                               xycoords=("axes fraction", "data"), ha="right", va="top", color=THIRD, fontsize=8.5)  # fmt: skip
        return _side_by_side(panels)


def two_trainings(ours: Curves, theirs: Curves) -> str:
    """Loss and accuracy of two trainings by epoch: one colour a side, full lines for validation, dashed for training."""
    with style():
        panels = _loss_and_accuracy()
        for axes, kind in zip(panels, ("loss", "acc"), strict=True):
            for side, colour, who in ((theirs, SECOND, "reference"), (ours, FIRST, "submission")):
                for part, (name, _, dash) in _PARTS.items():
                    _line(axes, side.history.get(f"{part}_{kind}", []), colour, dash, f"{who}, {name}")
        return _side_by_side(panels)


def lines(shown: "Lines") -> str:
    """The lines of an experiments.Figure in one pair of axes, told apart by colour and by dash."""
    with style():
        figure = new_figure(4.6, 3.0 + 0.2 * (-(-(len(shown.lines) + len(shown.flat)) // 2)))
        draw_lines(figure, shown, (FIRST, SECOND, THIRD), EDGE, below=True)
        return element(figure)


def draw_lines(figure: "Figure", shown: Lines, colours: Sequence[str], edge: str, below: bool = False) -> None:
    """The same on any figure of matplotlib, in any colours, with the names of the lines beside them or below."""
    axes = figure.subplots()
    for k, (label, (x, y)) in enumerate(shown.lines.items()):
        place, colour = np.arange(len(x)), colours[k % len(colours)]
        finite = place[np.isfinite(y)]
        dash = DASHES[k % len(DASHES)]
        marker = "o" if len(x) <= 12 else ""
        axes.plot(
            np.array(x)[finite], np.array(y)[finite], color=colour, linestyle=dash, marker=marker, markersize=3.5, label=label
        )
    for label, value in shown.flat.items():
        axes.axhline(value, color=edge, linewidth=1, linestyle=DASHES[2], label=label)
    if shown.log_x:
        axes.set_xscale("log")
    else:
        axes.locator_params("x", integer=True)
    axes.set(xlabel=shown.axes[0], ylabel=shown.axes[1])
    if below:
        if shown.axes[1].endswith("accuracy"):
            axes.set_ylabel(f"{shown.axes[1]}, %")
            axes.yaxis.set_major_formatter(_in_percent)
        return _legend_below(figure, axes)
    figure.subplots_adjust(left=0.1, right=0.71, top=0.95, bottom=0.14)
    if len(shown.lines) + len(shown.flat) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5, handlelength=2.6)


def _line(axes: "Axes", values: list[float], colour: str, dash: Dash, label: str, marker: bool = False) -> None:
    """One number an epoch as a line, a single one as a point; nothing if none is finite."""
    if np.isfinite(values).any():
        point = "o" if marker and len(values) == 1 else ""
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, color=colour, linestyle=dash, marker=point, label=label)


def _loss_and_accuracy() -> "list[Axes]":
    """Two figures' empty axes, both over the epochs. Whoever draws many gets the same ones again, emptied."""
    panels: list[Axes] | None = getattr(_kept, "panels", None)
    if panels is not None:
        for axes in panels:
            for artist in (*axes.lines, *axes.collections, *axes.texts, *axes.figure.legends):
                artist.remove()
            axes.relim()
            axes.autoscale()
            axes.set_prop_cycle(None)
        return panels
    panels = _kept.panels = [new_figure(3.7, 2.75).subplots() for _ in range(2)]
    for axes, title in zip(panels, ("Loss, nats per example", "Accuracy, %"), strict=True):
        # Places that are told need not be found by laying every text out first.
        axes.set_title(title, pad=9, y=1.0)
        axes.set_xlabel("epoch")
        axes.xaxis.set_label_coords(0.5, -0.163)
        axes.yaxis.set_label_coords(-0.1, 0.5)
        axes.locator_params("x", integer=True)
    panels[1].yaxis.set_major_formatter(_in_percent)
    return panels


def _in_percent(share: float, _: object) -> str:
    return f"{100 * share:g}"


def _side_by_side(panels: "Sequence[Axes]") -> str:
    """The drawings of both, each with its legend: on a narrow page one stands below the other."""
    figures = [cast("Figure", axes.figure) for axes in panels]
    losses = np.concatenate([np.array(line.get_ydata(), float) for line in panels[0].lines] or [np.zeros(1)])
    diverged = losses[np.isfinite(losses)].max(initial=0.0) > _MANY_NATS
    panels[0].set_yscale("log" if diverged else "linear")  # else the rest of the curve lies on the axis
    for figure, axes in zip(figures, panels, strict=True):
        _legend_below(figure, axes)
    return "".join(element(figure, part) for part, figure in enumerate(figures))


def _legend_below(figure: "Figure", axes: "Axes") -> None:
    """What the lines are called, in two columns below the axes, with as much room as they take."""
    names = axes.get_legend_handles_labels()
    rows = -(-len(names[1]) // 2) if len(names[1]) > 1 else 0
    width, height = figure.get_size_inches()
    above, below = 0.38 if axes.get_title("left") else 0.1, 0.52 + 0.19 * rows
    figure.subplots_adjust(left=0.5 / width, right=0.985, top=1 - above / height, bottom=below / height)
    if rows:
        figure.legend(*names, loc="lower left", bbox_to_anchor=(0.2 / width, -0.02), ncols=2, frameon=False, fontsize=8.5,
                      handlelength=2.2, columnspacing=1.2)  # fmt: skip


def gradients(pairs: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> str:
    """For each gradient a drawing: analytic against numeric with the diagonal, and below it the error of each entry.

    pairs : (name, analytic, numeric), arrays of one shape; the first four are drawn
    """
    with style():
        return "".join(element(_gradient(*pair), part) for part, pair in enumerate(pairs[:4]))


def _gradient(name: str, analytic: np.ndarray, numeric: np.ndarray) -> "Figure":
    figure = new_figure(2.2, 4.0)
    above, below = figure.subplots(2, 1, gridspec_kw={"height_ratios": [1, 0.8]})
    _scatter(above, name, analytic, numeric)
    _error_map(below, analytic, numeric)
    figure.subplots_adjust(left=0.27, right=0.97, top=0.93, bottom=0.05, hspace=0.42)
    return figure


def _scatter(axes: "Axes", name: str, analytic: np.ndarray, numeric: np.ndarray) -> None:
    a, n = analytic.ravel().astype(float), numeric.ravel().astype(float)
    finite = np.isfinite(a) & np.isfinite(n)
    a, n = _thinned(a[finite], n[finite])
    near = ~off_diagonal(a, n)
    most = max(np.abs(np.concatenate([a, n])).max(initial=0.0), 1e-12) * 1.12
    axes.plot([-most, most], [-most, most], color=EDGE, linewidth=0.9, linestyle=DASHES[1])
    axes.plot(n[near], a[near], "o", color=FIRST, markersize=3.4, markeredgewidth=0, alpha=0.8)
    axes.plot(n[~near], a[~near], "x", color=OFF, markersize=4.6, markeredgewidth=1.3)
    axes.set(xlim=(-most, most), ylim=(-most, most), aspect="equal")
    axes.grid(False)
    axes.locator_params(nbins=3)
    axes.set_title(name, pad=6)
    axes.set_xlabel("measured slope", labelpad=2)
    axes.set_ylabel("your gradient", labelpad=2)


def _thinned(a: np.ndarray, b: np.ndarray, most: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` pairs: those that differ most, then evenly spaced ones."""
    if len(a) <= most:
        return a, b
    order = np.argsort(-np.abs(a - b), kind="stable")
    rest = order[most // 2 :]
    kept = np.concatenate([order[: most // 2], rest[:: max(1, len(rest) // (most // 2))][: most // 2]])
    return a[kept], b[kept]


def _error_map(axes: "Axes", analytic: np.ndarray, numeric: np.ndarray) -> None:
    error = np.atleast_2d((analytic - numeric).astype(float))
    error = error.reshape(-1, error.shape[-1])
    unmeasured = np.isnan(np.atleast_2d(numeric)).reshape(error.shape)
    error = np.where(unmeasured, 0.0, error)
    while error.shape[0] > 64 or error.shape[1] > 64:  # keep the largest of each block, whose place still shows
        error, unmeasured = _coarser(error), np.zeros(1, bool)
    # Errors no larger than rounding stay blank: the scale begins at a thousandth of the largest slope.
    scale = max(
        np.nanmax(np.abs(np.where(np.isfinite(error), error, 0.0))), 1e-3 * float(np.nanmax(np.abs(numeric), initial=0.0)), 1e-12
    )
    indices, palette = pixels.signed(error, scale)
    axes.imshow(palette[indices], interpolation="nearest", aspect="equal" if min(error.shape) > 1 else "auto")
    broken = np.argwhere(~np.isfinite(error) & ~unmeasured)
    if len(broken):
        axes.plot(broken[:, 1], broken[:, 0], "x", color=OFF, markersize=4)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.set_xlabel(
        f"largest error {np.nanmax(np.abs(error)):.1g}" if np.isfinite(error).any() else "no finite entry", labelpad=4
    )
    axes.set_ylabel("error by entry", labelpad=4)


def _coarser(error: np.ndarray) -> np.ndarray:
    height, width = (-(-size // 2) * 2 for size in error.shape)
    padded = np.zeros((height, width))
    padded[: error.shape[0], : error.shape[1]] = error
    blocks = padded.reshape(height // 2, 2, width // 2, 2).swapaxes(1, 2).reshape(height // 2, width // 2, 4)
    return np.take_along_axis(blocks, np.nan_to_num(np.abs(blocks), nan=np.inf).argmax(-1)[..., None], -1)[..., 0]


def softmax_growth(scale: np.ndarray, given: np.ndarray, expected: np.ndarray | None) -> str:
    """What softmax returns, class by class, as one row of logits is multiplied by ever larger numbers.

    scale : (S,)    given, expected : (S, C), C <= 6 are drawn
    """
    with style():
        figure = new_figure(4.6, 3.1)
        axes = figure.subplots()
        colours = [FIRST, SECOND, THIRD]
        for c, should in enumerate(expected.T[:6] if expected is not None else ()):
            label = "should be" if c == 0 else None
            axes.plot(scale, should, color=BAND, linewidth=5, solid_capstyle="round", label=label)
        for c, came in enumerate(given.T[:6]):
            colour, dash = colours[c % 3], DASHES[c % 4]
            axes.plot(scale, came, color=colour, linestyle=dash, marker="o", markersize=3, label=f"class {c}")
        broken = ~np.isfinite(given).all(axis=1)
        if broken.any():
            start = scale[broken].min()
            axes.axvspan(start, scale.max(), color=OFF, alpha=0.12, linewidth=0)
            axes.annotate("nan from here", (start, 0.5), xytext=(-4, 0), textcoords="offset points", ha="right",
                          color=OFF, fontsize=9)  # fmt: skip
        if scale.min() > 0 and scale.max() / scale.min() > 50:
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axes.minorticks_off()
        finite = given[np.isfinite(given)]
        low, high = (min(0.0, finite.min(initial=0.0)), max(1.0, finite.max(initial=1.0)))
        axes.set(xlabel="the logits, times", ylim=(low - 0.05 * (high - low), high + 0.05 * (high - low)))
        _legend_below(figure, axes)
        return element(figure)
