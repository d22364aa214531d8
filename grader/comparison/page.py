"""The page that holds a submission beside the reference: code, answers, curves, time, memory and length.

For instructors, and for learners who are done: it shows the reference's code, which the learner's report never does.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from markupsafe import Markup

from grader.comparison import code_diff, probing
from grader.course.course import Course
from grader.files import write_atomically
from grader.report import evidence, pictures, svg, tables
from grader.report.evidence import Curves
from grader.report.pages import HERE, anchor, environment, shorten, stylesheet
from grader.submission import Submission
from grader.text import visible
from grader.worker.outside.transcript import ErrorInfo, Opaque


class Example(NamedTuple):
    """One question that the two answer differently."""

    text: str
    left: str
    right: str
    tables: list[tables.ValueTable]


class FunctionView(NamedTuple):
    name: str
    anchor: str
    verdict: str
    differs: bool
    rows: list[code_diff.LinePair]
    asked: probing.Compared | None
    examples: list[Example]


class Sides(NamedTuple):
    """The two submissions with all that they were asked, in a course."""

    course: Course
    left: Submission
    right: Submission
    asked: tuple[probing.Asked, probing.Asked]
    evidence: tuple[Path, Path]  #: folders that hold evidence/


def write(sides: Sides, out: Path) -> Path:
    """Write `out/compare.html` and return its path."""
    template = environment(compare_css=stylesheet(HERE / "compare.css")).get_template("compare.html.j2")
    compared = probing.compare(*sides.asked)
    views = functions(sides.course.modules, sides.left, sides.right, {item.name: item for item in compared})
    names = (visible(sides.left.name) or "submission", "reference")
    lines = [
        (module, *(code_diff.code_lines(side.modules.get(module, "")) for side in (sides.left, sides.right)))
        for module in _modules(sides)
    ]
    text = template.render(
        about=sides.course.about,
        names=names,
        functions=views,
        stages=list(zip(*(asked.stages for asked in sides.asked), strict=True)),
        asked=sides.asked,
        lines=lines,
        total=[sum(row[side] for row in lines) for side in (1, 2)],
        others=[item for item in compared if item.same < item.asked and item.name not in {view.name for view in views}],
        curves=_curves(sides),
        reasons=_reasons(sides.course),
    )
    return write_atomically(out / "compare.html", text)


def _reasons(course: Course) -> dict[str, str]:
    """Function -> why the reference writes it as it does; empty in a course that does not say."""
    path = (course.reference or course.folder) / "why.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def functions(
    modules: Iterable[str], left: Submission, right: Submission, compared: Mapping[str, probing.Compared]
) -> list[FunctionView]:
    """Every function of the reference in its order, then those that only the submission has, in the course's modules."""
    views = []
    for module in modules:
        ours = code_diff.definitions(module, left.modules.get(module, ""))
        theirs = code_diff.definitions(module, right.modules.get(module, ""))
        for name in dict.fromkeys([*theirs, *ours]):
            views.append(_function(name, ours.get(name), theirs.get(name), compared.get(name)))
    return views


def _function(
    name: str, ours: code_diff.Definition | None, theirs: code_diff.Definition | None, asked: probing.Compared | None
) -> FunctionView:
    if ours is None or theirs is None:
        verdict = "only in the reference" if ours is None else "only in the submission"
    elif ours.lines == theirs.lines:
        verdict = "the same text"
    else:
        verdict = "the same code, other comments or layout" if ours.meaning == theirs.meaning else "written differently"
    differs = ours is None or theirs is None or ours.meaning != theirs.meaning
    examples = [_example(item) for item in asked.examples] if asked else []
    place = anchor(name.replace(".", "-"))
    return FunctionView(name, place, verdict, differs, code_diff.beside(ours, theirs), asked, examples)


def _example(item: probing.Difference) -> Example:
    pair: list[tables.ValueTable] = []
    if _is_numeric(item.left) and _is_numeric(item.right):
        captions = ("reference", "submission")
        pair = [t._replace(caption=name) for t, name in zip(tables.pair(item.right, item.left), captions, strict=False)]
    text = shorten(visible(item.text), 4, 200)
    return Example(text, _told(item.left), _told(item.right), pair if len(pair) == 2 else [])


def _is_numeric(value: object) -> TypeGuard[np.ndarray]:
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


def _told(value: object) -> str:
    if isinstance(value, ErrorInfo):
        return shorten(visible(f"{value.type_name}: {value.message}"), 2, 200)
    if isinstance(value, Opaque):
        return f"an object of class {shorten(visible(value.kind), 1, 60)}"
    if isinstance(value, np.ndarray) and not value.size:
        return f"empty array of shape {value.shape}"
    if isinstance(value, np.ndarray):
        return f"{value.dtype} array of shape {value.shape}, norm {np.linalg.norm(value.astype(float).ravel()):.6g}"
    return shorten(visible(repr(value)), 2, 200)


def _modules(sides: Sides) -> list[str]:
    own = sorted(sides.left.modules.keys() - {*sides.course.modules, "__init__"})
    there = sides.left.modules.keys() | sides.right.modules.keys()
    return [module for module in (*sides.course.modules, *own) if module in there]


def _curves(sides: Sides) -> dict[str, Any] | None:
    ours, theirs = (_first_curves(asked, folder) for asked, folder in zip(sides.asked, sides.evidence, strict=True))
    draws = pictures.drawer(sides.course)
    if ours is None or theirs is None or draws is None:
        return None
    picture = draws.of_two_trainings(ours, theirs)
    drawing = picture.plot().replace(svg.KEY, "curves") if picture.plot and svg.available() else ""
    return {"svg": Markup(drawing), "finding": picture.finding}


def _first_curves(asked: probing.Asked, folder: Path) -> Curves | None:
    checks = ((stage.id, check) for stage in asked.stages for check in stage.checks)
    found = (Curves.of_evidence(evidence.load(folder, stage, check.id, check.card)) for stage, check in checks)
    return next((curves for curves in found if curves is not None), None)
