"""Plots: learning curves, gradients against slopes, softmax as logits grow.

Each function returns an SVG element whose ids begin with KEY, described by the element KEY-finding of its page.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

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


_kept = threading.local()  #: the figure of the curves: to make one anew takes longer than to draw it


def learning_curves(curves: Curves) -> str:
    """Loss and accuracy by epoch, the learner's lines on the reference's band."""
    with style():
        figure, panels = _loss_and_accuracy()
        for axes, kind in zip(panels, ("loss", "acc"), strict=True):
            for part, colour, dash in (("train", SECOND, DASHES[1]), ("val", FIRST, DASHES[0])):
                name = f"{part}_{kind}"
                if name in curves.band:
                    low, high = (np.array(side) for side in curves.band[name])
                    axes.fill_between(np.arange(1, len(low) + 1), low, high, color=BAND, alpha=0.55, linewidth=0)
                label = "training" if part == "train" else "validation"
                _line(axes, curves.history.get(name, []), colour, dash, label, marker=True)
        if curves.goal is not None:
            panels[1].axhline(curves.goal, color=THIRD, linewidth=1, linestyle=DASHES[2])
            panels[1].annotate(f"goal {curves.goal:.0%}", (1, curves.goal), xytext=(0, -3), textcoords="offset points",
                               xycoords=("axes fraction", "data"), ha="right", va="top", color=THIRD, fontsize=8.5)  # fmt: skip
        _legend(figure, panels, bool(curves.band))
        return element(figure)


def two_trainings(ours: Curves, theirs: Curves) -> str:
    """Loss and accuracy of two trainings by epoch: one colour a side, full lines for validation, dashed for training."""
    with style():
        figure, panels = _loss_and_accuracy()
        for axes, kind in zip(panels, ("loss", "acc"), strict=True):
            for side, colour, who in ((theirs, SECOND, "reference"), (ours, FIRST, "submission")):
                for part, dash in (("train", DASHES[1]), ("val", DASHES[0])):
                    label = f"{who}, {'training' if part == 'train' else 'validation'}"
                    _line(axes, side.history.get(f"{part}_{kind}", []), colour, dash, label)
        _legend(figure, panels, band=False)
        return element(figure)


def lines(shown: "Lines") -> str:
    """The lines of an experiments.Figure in one pair of axes, told apart by colour and by dash."""
    with style():
        figure = new_figure(6.4, 3.4)
        draw_lines(figure, shown, (FIRST, SECOND, THIRD), EDGE)
        return element(figure)


def draw_lines(figure: "Figure", shown: Lines, colours: Sequence[str], edge: str) -> None:
    """The same on any figure of matplotlib, in any colours."""
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
    figure.subplots_adjust(left=0.1, right=0.71, top=0.95, bottom=0.14)
    if len(shown.lines) + len(shown.flat) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8.5, handlelength=2.6)


def _line(axes: "Axes", values: list[float], colour: str, dash: Dash, label: str, marker: bool = False) -> None:
    """One number an epoch as a line, a single one as a point; nothing if none is finite."""
    if np.isfinite(values).any():
        point = "o" if marker and len(values) == 1 else ""
        epochs = np.arange(1, len(values) + 1)
        axes.plot(epochs, values, color=colour, linestyle=dash, marker=point, label=label)


def _loss_and_accuracy() -> "tuple[Figure, list[Axes]]":
    """A figure with two empty panels, both over the epochs. Whoever draws many gets the same one again, emptied."""
    figure: Figure | None = getattr(_kept, "figure", None)
    if figure is not None:
        for axes in figure.axes:
            for artist in (*axes.lines, *axes.collections, *axes.texts):
                artist.remove()
            axes.relim()
            axes.autoscale()
            axes.set_prop_cycle(None)
        for legend in figure.legends[:]:
            legend.remove()
        return figure, figure.axes
    figure = _kept.figure = new_figure(7.2, 2.75)
    panels = list(figure.subplots(1, 2))
    for axes, title in zip(panels, ("Loss, nats per example", "Accuracy, %"), strict=True):
        # Places that are told need not be found by laying every text out first.
        axes.set_title(title, pad=9, y=1.0)
        axes.set_xlabel("epoch")
        axes.xaxis.set_label_coords(0.5, -0.163)
        axes.yaxis.set_label_coords(-0.1, 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
    panels[1].yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}")
    figure.subplots_adjust(left=0.07, right=0.985, top=0.86, bottom=0.27, wspace=0.2)
    return figure, panels


def _legend(figure: "Figure", panels: "list[Axes]", band: bool) -> None:
    """One legend below both panels."""
    handles, labels = max((axes.get_legend_handles_labels() for axes in panels), key=lambda pair: len(pair[1]))
    if band:
        from matplotlib.patches import Patch

        handles, labels = [*handles, Patch(facecolor=BAND, alpha=0.55)], [*labels, "the reference's range"]
    figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.055, -0.02), ncols=4, frameon=False, fontsize=9,
                  handlelength=2.4)  # fmt: skip


def gradients(pairs: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> str:
    """For each gradient: analytic against numeric with the diagonal, and below it the error of each entry.

    pairs : (name, analytic, numeric), arrays of one shape; the first four are drawn
    """
    pairs = pairs[:4]
    count = len(pairs)
    with style():
        figure = new_figure(max(2.05 * count, 2.6), 4.0)
        panels = figure.subplots(2, count, squeeze=False, gridspec_kw={"height_ratios": [1, 0.8]})
        for column, (name, analytic, numeric) in enumerate(pairs):
            _scatter(panels[0][column], name, analytic, numeric, first=column == 0)
            _error_map(panels[1][column], analytic, numeric, first=column == 0)
        left = 0.62 / figure.get_figwidth()
        figure.subplots_adjust(left=left, right=0.98, top=0.93, bottom=0.05, wspace=0.34, hspace=0.42)
        return element(figure)


def _scatter(axes: "Axes", name: str, analytic: np.ndarray, numeric: np.ndarray, first: bool) -> None:
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
    if first:
        axes.set_ylabel("your gradient", labelpad=2)


def _thinned(a: np.ndarray, b: np.ndarray, most: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` pairs: those that differ most, then evenly spaced ones."""
    if len(a) <= most:
        return a, b
    order = np.argsort(-np.abs(a - b), kind="stable")
    rest = order[most // 2 :]
    kept = np.concatenate([order[: most // 2], rest[:: max(1, len(rest) // (most // 2))][: most // 2]])
    return a[kept], b[kept]


def _error_map(axes: "Axes", analytic: np.ndarray, numeric: np.ndarray, first: bool) -> None:
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
    if first:
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
        figure = new_figure(6.4, 2.5)
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
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
        figure.subplots_adjust(left=0.075, right=0.81, top=0.96, bottom=0.19)
        return element(figure)
