"""Drawings by hand, in the page's own colours: the network, and a few shares as bars. No plotting library is asked."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from grader.report.api import KEY, Markup

from . import pixels

_LINE = 22.0  # from one unit to the next
_COLUMNS = ((158, 9, "128 units"), (238, 7, "64 units"), (314, 10, "10 logits"))
_MIDDLE = 112.0


def svg(width: int, height: int, inside: str) -> Markup:
    """A drawing of that size, described by its finding."""
    return Markup(
        f'<svg class="plot sketch" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{KEY}-finding" '
        f'style="--width:{width * 1.25:g}px">{inside}</svg>'
    )


def network(png: str, shares: Sequence[float]) -> Markup:
    """784-128-64-10 with one image going in and the share of each class coming out.

    png    : base64
    shares : of the ten classes, summing to 1
    """
    units = [[(x, _MIDDLE + _LINE * (k - (count - 1) / 2)) for k in range(count)] for x, count, _ in _COLUMNS]
    pairs = [((88.0, _MIDDLE + 9 * (k - 4)), unit) for k, unit in enumerate(units[0])]
    pairs += [(a, b) for left, right in pairwise(units) for a in left for b in right]
    lines = "".join(f"M{a:g} {b:g}L{c:g} {d:g}" for (a, b), (c, d) in pairs)
    dots = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="6"/>' for column in units for x, y in column)
    said = max(range(len(shares)), key=shares.__getitem__)
    out = "".join(_share(digit, share, y, digit == said) for (digit, share), (_, y) in zip(enumerate(shares), units[-1]))
    names = (
        "".join(_text(x, 246, name) for x, _, name in _COLUMNS) + _text(44, 246, "784 pixels") + _text(391, 246, "probabilities")
    )
    steps = _text(112, 266, "01 Linear", "soft") + _text(198, 266, "02 ReLU", "soft") + _text(372, 266, "03 Softmax", "soft")
    back = (
        '<path d="M372 282H44m8 -5l-8 5l8 5" fill="none" stroke="var(--pen)" stroke-width="1.5"/>'
        + '<text x="208" y="300" text-anchor="middle" fill="var(--pen)" font-size="13">04, 05, 07: the gradient comes back</text>'
    )
    return svg(
        420,
        306,
        f'<path d="{lines}" stroke="var(--edge)" stroke-width="0.5" opacity="0.5"/>'
        f'<g fill="var(--sheet)" stroke="var(--series-1)" stroke-width="1.6">{dots}</g>'
        f'<rect x="2" y="{_MIDDLE - 42:g}" width="84" height="84" rx="4" fill="var(--sheet)" stroke="var(--rule)"/>'
        f'<image x="2" y="{_MIDDLE - 42:g}" width="84" height="84" href="{pixels.PNG}{png}"/>{out}{names}{steps}{back}',
    )


def _share(digit: int, share: float, y: float, said: bool) -> str:
    label = f'<text x="326" y="{y + 4.5:g}" font-size="13" fill="var(--{"ink" if said else "soft"})">{digit}</text>'
    bar = f'<rect x="340" y="{y - 5:g}" width="{max(1.0, 44 * share):.1f}" height="10" rx="2" fill="var(--series-{1 if said else 2})"/>'
    told = f'<text x="420" y="{y + 4.5:g}" text-anchor="end" font-size="13" fill="var(--ink)">{share:.0%}</text>' if said else ""
    return label + bar + told


def _text(x: float, y: float, text: str, colour: str = "ink") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="middle" font-size="13" fill="var(--{colour})">{text}</text>'


def bars(shares: Mapping[str, float]) -> Markup:
    """One bar a share, the last one in the colour of what is right."""
    rows = []
    for k, (name, share) in enumerate(shares.items()):
        y, last = 26 * k + 16, k == len(shares) - 1
        rows.append(
            f'<text x="0" y="{y}" font-size="13" fill="var(--ink)">{name}</text>'
            f'<rect x="205" y="{y - 10}" width="{165 * share:.1f}" height="12" rx="2" fill="var(--series-{1 if last else 2})"/>'
            f'<text x="418" y="{y}" text-anchor="end" font-size="13" fill="var(--ink)">{100 * share:.1f} %</text>'
        )
    return svg(420, 26 * len(shares), "".join(rows))
