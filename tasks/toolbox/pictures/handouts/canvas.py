"""A sheet of SVG and a pair of axes on it, for the figures of the handouts: small files that follow light and dark.

A sheet is 360 units wide, the width of a phone, so that a text of 11 units is legible there. Colours are those of the
course's pages, by name; a file carries their values for whoever shows it alone. Coordinates have one decimal.
"""

from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np

from ..figures import Lines

WIDTH = 360.0
INK, SOFT, RULE, EDGE, BAND, SHEET, FAIL = (f"var(--{name})" for name in ("ink", "soft", "rule", "edge", "band", "sheet", "fail"))
FIRST, SECOND, THIRD = (f"var(--series-{k})" for k in (1, 2, 3))
DASHED, DOTTED = "5 3", "1.5 2.5"
_LIGHT = (
    "--ink:#23211d;--soft:#5b554b;--rule:#ddd5c5;--edge:#877c69;--band:#c9bfae;--sheet:#fffdf9;--fail:#b83a0b;"
    "--series-1:#0b7a75;--series-2:#c2571a;--series-3:#1d4f91"
)
_DARK = (
    "--ink:#e7e2d8;--soft:#b0aa9e;--rule:#383b3e;--edge:#85888b;--band:#55524b;--sheet:#1f2224;--fail:#ff9a68;"
    "--series-1:#5fc9bd;--series-2:#f2975a;--series-3:#93bdf2"
)
#: Where a file is shown alone, as on a page that draws it as an image. A page of the course leaves it out and has its own.
STYLE = f"<style>svg{{{_LIGHT}}}@media(prefers-color-scheme:dark){{svg{{{_DARK}}}}}</style>"

#: Colour and dash of the lines of a chart, in turn.
_LOOKS = [(FIRST, ""), (SECOND, DASHED), (THIRD, DOTTED), (INK, "8 3 2 3"), (FIRST, DOTTED), (SECOND, ""), (THIRD, DASHED)]

Point = tuple[float, float]


def _n(value: float) -> str:
    """A coordinate: one decimal, and no minus in front of nothing."""
    return f"{value + 0.0:.1f}".removesuffix(".0").replace("-0", "0" if abs(value) < 0.05 else "-0")


class Sheet:
    """What is drawn, in order. Units are about those of a screen; y grows downwards."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    def line(self, points: Iterable[Point], colour: str = INK, width: float = 1.8, dash: str = "") -> None:
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dashed = f";stroke-dasharray:{dash}" if dash else ""
        style = f"fill:none;stroke:{colour};stroke-width:{width:g}{dashed};stroke-linejoin:round"
        self._parts.append(f'<polyline points="{path}" style="{style}"/>')

    def arrow(self, start: Point, end: Point, colour: str = INK, width: float = 1.4, head: float = 4.5) -> None:
        """A line with a head at its end."""
        (x0, y0), (x1, y1) = start, end
        length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-9)
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        bx, by, wide = x1 - head * ux, y1 - head * uy, 0.45 * head
        self.line([start, (bx, by)], colour, width)
        corners = [end, (bx - wide * uy, by + wide * ux), (bx + wide * uy, by - wide * ux)]
        self.polygon(corners, colour)

    def polygon(self, corners: Iterable[Point], fill: str, opacity: float = 1.0) -> None:
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        faint = f";fill-opacity:{opacity:g}" if opacity < 1 else ""
        self._parts.append(f'<polygon points="{path}" style="fill:{fill}{faint}"/>')

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "none",
        edge: str = "none",
        round_by: float = 0,
        opacity: float = 1,
    ) -> None:
        faint = f";fill-opacity:{opacity:.2f}" if opacity < 1 else ""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(round_by)}" '
            f'style="fill:{fill};stroke:{edge}{faint}"/>'
        )

    def dot(self, x: float, y: float, colour: str = INK, radius: float = 3, opacity: float = 1) -> None:
        faint = f";fill-opacity:{opacity:g}" if opacity < 1 else ""
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{radius:g}" style="fill:{colour}{faint}"/>')

    def text(
        self, x: float, y: float, text: str, colour: str = INK, size: float = 11, anchor: str = "start", bold: bool = False
    ) -> None:
        heavy = ";font-weight:600" if bold else ""
        style = f"fill:{colour};font:{size:g}px var(--sans,system-ui,sans-serif){heavy};text-anchor:{anchor}"
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y)}" style="{style}">{escape(text)}</text>')

    def image(self, x: float, y: float, width: float, height: float, uri: str) -> None:
        """Pixels as they are, such as a handwritten digit."""
        place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
        self._parts.append(f'<image {place} style="image-rendering:pixelated" href="{uri}"/>')

    def svg(self) -> str:
        """The file."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}">'
        paper = f'<rect width="{self.width:g}" height="{self.height:g}" rx="6" style="fill:{SHEET}"/>'
        return "\n".join([head, STYLE, paper, *self._parts, "</svg>", ""])


