"""Where the boxes of a drawing stand: on their levels, in an order with few crossings, near what they are joined to.

The way of Sugiyama, Tagawa and Toda (1981): an arrow over several levels gets a place to pass through on each of them, the
orders of neighbouring levels are improved in turns by the neighbours' means, and last each level is moved as near to its neighbours as
the widths allow.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_PASSAGE = 10.0  #: width of the place where an arrow passes a level
_TURNS = 40


@dataclass
class Plan:
    """Nodes (boxes, and places where arrows pass) on their levels.

    rows   : level -> its nodes from left to right; level 0 is the lowest
    width  : node -> its width
    routes : the nodes of each arrow, from the upper box to the lower one
    centre : node -> its middle
    """

    rows: list[list[str]]
    width: dict[str, float]
    routes: list[list[str]]
    gap: float
    centre: dict[str, float] = field(default_factory=dict)

    @property
    def links(self) -> list[tuple[str, str]]:
        """(upper, lower) for neighbouring levels."""
        return [link for route in self.routes for link in itertools.pairwise(route)]

    def row_width(self, row: Sequence[str]) -> float:
        return sum(self.width[node] for node in row) + self.gap * (len(row) - 1)

    @property
    def whole(self) -> float:
        return max(map(self.row_width, self.rows))


def plan(level: Mapping[str, int], width: Mapping[str, float], arrows: Iterable[tuple[str, str]], gap: float) -> Plan:
    """Where everything stands.

    level  : box -> its level, from 1
    arrows : (upper, lower)
    gap    : at least so much is left between two boxes of a level
    """
    made = Plan([[] for _ in range(max(level.values()))], dict(width), [], gap)
    for box in sorted(level):
        made.rows[level[box] - 1].append(box)
    for upper, lower in sorted(arrows):
        passages = [f"{upper}>{lower}@{at}" for at in range(level[upper] - 1, level[lower], -1)]
        for at, passage in zip(range(level[upper] - 1, level[lower], -1), passages):
            made.rows[at - 1].append(passage)
            made.width[passage] = _PASSAGE
        made.routes.append([upper, *passages, lower])
    _order(made)
    _place(made)
    return made


def crossings(plan: Plan) -> int:
    """How many pairs of arrows cross."""
    at = {node: number for row in plan.rows for number, node in enumerate(row)}
    below = _neighbours(plan, False)
    return sum(
        at[a] > at[b]
        for row in plan.rows
        for left, right in itertools.combinations(row, 2)
        for a in below[left]
        for b in below[right]
    )


def _neighbours(plan: Plan, upwards: bool) -> dict[str, list[str]]:
    """Node -> those it is joined to on the level above it, or below it."""
    found: dict[str, list[str]] = {node: [] for row in plan.rows for node in row}
    for upper, lower in plan.links:
        if upwards:
            found[lower].append(upper)
        else:
            found[upper].append(lower)
    return found


def _order(plan: Plan) -> None:
    """Put each level in the order of its neighbours' middles, in turns from below and from above; keep the best."""
    best, fewest = [list(row) for row in plan.rows], crossings(plan)
    for turn in range(_TURNS):
        upwards = turn % 2 == 1
        near = _neighbours(plan, upwards)
        for row in reversed(plan.rows) if upwards else plan.rows:
            at = {node: number / max(len(nodes) - 1, 1) for nodes in plan.rows for number, node in enumerate(nodes)}
            row.sort(key=lambda node: _mean([at[other] for other in near[node]], at[node]))
        _swap(plan)
        if (count := crossings(plan)) < fewest:
            best, fewest = [list(row) for row in plan.rows], count
    plan.rows[:] = best


def _swap(plan: Plan) -> None:
    """Exchange two that stand side by side where that takes crossings away."""
    above, below = _neighbours(plan, True), _neighbours(plan, False)
    at = {node: number for row in plan.rows for number, node in enumerate(row)}

    def crossed(left: str, right: str) -> int:
        return sum(at[a] > at[b] for near in (above, below) for a in near[left] for b in near[right])

    for row in plan.rows:
        for place in range(len(row) - 1):
            left, right = row[place : place + 2]
            if crossed(right, left) < crossed(left, right):
                row[place], row[place + 1] = right, left
                at[left], at[right] = place + 1, place


def _place(plan: Plan) -> None:
    """Give each node its middle: near those of its neighbours, and none over another."""
    whole = plan.whole
    for row in plan.rows:
        left = (whole - plan.row_width(row)) / 2
        for node in row:
            plan.centre[node] = left + plan.width[node] / 2
            left += plan.width[node] + plan.gap
    both = _neighbours(plan, True), _neighbours(plan, False)
    for turn in range(_TURNS):
        for row in plan.rows if turn % 2 else reversed(plan.rows):
            wanted = [_mean([plan.centre[other] for near in both for other in near[node]], plan.centre[node]) for node in row]
            plan.centre.update(zip(row, _apart(plan, row, wanted, whole)))


def _apart(plan: Plan, row: Sequence[str], wanted: Sequence[float], whole: float) -> list[float]:
    """The middles nearest to those wanted (least squares) that leave the gap between neighbours, within the drawing."""
    offsets = [0.0]
    for one, two in itertools.pairwise(row):
        offsets.append(offsets[-1] + (plan.width[one] + plan.width[two]) / 2 + plan.gap)
    groups: list[tuple[float, int]] = []  # of nodes that touch: the sum of their wishes, and how many
    for wish, offset in zip(wanted, offsets):
        total, count = wish - offset, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            more, others = groups.pop()
            total, count = total + more, count + others
        groups.append((total, count))
    starts = [total / count for total, count in groups for _ in range(count)]
    first, last = plan.width[row[0]] / 2, whole - offsets[-1] - plan.width[row[-1]] / 2
    return [min(max(start, first), last) + offset for start, offset in zip(starts, offsets)]


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise
