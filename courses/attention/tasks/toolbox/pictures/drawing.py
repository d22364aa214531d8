"""Drawings by hand, in the page's own colours: heat maps, points against a diagonal, one line."""

from collections.abc import Sequence

import numpy as np

from grader.report.api import KEY, Markup, number

#: Title, weights, and what stands at rows and columns (numbers, if nothing is said).
Map = tuple[str, np.ndarray, Sequence[str] | None, Sequence[str] | None]
_CELL, _LEFT, _TOP, _GAP = 30, 26, 44, 24
_MOST_NUMBERED = 7  #: columns of a map whose cells have their numbers in them


def svg(width: float, height: float, inside: str) -> Markup:
    """A drawing of that size, described by its finding."""
    return Markup(
        f'<svg class="plot sketch" viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{KEY}-finding" '
        f'style="--width:{width * 1.1:g}px">{inside}</svg>'
    )


def _text(x: float, y: float, text: str, colour: str = "ink", anchor: str = "middle", size: int = 13) -> str:
    escaped = Markup.escape(text)
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" fill="var(--{colour})">{escaped}</text>'


def heat_maps(maps: Sequence[Map]) -> Markup:
    """Weights as cells, the fuller the larger, one map beside another."""
    return svg(*laid_out(maps))


def laid_out(maps: Sequence[Map]) -> tuple[float, float, str]:
    """Width, height and elements of some maps."""
    parts, x = [], 0.0
    for title, weights, rows, columns in maps:
        parts.append(_heat_map(x, title, weights, rows, columns))
        x += _LEFT + _CELL * weights.shape[1] + _GAP
    height = _TOP + _CELL * max(weights.shape[0] for _, weights, _, _ in maps) + 4
    return x - _GAP + 2, height, "".join(parts)


def _heat_map(x: float, title: str, weights: np.ndarray, rows: Sequence[str] | None, columns: Sequence[str] | None) -> str:
    height, width = weights.shape
    left, numbered = x + _LEFT, width <= _MOST_NUMBERED
    parts = [_text(left, 14, title, anchor="start")]
    parts += [_text(left + _CELL * (j + 0.5), 36, columns[j] if columns else str(j), "soft") for j in range(width)]
    for i in range(height):
        y = _TOP + _CELL * i
        parts.append(_text(left - 8, y + 20, rows[i] if rows else str(i), "soft", "end"))
        parts += [_cell(left + _CELL * j, y, float(weights[i, j]), numbered) for j in range(width)]
    return "".join(parts)


def _cell(x: float, y: float, weight: float, numbered: bool) -> str:
    """One weight; with its number in it the colour stays so light that the number can be read."""
    full = min(max(weight, 0.0), 1.0) if np.isfinite(weight) else 0.0
    colour = "fail" if not np.isfinite(weight) or weight < 0 else "series-1"
    opacity = (0.45 if numbered else 1.0) * (full if colour == "series-1" else 0.6)
    box = f'<rect x="{x:g}" y="{y:g}" width="{_CELL - 2}" height="{_CELL - 2}" rx="3"'
    cell = f'{box} fill="var(--sheet)" stroke="var(--rule)"/>{box} fill="var(--{colour})" opacity="{opacity:.2f}"/>'
    return cell + (_text(x + _CELL / 2 - 1, y + 18, _short(weight), size=11) if numbered else "")


def _short(weight: float) -> str:
    return f"{weight:.2f}".replace("0.", ".", 1) if 0 < abs(weight) < 0.995 else number(weight, 2)


def scatters(pairs: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> Markup:
    """Computed (upwards) against measured (to the right), one square a gradient, each with its diagonal."""
    side, gap = 150.0, 34.0
    parts = [_scatter(k * (side + gap) + 4, side, *pair) for k, pair in enumerate(pairs)]
    return svg(len(pairs) * (side + gap) - gap + 8, side + 58, "".join(parts))


def _scatter(x: float, side: float, name: str, analytic: np.ndarray, numeric: np.ndarray) -> str:
    finite = np.isfinite(analytic) & np.isfinite(numeric)
    a, n = analytic[finite], numeric[finite]
    most = 1.1 * max(np.abs(a).max(initial=0.0), np.abs(n).max(initial=0.0), 1e-12)
    places = zip(x + side * (n / most + 1) / 2, 24 + side * (1 - a / most) / 2)
    dots = "".join(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in places)
    frame = f'<rect x="{x:g}" y="24" width="{side:g}" height="{side:g}" fill="none" stroke="var(--rule)"/>'
    diagonal = f'<path d="M{x:g} {24 + side:g}L{x + side:g} 24" stroke="var(--edge)"/>'
    names = _text(x, 14, name, anchor="start") + _text(x + side / 2, side + 42, "measured", "soft")
    return f'{frame}{diagonal}<g fill="var(--series-1)" opacity="0.8">{dots}</g>{names}'


def line(values: np.ndarray) -> Markup:
    """One number a batch, on a logarithmic axis from the smallest to the largest power of ten."""
    width, height, left = 440.0, 190.0, 46.0
    shown = [(k, float(v)) for k, v in enumerate(values) if np.isfinite(v) and v > 0]
    logs = [np.log10(v) for _, v in shown] or [0.0]
    low, high = np.floor(min(logs)), max(np.ceil(max(logs)), np.floor(min(logs)) + 1)
    across = (width - left - 6) / max(len(values) - 1, 1)
    points = [(left + across * k, 8 + height * (high - np.log10(v)) / (high - low)) for k, v in shown]
    parts = []
    for power in range(int(low), int(high) + 1):
        y = 8 + height * (high - power) / (high - low)
        parts.append(f'<path d="M{left:g} {y:.1f}H{width - 6:g}" stroke="var(--rule)"/>')
        parts.append(_text(left - 6, y + 4.5, f"{10.0**power:g}", "soft", "end"))
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{way}" fill="none" stroke="var(--series-1)" stroke-width="2"/>')
    parts.append(_text((left + width) / 2, height + 30, f"batch 1 to {len(values)}; loss in nats per letter", "soft"))
    return svg(width, height + 38, "".join(parts))
