"""Plots of what a learner measures, as files: those of `make train` and `make check-gradients`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Plot(Protocol):
    """Lines in one pair of axes: own_training.Plot."""

    @property
    def file(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def axes(self) -> tuple[str, str]: ...
    @property
    def lines(self) -> Mapping[str, tuple[Sequence[float], Sequence[float]]]: ...
    @property
    def logarithmic(self) -> bool: ...


def save(plots: Iterable[Plot], out: Path, say: Callable[[str], None]) -> None:
    """Draw each plot into its file in a folder, and say so."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return say("plots need matplotlib: pip install matplotlib")
    for plot in plots:
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        for label, (x, y) in plot.lines.items():
            axes.plot(x, y, "o-", label=label, markersize=4)
        axes.set(xlabel=plot.axes[0], ylabel=plot.axes[1], title=plot.title)
        if plot.logarithmic:
            axes.set(xscale="log", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend()
        figure.savefig(out / plot.file, dpi=120)
        say(f"{out / plot.file} is drawn.")