class Axes:
    """A box on a sheet in which values have places.

    box   : left, top, right, bottom
    x, y  : the values at its edges
    log_x : places go by the logarithm
    """

    def __init__(self, sheet: Sheet, box: Sequence[float], x: Point, y: Point, log_x: bool = False, log_y: bool = False) -> None:
        self.sheet, self.log_x, self.log_y = sheet, log_x, log_y
        self.left, self.top, self.right, self.bottom = box
        self._x, self._y = (self._scaled(x, log_x), self._scaled(y, log_y))

    @staticmethod
    def _scaled(values: Iterable[float], log: bool) -> np.ndarray:
        array = np.asarray(list(values), dtype=float)
        return np.log10(array) if log else array

    def at(self, x: float, y: float) -> Point:
        """The place of a value; outside the box it stays at its edge."""
        (across,), (up,) = self._scaled([x], self.log_x), self._scaled([y], self.log_y)
        u, v = (across - self._x[0]) / (self._x[1] - self._x[0]), (up - self._y[0]) / (self._y[1] - self._y[0])
        u, v = float(np.clip(u, 0, 1)), float(np.clip(v, 0, 1))
        return self.left + u * (self.right - self.left), self.bottom - v * (self.bottom - self.top)

    def frame(self, x: Mapping[float, str], y: Mapping[float, str], x_title: str = "", y_title: str = "") -> None:
        """The axis below, a faint line at each value of y, and what they are called."""
        lowest = 10 ** self._y[0] if self.log_y else self._y[0]
        first = 10 ** self._x[0] if self.log_x else self._x[0]
        for value, label in y.items():
            height = self.at(first, value)[1]
            self.sheet.line([(self.left, height), (self.right, height)], RULE, 0.8)
            self.sheet.text(self.left - 5, height + 3.5, label, SOFT, 10, "end")
        self.sheet.line([(self.left, self.bottom), (self.right, self.bottom)], EDGE, 1)
        for value, label in x.items():
            place = self.at(value, lowest)[0]
            self.sheet.line([(place, self.bottom), (place, self.bottom + 3)], EDGE, 1)
            self.sheet.text(place, self.bottom + 14, label, SOFT, 10, "middle")
        if x_title:
            self.sheet.text((self.left + self.right) / 2, self.bottom + 29, x_title, SOFT, 11, "middle")
        if y_title:
            self.sheet.text(4, self.top - 9, y_title, SOFT, 11)

    def line(self, x: Iterable[float], y: Iterable[float], colour: str = INK, width: float = 1.8, dash: str = "") -> None:
        self.sheet.line([self.at(a, b) for a, b in zip(x, y)], colour, width, dash)

    def dots(self, x: Iterable[float], y: Iterable[float], colour: str, radius: float = 3, opacity: float = 1) -> None:
        for a, b in zip(x, y):
            self.sheet.dot(*self.at(a, b), colour, radius, opacity)

    def note(self, x: float, y: float, text: str, colour: str = INK, dx: float = 6, dy: float = 4, anchor: str = "start") -> None:
        """A text beside the place of a value."""
        across, down = self.at(x, y)
        self.sheet.text(across + dx, down + dy, text, colour, 11, anchor)


def chart(shown: Lines) -> Sheet:
    """Lines by name in one pair of axes, told apart by colour and dash; the names in a list below, two in a row."""
    known = [(float(a), float(b)) for x, y in shown.lines.values() for a, b in zip(x, y) if np.isfinite(b)]
    across = (min(a for a, _ in known), max(a for a, _ in known))
    ys = [*(b for _, b in known), *shown.flat.values()]
    low, high = min(0.0, *ys), max(ys) * 1.04
    names = len(shown.lines) + len(shown.flat)
    sheet = Sheet(216 + 17 * ((names + 1) // 2))
    axes = Axes(sheet, (40, 26, 340, 170), across, (low, high), log_x=shown.log_x)
    marks = _powers(*across) if shown.log_x else _round_values(*across)
    axes.frame({x: f"{x:g}" for x in marks}, {y: f"{y:g}" for y in _round_values(low, high)}, *shown.axes)
    flat = {name: (across, (value, value)) for name, value in shown.flat.items()}
    for k, (name, points) in enumerate([*shown.lines.items(), *flat.items()]):
        _named_line(axes, k, name, points, (EDGE, DOTTED) if name in flat else _LOOKS[k % len(_LOOKS)])
    return sheet


def _named_line(axes: Axes, k: int, name: str, points: tuple[Sequence[float], Sequence[float]], look: tuple[str, str]) -> None:
    """One line, and the k-th entry of the list below."""
    keep = [(a, b) for a, b in zip(*points) if np.isfinite(b)]
    axes.line([a for a, _ in keep], [b for _, b in keep], look[0], dash=look[1])
    left, down = (12 if k % 2 == 0 else 186), axes.bottom + 50 + 17 * (k // 2)
    axes.sheet.line([(left, down), (left + 24, down)], look[0], 1.8, look[1])
    axes.sheet.text(left + 30, down + 4, name, INK, 11)


def _powers(low: float, high: float) -> list[float]:
    """At most six powers of ten between two."""
    powers = [10.0**k for k in range(-20, 21) if low <= 10.0**k <= high]
    return powers[:: -(-len(powers) // 6)]


def _round_values(low: float, high: float) -> list[float]:
    """About five round numbers between two."""
    rough = (high - low) / 5
    unit = 10 ** float(np.floor(np.log10(rough)))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    return [k * step for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]
