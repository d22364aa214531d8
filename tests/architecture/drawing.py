"""The house as a picture: docs/architecture.svg, made from the imports alone.

Wide, it lists the files of each room; narrow, as on a phone, the names of the rooms grow instead. The picture brings its
own paper, so that it can be read on any page, by day and by night.
"""

import itertools
import math
import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from grader.paths import ROOT
from tests.architecture.house import House, cycles, needed
from tests.architecture.layout import Plan, plan

FILE = ROOT / "docs" / "architecture.svg"
#: Where the learner's code runs: drawn apart from the rest.
EXPOSED = "worker/inside"

_PER_ROOT = 4.9, 2.6  # width and height of a box, times the root of its lines: so its area grows with them
_NAME, _NARROW_NAME, _SMALL = 15.0, 27.0, 11.0  # sizes of letters
_ROW = 14.0  # from one row of small letters to the next
_LETTER, _BOLD_LETTER = 0.52, 0.6  # width of a letter, in its size
_PAD, _GAP, _STOREY, _MARGIN, _AXIS = 8.0, 22.0, 46.0, 24.0, 30.0

_STYLE = """
svg { --paper: #faf7f0; --box: #fffdf9; --small-box: #f3eee2; --edge: #877c69; --rule: #e6dfd0; --ink: #23211d;
  --soft: #5b554b; --arrow: #9a8f7c; --pen: #1d4f91; --exposed: #b83a0b; --exposed-box: #fbebe1; }
@media (prefers-color-scheme: dark) { svg { --paper: #181a1c; --box: #25282b; --small-box: #1f2224; --edge: #85888b;
  --rule: #2c2f32; --ink: #e7e2d8; --soft: #b0aa9e; --arrow: #7b7e82; --pen: #93bdf2; --exposed: #ff9a68;
  --exposed-box: #38261d; } }
text { font-family: -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, "Liberation Sans", Arial, sans-serif; }
.paper { fill: var(--paper); } .floor { stroke: var(--rule); }
.box { fill: var(--box); stroke: var(--edge); } .one { fill: var(--small-box); stroke: none; }
.exposed { fill: var(--exposed-box); stroke: var(--exposed); stroke-dasharray: 5 3; } .cycle { stroke: var(--exposed); stroke-width: 3; }
.name { font-size: %(name)spx; font-weight: 650; fill: var(--pen); } .one + .name { fill: var(--ink); }
.exposed + .name { fill: var(--exposed); }
.small { font-size: %(small)spx; white-space: pre; fill: var(--soft); } .caption { font-size: 13px; fill: var(--soft); }
.brief { font-size: 23px; fill: var(--soft); display: none; }
.arrow { fill: none; stroke: var(--arrow); stroke-width: 1.3; } .head { fill: var(--arrow); }
@media (max-width: 640px) { .small, .caption { display: none; } .name { font-size: %(narrow)spx;
  transform: translateY(var(--down)); } .arrow { stroke-width: 2; } .brief { display: inline; } }
"""


@dataclass(frozen=True)
class Box:
    """A room as it is drawn."""

    room: str
    lines: int
    files: Sequence[str]

    @property
    def name(self) -> str:
        return self.room.rpartition("/")[2] if self.room.endswith("__init__") else self.room

    @property
    def width(self) -> float:
        named = len(self.name) * _NARROW_NAME * _BOLD_LETTER + 2 * _PAD
        return max(_PER_ROOT[0] * math.sqrt(self.lines), named)

    @property
    def height(self) -> float:
        inside = max(_NAME + len(self.rows) * _ROW, _NARROW_NAME)
        return max(_PER_ROOT[1] * math.sqrt(self.lines), inside + 1.5 * _PAD)

    @property
    def rows(self) -> list[str]:
        """The names of its files in rows; a file that stands alone has given its name to the room."""
        letters = int((self.width - 2 * _PAD) / (_SMALL * _LETTER))
        return textwrap.wrap("  ".join(self.files), letters, break_on_hyphens=False) if len(self.files) > 1 else []


def _about(lines: int) -> int:
    """The size that is drawn, in steps of two fifths: a picture that every edit makes old would be looked after by nobody."""
    return round(2 ** (round(2 * math.log2(max(lines, 1))) / 2))


def caption(house: House) -> list[str]:
    """What the picture shows, in sentences."""
    drawn, all_of_them = len(needed(house.rooms)), len(house.arrows)
    lines = sum(map(house.lines, house.rooms))
    said = [
        f"Each box is a room of grader/: {len(house.rooms)} rooms, about {round(lines, -3):,} lines; a box is as large as its code, "
        "but no smaller than the names in it.",
        f"A room imports only from rooms below it. Drawn are {drawn} of {all_of_them} arrows: those that do not follow "
        "from others.",
    ]
    if EXPOSED in house.rooms:
        said.append("The dashed room is within reach of the learner's code.")
    return said + [f"Rooms that import each other: {', '.join(group)}." for group in cycles(house.rooms)]


