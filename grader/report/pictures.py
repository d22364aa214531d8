"""Which pictures a report is due, most useful first: at most eight, each with the sentence that it shows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from ..records import CheckResult, Report, StageResult
from . import figures, findings, images, tables
from .evidence import Curves
from .pages import anchor

MOST_PICTURES = 8

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
    """A picture that is due, not drawn yet."""

    place: tuple[str, str]  #: stage and check; an empty check is the stage itself
    title: str
    finding: str
    draw: Callable[[str, str], dict[str, Any]]  #: (key, id of the finding) -> fields of Picture
    plot: bool = True  #: needs matplotlib


def due(report: Report, evidence: Callable[[str, CheckResult], Arrays]) -> list[Wanted]:
    """The pictures for this report: those of the next step first, then stage by stage, at most eight."""
    wanted: list[Wanted] = []
    for stage in report.stages:
        for check in stage.checks:
            wanted.extend(_of_check(stage, check, evidence(stage.id, check)))
        curves = Curves.of(report.curves) if report.curves.get("stage") == stage.id else None
        if curves is not None:
            wanted.append(_curves((stage.id, ""), curves))
    first = (report.next.stage, report.next.check) if report.next else None
    return sorted(wanted, key=lambda picture: picture.place != first)[:MOST_PICTURES]


def _of_check(stage: StageResult, check: CheckResult, arrays: Arrays) -> Iterator[Wanted]:
    place = (stage.id, check.id)
    pairs = _pairs(arrays) if check.state != "pass" else []
    if pairs:
        yield Wanted(place, "Computed against measured gradient", findings.gradients(pairs[:4]),
                     lambda key, id: {"svg": Markup(figures.gradients(pairs, key, id))})  # fmt: skip
    scale, given, expected = (arrays.get(role) for role in ("scale", "softmax", "softmax_expected"))
    if (
        check.state != "pass"
        and scale is not None
        and given is not None
        and given.ndim == 2
        and scale.shape == given.shape[:1]
    ):
        true = expected if expected is not None and expected.shape == given.shape else None
        yield Wanted(place, "Softmax as the logits grow", findings.softmax_growth(scale, given, true),
                     lambda key, id: {"svg": Markup(figures.softmax_growth(scale, given, true, key, id))})  # fmt: skip
    curves = Curves.of_evidence(arrays)
    if curves is not None:
        yield _curves(place, curves)
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


def _curves(place: tuple[str, str], curves: Curves) -> Wanted:
    return Wanted(place, "Learning curves", findings.learning_curves(curves),
                  lambda key, id: {"svg": Markup(figures.learning_curves(curves, key, id))})  # fmt: skip


def _of_digits(place: tuple[str, str], arrays: Arrays) -> Iterator[Wanted]:
    """Pictures of the open validation set: confusions, mistakes, first-layer weights. None of them is a plot."""
    counts = arrays.get("confusion")
    if counts is not None and counts.shape == (10, 10) and counts.dtype.kind in "iu" and counts.sum() > 0:
        yield Wanted(
            place,
            "Which digit is taken for which",
            findings.confusion(counts),
            lambda key, id: {"table": tables.confusion(counts)},
            plot=False,
        )
    pixels, true, said, confidence = (
        arrays.get(f"mistake_{role}") for role in ("images", "true", "said", "confidence")
    )
    if (
        pixels is not None
        and true is not None
        and said is not None
        and confidence is not None
        and pixels.shape[1:] == (28, 28)
    ):
        count = min(len(pixels), len(true), len(said), len(confidence), 18)
        digits = [(pixels[i], int(true[i]), int(said[i]), float(confidence[i])) for i in range(count)]
        yield Wanted(place, "The most confident mistakes", findings.mistakes(true, said, confidence),
                     lambda key, id: {"digits": [Digit(images.digit(p), t, s, findings.percent(c)) for p, t, s, c in digits]}, plot=False)  # fmt: skip
    columns = arrays.get("weights")
    if columns is not None and columns.ndim == 2 and columns.shape[0] == 784 and columns.shape[1] > 0:
        finding = findings.weights(columns, min(64, columns.shape[1]))
        yield Wanted(
            place,
            "What the first layer looks for",
            finding,
            lambda key, id: {"image": images.data_uri(images.weights(columns)[0])},
            plot=False,
        )


def draw(wanted: list[Wanted]) -> dict[tuple[str, str], list[Picture]]:
    """Draw them, by place. matplotlib is imported only if one of them is a plot; without it the sentence still stands."""
    drawn: dict[tuple[str, str], list[Picture]] = {}
    can_plot = any(picture.plot for picture in wanted) and figures.available()
    for i, picture in enumerate(wanted):
        key = anchor("figure", str(i + 1))
        fields: dict[str, Any] = {"absent": "This picture needs matplotlib, which is not installed here."}
        if can_plot or not picture.plot:
            fields = picture.draw(key, f"{key}-finding")
        drawn.setdefault(picture.place, []).append(Picture(key, picture.title, picture.finding, **fields))
    return drawn
