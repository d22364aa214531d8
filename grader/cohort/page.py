"""The class page: `index.html` beside the tables, made of what the journal holds; nothing is graded for it."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from grader.cohort import insight, similarity
from grader.cohort.counting import Grade
from grader.cohort.insight import Cause, Insight, Item, Place
from grader.cohort.intake import Store
from grader.cohort.items import FEWEST
from grader.cohort.journal import Journal
from grader.cohort.remarks import appeal_id
from grader.cohort.run import Result, report_folder
from grader.cohort.signs import kinds, read_signs
from grader.cohort.similarity import Code, LookAlikes
from grader.cohort.tables import guard, written
from grader.course.course import Course
from grader.course.policy import Policy
from grader.files import write_atomically
from grader.records import CheckResult, Report
from grader.report import pages

_MOST_EVIDENCE = 3  #: failed checks beside an appeal
_MOST_GROUPS, _MOST_FUNCTIONS = 40, 6  #: of look-alikes that are shown, and of functions side by side
#: Look-alikes, and each function that the pair of them shares with its text by either.
SideBySide = tuple[LookAlikes, list[tuple[str, str, str]]]


def write(result: Result, course: Course, anonymous: bool = False, made: str = "") -> Path:
    """Write index.html, items.csv and signs.csv into the class's folder; returns the page's path.

    made : ISO time on the page; now without it
    """
    grades = sorted(result.grades, key=lambda grade: (-grade.score, grade.student))
    with Journal(result.out / "journal.sqlite") as journal:
        look = insight.look(grades, lambda grade: journal.report(grade.key, course))
        appeals = {
            g.student: (appeal_id(g.appeal), _evidence(g.appeal, journal.report(g.key, course))) for g in grades if g.appeal
        }
    before = _before(result.out / "items.csv", look)
    signs, alike = _code(result.out, grades, course, result.policy)
    names = {g.student: g.student if g.name in ("", g.student) else f"{g.name} ({g.student})" for g in grades}
    names |= {stranger: names.get(stranger, stranger) for stranger in result.intake.unknown}
    view = {
        "grades": grades,
        "look": msgspec.structs.replace(look, stages={s: look.stages[s] for s in result.stages if s in look.stages}),
        "most": max((grade.max_score for grade in grades), default=0.0),
        "link": _links(result.out, grades),
        "number": {student: place for place, student in enumerate(names, 1)},  # what stands for a name when names are hidden
        "name": names,
        "anonymous": anonymous,
        "before": before,
        "alike": alike,
        "signs": signs,
        "unknown": result.intake.unknown,
        "remarks": result.remarks,
        "causes": {"/".join((cause.stage, cause.id)): cause for cause in look.causes},
        "appeals": appeals,
        "fewest": FEWEST,
        "course": result.course[:12],
        "made": made or datetime.now(UTC).isoformat(timespec="seconds"),
    }
    told = [("student", "signs"), *((guard(student), guard(sign)) for student, sign in signs)]
    write_atomically(result.out / "signs.csv", written(told))
    write_atomically(result.out / "items.csv", _items(look, before))
    folder = Path(__file__).with_name("templates")
    environment = pages.environment(folder, style=pages.stylesheet(folder / "class.css"))
    return write_atomically(
        result.out / "index.html", environment.get_template("class.html.j2").render(v=view, about=course.about)
    )


def _links(out: Path, grades: list[Grade]) -> dict[str, str]:
    """Student -> the report, where there is one."""
    places = {grade.student: report_folder(out, grade.key) / "report.html" for grade in grades if grade.key}
    return {student: place.relative_to(out).as_posix() for student, place in places.items() if place.exists()}


def _evidence(appeal: str, report: Report | None) -> list[tuple[str, CheckResult]]:
    """The failed checks that an appeal names, by themselves or by their stage; the first ones if it names none."""
    failed = [(stage, check) for *_, (stage, _), check in insight.failures(report)] if report else []
    named = [(stage, check) for stage, check in failed if check.id in appeal or stage in appeal]
    return (named or failed)[:_MOST_EVIDENCE]


def _code(out: Path, grades: list[Grade], course: Course, policy: Policy) -> tuple[list[tuple[str, str]], list[SideBySide]]:
    """Signs and look-alikes; of students with the same content only the first is compared with others."""
    store = Store(out / "store")
    signs: list[tuple[str, str]] = []
    marks: dict[str, similarity.Marks] = {}
    holders: dict[str, list[str]] = {}  #: digest -> students
    given, names = kinds(similarity.python_files(course.student)), similarity.asked_for(course)
    for grade in grades:
        if not grade.digest:
            continue
        files = store.get(grade.digest).files
        if shown := read_signs(files, given):
            signs.append((grade.student, "; ".join(shown[:6]) + (f"; {len(shown) - 6} more" if len(shown) > 6 else "")))
        if grade.digest not in holders and (own := Code(files, names).marks()):
            marks[grade.student] = own
        holders.setdefault(grade.digest, []).append(grade.student)
    if len(marks) < 2:
        return signs, []
    found = similarity.groups(marks, similarity.known_answers(course), similarity.known_marks(course, policy.known))
    digests = {those[0]: digest for digest, those in holders.items()}
    alike = []
    for group in found[:_MOST_GROUPS]:
        one, other = (Code(store.get(digests[student]).files, names) for student in group.pair)
        texts = [(name, one.text(name), other.text(name)) for name in group.functions]
        codes = sorted(texts, key=lambda text: -len(text[1]))[:_MOST_FUNCTIONS]
        everybody = sorted(student for first in group.students for student in holders[digests[first]])
        alike.append((msgspec.structs.replace(group, students=everybody), codes))
    return signs, alike


def _figures(look: Insight) -> dict[Place, tuple[int, int, Cause | Item]]:
    """Of each cause and check: how many were without it, or passed, of how many who tried."""
    causes = {(each.stage, each.id): (each.tried - each.made, each.tried, each) for each in look.causes}
    return {**causes, **{(each.stage, each.id): (each.passed, each.tried, each) for each in look.checks}}


def _items(look: Insight, before: Mapping[Place, tuple[int, int]]) -> str:
    """A table of the checks and causes, with the figures of the last run that had others."""
    head = ["stage", "id", "title", "passed", "tried", "difficulty", "discrimination", "passed_before", "tried_before"]
    rows: list[list[object]] = [[*head]]
    for (stage, name), (passed, tried, each) in sorted(_figures(look).items()):
        title = each.title if isinstance(each, Cause) else each.promise
        few = tried < FEWEST
        figures = ("" if few else round(passed / tried, 4), "" if each.discrimination is None else round(each.discrimination, 4))
        rows.append([stage, name, guard(title), passed, tried, *figures, *before.get((stage, name), ("", ""))])
    return written(rows)


def _before(file: Path, look: Insight) -> dict[Place, tuple[int, int]]:
    """The figures of the last run that had others than these."""
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8", "replace")))) if file.exists() else []
    rows = [row for row in rows if len(row) == 9]  # unless a spreadsheet has saved it in a way of its own
    last, former = (
        {(row[0], row[1]): (int(row[at]), int(row[at + 1])) for row in rows if row[at].isdecimal() and row[at + 1].isdecimal()}
        for at in (3, 7)
    )
    return former if last == {place: figures[:2] for place, figures in _figures(look).items()} else last
