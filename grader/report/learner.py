"""The learner's report: from records to one self-contained HTML file.

What stands where is decided here and in `pictures`; the templates only lay it out.
"""

import textwrap
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np

from grader.course.course import Course
from grader.course.stage import PICTURES, TOOLBOX
from grader.files import write_atomically
from grader.records import REPRO, Card, CheckResult, Report, SourceLines, StageResult
from grader.report import evidence, graded, pictures, site, tables, words
from grader.report.pages import HERE, anchor, environment, shorten, stylesheet
from grader.report.refutations import refutation
from grader.report.stored import history, progress
from grader.report.svg import Drawings, drawing_code
from grader.text import visible

#: Characters of the longest text that a card shows; the engine keeps shorter ones.
MOST_LINES, MOST_WIDTH = 60, 300
MOST_RUNS = 50


class CodeLine(NamedTuple):
    number: int
    text: str
    marked: bool
    at: int  #: column of the fault, from 1; 0 if it is the whole line


class SourceView(NamedTuple):
    place: str  #: "module.py, Class.method"
    lines: list[CodeLine]


class CheckView(NamedTuple):
    """One check as the page shows it."""

    check: CheckResult
    anchor: str
    is_next: bool
    message: str
    card: Card | None  #: None if it has nothing to show
    sources: list[SourceView]
    tables: list[tables.ValueTable]
    pictures: list[pictures.Picture]
    printed: str
    as_in: str = ""  #: anchor of an earlier check that ended in the same line with the same words


class StageView(NamedTuple):
    stage: StageResult
    here: bool
    checks: list[CheckView]
    pictures: list[pictures.Picture]  #: of the stage as a whole

    @property
    def open_checks(self) -> bool:
        """Whether its checks are worth reading one by one now: not if all that fails is told elsewhere."""
        return any(v.check.state in ("fail", "error") and not v.as_in and not (v.is_next and v.check.broken) for v in self.checks)


def render(report: Report, out: Path, course: Course) -> Path:
    """Write `out/report.html`, in the usual folder with the course's pages beside it, and return its path.

    report : what the page shows; no check is run
    out    : the folder of the grade, with evidence/*.npz and history.jsonl if there are any
    course : whose pictures are drawn
    """
    if out.resolve() == course.folder.resolve() / "build":
        site.write(course, out)
    return write_atomically(out / "report.html", page(report, out, course))


def page(report: Report, out: Path, course: Course, template: str = "report.html.j2", **more: object) -> str:
    """The page as text, or what another template makes of it and `more`; reads what lies in `out`, keeps plots in `out/figures.json`."""
    arrays = {(stage, check.id): evidence.load(out, stage, check.id, check.card) for stage, check in report.checks}
    drawings = Drawings(out, drawing_code(course.tasks / TOOLBOX / PICTURES))
    drawn = pictures.draw(pictures.due(report, lambda stage, check: arrays[stage, check.id], course), drawings)
    drawings.keep()
    stages = _said_once([_stage(stage, report, arrays, drawn) for stage in report.stages])
    next_view = next((view for stage in stages for view in stage.checks if view.is_next), None)
    return _template(template).render(
        about=course.about,
        report=report,
        stages=stages,
        done=report.complete and 0 < report.score == report.max_score,
        beginning=drawn.get(("", ""), []),
        openings=site.openings(course.tasks),
        next_view=next_view,
        why=refutation(report, course.tasks),
        repro=f"{out.name}/{REPRO}" if (out / REPRO).exists() else "",
        next_stage=next((stage for stage in stages if report.next and stage.stage.id == report.next.stage), None),
        progress=progress(report, history(out)[-MOST_RUNS:]),
        past=history(out),
        graded=graded,
        handouts=site.handouts(out, course, [stage.id for stage in report.stages]),
        problems=list(report.extra.problems.items()),
        **more,
    )


@lru_cache
def _template(name: str) -> jinja2.Template:
    """Compiled once: a class is hundreds of pages."""
    return environment(learner_css=stylesheet(HERE / "learner.css")).get_template(name)