def svg(house: House) -> str:
    """The picture."""
    boxes = {
        room: Box(room, _about(house.lines(room)), [module.file for module in modules if module.file != "__init__"])
        for room, modules in house.files.items()
    }
    made = plan(house.levels, {room: box.width for room, box in boxes.items()}, needed(house.rooms), _GAP)
    heights = [max([boxes[node].height for node in row if node in boxes], default=0) for row in made.rows]
    floors = _floors(heights)
    captions = caption(house)
    width, height = made.whole + 2 * _MARGIN + _AXIS, floors[0] + _MARGIN + 18 * len(captions) + 12
    in_cycle = {room for group in cycles(house.rooms) for room in group}
    style = _STYLE % {"name": _NAME, "narrow": _NARROW_NAME, "small": _SMALL}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-labelledby="title description">',
        '<title id="title">The rooms of grader/ and what they import</title>',
        f'<desc id="description">{escape(" ".join(captions))}</desc>',
        f"<style>{style}</style>",
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" rx="10"/>',
        *_levels(floors, width),
        f'<g transform="translate({_MARGIN + _AXIS:.0f} 0)">',
        *_arrows(made, boxes, floors, heights),
        *[_box(box, made.centre[room], floors[house.levels[room] - 1], house, room in in_cycle) for room, box in boxes.items()],
        "</g>",
        *[
            f'<text class="caption" x="{_MARGIN:.0f}" y="{floors[0] + 34 + 18 * number:.0f}">{escape(line)}</text>'
            for number, line in enumerate(captions)
        ],
        f'<text class="brief" x="{_MARGIN:.0f}" y="{floors[0] + 44:.0f}">Arrows that follow from others are left out.</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _floors(heights: Sequence[float]) -> list[float]:
    """Where the boxes of each level stand, the lowest level first."""
    tops = itertools.accumulate(reversed(heights), lambda y, height: y + _STOREY + height, initial=_MARGIN - _STOREY)
    return list(tops)[:0:-1]


def _levels(floors: Sequence[float], width: float) -> list[str]:
    """A line for each level, and its number."""
    return [
        f'<path class="floor" d="M{_MARGIN:.0f} {y + 0.5:.1f}H{width - _MARGIN:.0f}"/>'
        f'<text class="small" x="{_MARGIN:.0f}" y="{y - 5:.1f}">{number}</text>'
        for number, y in enumerate(floors, 1)
    ]


def _box(box: Box, centre: float, floor: float, house: House, in_cycle: bool) -> str:
    left, top = centre - box.width / 2, floor - box.height
    kind = "exposed" if box.room == EXPOSED else "box" if len(box.files) > 1 else "one"
    rows = box.rows
    middle = top + box.height / 2
    baseline = middle + 0.36 * _NAME - len(rows) * _ROW / 2
    imports = ", ".join(sorted(house.rooms[box.room])) or "nothing"
    parts = [
        f"<g><title>{escape(box.room)} imports {escape(imports)}</title>",
        f'<rect class="{kind}{" cycle" * in_cycle}" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="5"/>',
        f'<text class="name" x="{centre:.1f}" y="{baseline:.1f}" text-anchor="middle" '
        f'style="--down: {middle + 0.36 * _NARROW_NAME - baseline:.1f}px">{escape(box.name)}</text>',
    ]
    for number, row in enumerate(rows):
        y = baseline + _ROW * (number + 1) + 1
        parts.append(f'<text class="small" x="{centre:.1f}" y="{y:.1f}" text-anchor="middle">{escape(row)}</text>')
    return "".join(parts) + "</g>"


def _arrows(made: Plan, boxes: Mapping[str, Box], floors: Sequence[float], heights: Sequence[float]) -> list[str]:
    """Each arrow from the bottom of its upper box to the top of its lower one, upright where it passes a level."""
    level = {node: number for number, row in enumerate(made.rows) for node in row}
    leaves, arrives = _ports(made, boxes, upper=True), _ports(made, boxes, upper=False)
    drawn = []
    for route in made.routes:
        x, y = leaves[route[0], route[1]], floors[level[route[0]]]
        path = f"M{x:.1f} {y:.1f}"
        for before, node in itertools.pairwise(route):
            to = arrives[before, node] if node in boxes else made.centre[node]
            ceiling = floors[level[node]] - heights[level[node]]
            half = (ceiling - y) / 2
            path += f"C{x:.1f} {y + half:.1f} {to:.1f} {ceiling - half:.1f} {to:.1f} {ceiling:.1f}"
            x, y = to, floors[level[node]] - (boxes[node].height + 7 if node in boxes else 0)
            path += f"V{y:.1f}"
        drawn.append(f'<path class="arrow" d="{path}"/><path class="head" d="M{x:.1f} {y + 7:.1f}l-4-8h8z"/>')
    return drawn


def _ports(made: Plan, boxes: Mapping[str, Box], upper: bool) -> dict[tuple[str, str], float]:
    """(upper, lower) -> where along the box the arrow leaves or arrives: side by side, in the order of the other ends."""
    at = defaultdict(list)
    for link in made.links:
        at[link[not upper]].append(link)
    found = {}
    for node, links in at.items():
        if node in boxes:
            links.sort(key=lambda link: made.centre[link[upper]])
            room = boxes[node].width - 2 * _PAD
            step = min(room / len(links), 22.0)
            first = made.centre[node] - step * (len(links) - 1) / 2
            found.update({link: first + step * number for number, link in enumerate(links)})
    return found
