"""Which pictures a report is due, most useful first: at most eight, each with the sentence that it shows.

What evidence becomes a picture, and how it looks, the course says: `pictures` in its toolbox. One without has none.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from markupsafe import Markup

from grader.course.course import Course
from grader.course.stage import PICTURES
from grader.course.toolbox import shared
from grader.records import CheckResult, Report
from grader.report import svg, tables
from grader.report.evidence import Arrays, Curves
from grader.report.svg import Drawings

MOST_PICTURES = 8


class Tile(NamedTuple):
    """One small image among others, with what stands for it where it is not seen, and below it."""

    uri: str
    alt: str
    caption: Markup
    side: int = 56  #: pixels


class Picture(NamedTuple):
    """A figure for the page. Exactly one of `svg`, `tiles`, `table` is set; `absent` says why none is."""

    key: str
    title: str
    finding: str
    svg: Markup = Markup("")
    tiles: list[Tile] = []
    table: tables.ValueTable | None = None
    absent: str = ""


class Wanted(NamedTuple):
    """A picture that is due, not drawn yet: with `plot` and the arrays that it shows, or with `make`."""

    title: str
    finding: str
    plot: Callable[[], str] | None = None  #: draws with matplotlib
    shows: tuple[tuple[str, np.ndarray], ...] = ()
    make: Callable[[], dict[str, Any]] = dict  #: fields of Picture, made without matplotlib
    place: tuple[str, str] = ("", "")  #: stage and check; an empty check is the stage itself


class Drawer(Protocol):
    """What a course offers in `pictures` of its toolbox."""

    def plotted(self, failed: bool, roles: Iterable[str]) -> bool: ...
    def of_check(self, failed: bool, arrays: Arrays) -> Iterable[Wanted]: ...
    def of_beginning(self, report: Report) -> list[Wanted]: ...
    def of_training(self, curves: Curves) -> Wanted: ...
    def of_two_trainings(self, ours: Curves, theirs: Curves) -> Wanted: ...
    def of_experiment(self, figures: Iterable[Any]) -> list[Wanted]: ...


def drawer(course: Course) -> Drawer | None:
    """Who draws the course's pictures; None if nobody does."""
    return cast(Drawer | None, shared(course.tasks, PICTURES))


def due(report: Report, evidence: Callable[[str, CheckResult], Arrays], course: Course) -> list[Wanted]:
    """The pictures for this report: those of the next step first, then stage by stage, at most eight."""
    if (draws := drawer(course)) is None:
        return []
    if beginning := draws.of_beginning(report):
        return beginning
    wanted: list[Wanted] = []
    for stage in report.stages:
        curves = Curves.of(report.curves) if report.curves.get("stage") == stage.id else None
        for check in stage.checks:
            arrays, place = evidence(stage.id, check), (stage.id, check.id)
            if curves is not None and check.state == "fail" and check.id == report.curves.get("check"):
                wanted.append(draws.of_training(curves)._replace(place=place))  # what failed is seen there first
                curves = None
            wanted.extend(one._replace(place=place) for one in draws.of_check(check.state != "pass", arrays))
            own = Curves.of_evidence(arrays)
            if own is not None and check.id != report.curves.get("check"):  # else they are the report's, with its band
                wanted.append(draws.of_training(own)._replace(place=place))
        if curves is not None:
            wanted.append(draws.of_training(curves)._replace(place=(stage.id, "")))
    first = (report.next.stage, report.next.check) if report.next else None
    return sorted(wanted, key=lambda picture: picture.place != first)[:MOST_PICTURES]


def draw(wanted: list[Wanted], drawings: Drawings) -> dict[tuple[str, str], list[Picture]]:
    """Draw them, by place. matplotlib is imported only if a plot was not drawn before; without it the sentence still stands."""
    drawn: dict[tuple[str, str], list[Picture]] = {}
    for i, picture in enumerate(wanted):
        name = f"figure-{i + 1}"
        fields = picture.make() if picture.plot is None else _plot(picture, picture.plot, drawings)
        fields["svg"] = Markup(fields.get("svg", "").replace(svg.KEY, name))
        drawn.setdefault(picture.place, []).append(Picture(name, picture.title, picture.finding, **fields))
    return drawn


def _plot(picture: Wanted, plot: Callable[[], str], drawings: Drawings) -> dict[str, Any]:
    drawing = drawings.get(drawings.key(picture.title, picture.shows), lambda: plot() if svg.available() else None)
    return {"absent": "This picture needs matplotlib, which is not installed here."} if drawing is None else {"svg": drawing}