def _stage(
    stage: StageResult,
    report: Report,
    arrays: Mapping[tuple[str, str], evidence.Arrays],
    drawn: Mapping[tuple[str, str], list[pictures.Picture]],
) -> StageView:
    checks = [
        _check(stage, check, report, arrays[stage.id, check.id], drawn.get((stage.id, check.id), [])) for check in stage.checks
    ]
    here = report.next is not None and report.next.stage == stage.id
    return StageView(stage, here, checks, drawn.get((stage.id, ""), []))


def _check(
    stage: StageResult, check: CheckResult, report: Report, arrays: Mapping[str, np.ndarray], figures: list[pictures.Picture]
) -> CheckView:
    message = words.blocked_line(check, report.stages) if check.state == "blocked" else check.message
    # Of a file that cannot be imported all is said by the sentence and the line: no call of the check was made.
    card = _card(check.card) if check.card is not None and not check.broken else None
    values = []
    if card is not None and check.state != "pass" and "expected" in arrays and "given" in arrays:
        values = tables.pair(arrays["expected"], arrays["given"])
    printed = check.printed or (check.card.printed if check.card else "")
    is_next = report.next is not None and (report.next.stage, report.next.check) == (stage.id, check.id)
    return CheckView(
        check=check,
        anchor=anchor(stage.id, check.id),
        is_next=is_next,
        message=shorten(_beside(message, card, check.mistake.hint if check.mistake else ""), 12, 1200),
        card=card,
        sources=[_source(lines) for lines in (check.card.source if check.card else [])[:4]],
        tables=values,
        pictures=figures,
        printed=_capped(printed),
    )


def _said_once(stages: list[StageView]) -> list[StageView]:
    """Of checks that all ended in the same line with the same words, such as a syntax error, only the first shows it."""
    views = [view for stage in stages for view in stage.checks]
    seen: dict[tuple[str, str], CheckView] = {}
    for view in sorted(views, key=lambda view: not view.is_next):  # that one stands at the top of the page
        if any(line.marked for source in view.sources for line in source.lines):
            seen.setdefault((view.check.message, str(view.sources)), view)

    def shortened(view: CheckView) -> CheckView:
        first = seen.get((view.check.message, str(view.sources)), view)
        if first is view:
            return view
        printed = view.printed if view.printed != first.printed else ""
        return view._replace(message="", card=None, sources=[], printed=printed, as_in="next" if first.is_next else first.anchor)

    return [s._replace(checks=[shortened(view) for view in s.checks]) if s.open_checks else s for s in stages]


def _card(card: Card) -> Card | None:
    """The card within the page's bounds; None if it says nothing."""
    kept = Card(ran=_capped(card.ran), should=_capped(card.should), gave=_capped(card.gave), looks_like=_capped(card.looks_like))
    return kept if any((kept.ran, kept.should, kept.gave, kept.looks_like)) else None


def _beside(message: str, card: Card | None, *others: str) -> str:
    """The message, or nothing if the card below it says all of it."""
    rest = message
    for said in (*((card.gave, card.should, card.looks_like) if card else ()), *others):
        if said.strip():
            rest = rest.replace(said.strip().rstrip("."), "", 1)
    return message if rest.strip(" .\n") else ""


def _capped(text: str) -> str:
    return shorten(visible(text[: MOST_LINES * MOST_WIDTH * 4]).strip("\n"), MOST_LINES, MOST_WIDTH)


def _source(lines: SourceLines) -> SourceView:
    """The lines with their numbers; an excerpt without a marked line is shown without the indentation all of it shares."""
    marked = set(lines.marked)
    texts = [shorten(visible(line).replace("\n", "\\n"), 1, MOST_WIDTH) for line in lines.lines[:MOST_LINES]]
    at = lines.column if 0 < lines.column <= MOST_WIDTH else 0
    if not marked:
        texts = textwrap.dedent("\n".join(texts)).split("\n")
    last = max(marked, default=0)
    shown = [
        CodeLine(n, text, n in marked, at if n == last and at <= len(text) else 0) for n, text in enumerate(texts, lines.first)
    ]
    place = f"{lines.file}, {lines.function}" if lines.function else lines.file
    return SourceView(shorten(visible(place).replace("\n", " "), 1, 120), shown)
