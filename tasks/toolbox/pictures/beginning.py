"""The first page: images, the network that is to be written, and what it will be able to do.

What a trained network answers was measured once: `python -m benchmarks.beginning` writes `beginning.json`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from grader.report.api import Markup, Tile, Wanted

from . import findings, pixels, sketches

STORED = Path(__file__).with_name("beginning.json")


@cache
def measured() -> dict[str, Any]:
    """What benchmarks.beginning wrote: `digits` with `png`, `true`, `said`; which is `drawn`, its `shares`; `right` of `images`."""
    told: dict[str, Any] = json.loads(STORED.read_text("utf-8"))
    return told


def pictures() -> list[Wanted]:
    told = measured()
    digits, right = told["digits"], told["right"]
    drawn_one, reached = digits[told["drawn"]], list(right.values())[-1]
    goal = (
        f"{len(digits)} images that no training used, and below each the answer of a network of this course after ten epochs. One "
        f"answer is not right, marked ✗. Of all {told['images']:,} such images the network gets {findings.percent(reached)} right."
    )
    drawn = (
        f"784 pixels go in, ten probabilities come out; the largest is the answer: this {drawn_one['true']} gets "
        f"{findings.percent(told['shares'][drawn_one['said']])}. Forward from left to right in stages 01 to 06, and back again in "
        "stages 04 to 07: that is how the weights learn."
    )
    less = list(right.values())[1:-1]
    reason = (
        f"Without training, the mean image of each digit gets {findings.percent(less[0])} right; one Linear layer "
        f"{findings.percent(less[1])}. The rest is what hidden layers are for."
    )
    return [
        Wanted("What your network will read", goal, make=lambda: {"tiles": [_tile(digit) for digit in digits]}),
        Wanted("What you are going to write", drawn, make=lambda: {"svg": sketches.network(drawn_one["png"], told["shares"])}),
        Wanted("What it has to beat", reason, make=lambda: {"svg": sketches.bars(right)}),
    ]


def _tile(digit: dict[str, Any]) -> Tile:
    said = Markup("<b>{}</b>{}").format(digit["said"], "" if digit["said"] == digit["true"] else " ✗")
    return Tile(pixels.PNG + digit["png"], f"a {digit['true']}", said)
