"""Which pictures a report is due, most useful first: at most eight, each with the sentence that it shows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from grader.records import CheckResult, Report, StageResult
from grader.report import figures, findings, images, svg, tables
from grader.report.drawn import Drawings
from grader.report.drawn import key as drawn_key
from grader.report.evidence import Curves

MOST_PICTURES = 8
MISTAKEN = ("mistake_images", "mistake_true", "mistake_said", "mistake_confidence")

#: Evidence of one check: stage id, check id -> role -> array.
Arrays = Mapping[str, np.ndarray]


class Digit(NamedTuple):
    """One image with what it is and what it was taken for."""

    uri: str
    true: int
    said: int
    confidence: str


class Picture(NamedTuple):
    """A figure for the page. Exactly one of `svg`, `image`, `digits`, `table` is set; `absent` says why none is."""

    key: str
    title: str
    finding: str
    svg: Markup = Markup("")
    image: str = ""
    digits: list[Digit] = []
    table: tables.ValueTable | None = None
    absent: str = ""


class Wanted(NamedTuple):
    """A picture that is due, not drawn yet: with `plot` and the arrays that it shows, or with `make`."""

    place: tuple[str, str]  #: stage and check; an empty check is the stage itself
    title: str
    finding: str
    plot: Callable[[], str] | None = None  #: draws with matplotlib
    shows: tuple[tuple[str, np.ndarray], ...] = ()
    make: Callable[[], dict[str, Any]] = dict  #: fields of Picture, made without matplotlib


def due(report: Report, evidence: Callable[[str, CheckResult], Arrays]) -> list[Wanted]:
    """The pictures for this report: those of the next step first, then stage by stage, at most eight."""
    wanted: list[Wanted] = []
    for stage in report.stages:
        for check in stage.checks:
            arrays = evidence(stage.id, check)
            wanted.extend(_of_check(stage, check, arrays))
            own = Curves.of_evidence(arrays)
            if own is not None and check.id != report.curves.get("check"):  # else they are the report's, with its band
                wanted.append(_curves((stage.id, check.id), own))
        curves = Curves.of(report.curves) if report.curves.get("stage") == stage.id else None
        if curves is not None:
            wanted.append(_curves((stage.id, ""), curves))
    first = (report.next.stage, report.next.check) if report.next else None
    return sorted(wanted, key=lambda picture: picture.place != first)[:MOST_PICTURES]


def _of_check(stage: StageResult, check: CheckResult, arrays: Arrays) -> Iterator[Wanted]:
    place = (stage.id, check.id)
    pairs = _telling(_pairs(arrays)) if check.state != "pass" else []
    if pairs:
        shows = tuple(
            (f"{side} {name}", array) for name, *both in pairs for side, array in zip("an", both, strict=True)
        )
        title = "Computed against measured gradient"
        yield Wanted(place, title, findings.gradients(pairs), lambda: figures.gradients(pairs), shows)
    scale, given, expected = (arrays.get(role) for role in ("scale", "softmax", "softmax_expected"))
    if (
        check.state != "pass"
        and scale is not None
        and given is not None
        and given.ndim == 2
        and scale.shape == given.shape[:1]
    ):
        true = expected if expected is not None and expected.shape == given.shape else None
        shows = (("scale", scale), ("given", given), *((("true", true),) if true is not None else ()))
        finding = findings.softmax_growth(scale, given, true)
        yield Wanted(
            place, "Softmax as the logits grow", finding, lambda: figures.softmax_growth(scale, given, true), shows
        )
    yield from _of_digits(place, arrays)


def _pairs(arrays: Arrays) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(name, analytic, numeric) for each pair of roles of one shape."""
    pairs = []
    for role, analytic in arrays.items():
        kind, _, name = role.partition(":")
        numeric = arrays.get(f"numeric:{name}" if name else "numeric")
        if kind == "analytic" and numeric is not None and numeric.shape == analytic.shape:
            pairs.append((name or "gradient", analytic, numeric))
    return pairs


def _telling(
    pairs: list[tuple[str, np.ndarray, np.ndarray]], most: int = 4
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """At most `most` of the pairs, by name: first those that disagree, and of those the ones with most entries."""
    best = sorted(pairs, key=lambda pair: (not findings.off_diagonal(pair[1], pair[2]).any(), -pair[1].size))[:most]
    return sorted(best, key=lambda pair: pair[0])


def _curves(place: tuple[str, str], curves: Curves) -> Wanted:
    shows = [(name, np.array(values)) for name, values in curves.history.items()]
    shows += [(f"band {name}", np.array(span)) for name, span in curves.band.items()]
    shows.append(("goal", np.array([curves.goal if curves.goal is not None else np.nan])))
    finding = findings.learning_curves(curves)
    return Wanted(place, "Learning curves", finding, lambda: figures.learning_curves(curves), tuple(shows))


def _of_digits(place: tuple[str, str], arrays: Arrays) -> Iterator[Wanted]:
    """Pictures of the open validation set: confusions, mistakes, first-layer weights. None of them is a plot."""
    counts = arrays.get("confusion")
    if counts is not None and counts.shape == (10, 10) and counts.dtype.kind in "iu" and counts.sum() > 0:
        title, finding = "Which digit is taken for which", findings.confusion(counts)
        yield Wanted(place, title, finding, make=lambda: {"table": tables.confusion(counts)})
    mistaken = [arrays[role] for role in MISTAKEN if role in arrays]
    if len(mistaken) == len(MISTAKEN) and mistaken[0].shape[1:] == (28, 28):
        pixels, true, said, confidence = mistaken
        rows = list(zip(pixels[:18], true.ravel(), said.ravel(), confidence.ravel(), strict=False))
        title, finding = "The most confident mistakes", findings.mistakes(true, said, confidence)
        yield Wanted(place, title, finding, make=lambda: {"digits": [_digit(*row) for row in rows]})
    columns = arrays.get("weights")
    if columns is not None and columns.ndim == 2 and columns.shape[0] == 784 and columns.shape[1] > 0:
        title, finding = "What the first layer looks for", findings.weights(columns, min(64, columns.shape[1]))
        yield Wanted(place, title, finding, make=lambda: {"image": images.data_uri(images.weights(columns)[0])})


def _digit(pixels: np.ndarray, true: int, said: int, confidence: float) -> Digit:
    return Digit(images.digit(pixels), int(true), int(said), findings.percent(float(confidence)))


def draw(wanted: list[Wanted], drawings: Drawings) -> dict[tuple[str, str], list[Picture]]:
    """Draw them, by place. matplotlib is imported only if a plot was not drawn before; without it the sentence still stands."""
    drawn: dict[tuple[str, str], list[Picture]] = {}
    for i, picture in enumerate(wanted):
        name = f"figure-{i + 1}"
        fields = picture.make() if picture.plot is None else _plot(picture, picture.plot, drawings, name)
        drawn.setdefault(picture.place, []).append(Picture(name, picture.title, picture.finding, **fields))
    return drawn


def _plot(picture: Wanted, plot: Callable[[], str], drawings: Drawings, name: str) -> dict[str, Any]:
    key = drawn_key(picture.title, picture.shows)
    drawing = drawings.get(key, plot if drawings.knows(key) or svg.available() else None)
    if drawing is None:
        return {"absent": "This picture needs matplotlib, which is not installed here."}
    return {"svg": Markup(drawing.replace(svg.KEY, name))}
