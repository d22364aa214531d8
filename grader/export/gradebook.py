"""Grades into the gradebook that an instructor exported: Canvas's CSV or Moodle's offline grading worksheet.

Only the cells of one column change. Who cannot be told with certainty is named and left alone.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from grader.cohort.counting import Grade
from grader.cohort.roster import fold
from grader.errors import Refusal
from grader.export.cells import Sheet, parse
from grader.report.words import number

_NOT_CANVAS_ASSIGNMENTS = ("current", "final", "unposted", "override", "notes", "custom")


class GradebookLine(NamedTuple):
    """One person in the file."""

    row: int
    shown: str
    keys: list[str]  #: by what the class may know this person, the most telling first
    locked: str = ""  #: why the cell stays as it is


@dataclass
class Filled:
    """The filled file, and everybody who needs a look."""

    data: bytes
    count: int = 0  #: cells filled
    column: str = ""
    scaled_to: float = 0  #: points possible, if the scores were scaled to them
    not_graded: list[str] = field(default_factory=list)  #: in the file, without a submission
    not_in_file: list[str] = field(default_factory=list)  #: graded, but in no line of the file
    ambiguous: list[str] = field(default_factory=list)  #: two students or two lines that cannot be told apart
    untouched: list[str] = field(default_factory=list)  #: excused, locked, or the grader's fault

    def sentences(self) -> list[str]:
        """What an instructor has to know, a line each."""
        told = [f"{self.count} grades filled into {self.column!r}."]
        if self.scaled_to:
            told.append(f"Scores were scaled to the {self.scaled_to:g} points possible there.")
        for names, what in (
            (self.not_in_file, "graded, but not in the file"),
            (self.not_graded, "in the file, but nothing was handed in"),
            (self.ambiguous, "not told apart, left alone"),
            (self.untouched, "left alone"),
        ):
            if names:
                told.append(f"{len(names)} {what}: {', '.join(names)}.")
        return told


def fill_canvas(data: bytes, grades: list[Grade], column: str = "", name: str = "the Canvas file") -> Filled:
    """Fill an assignment's column of a gradebook exported from Canvas.

    column : the assignment's title, with or without its id; needed if the file has several assignments
    """
    sheet = parse(data, name)
    if not {"id", "section"} <= sheet.at.keys() or not {"student", "lastname"} & sheet.at.keys():
        raise Refusal(f"{name} has no columns Student, ID and Section. Remedy: Grades, Export, Export Entire Gradebook.")
    target = _canvas_column(sheet, column, name)
    lines, possible = [], 0.0
    for row in sheet.people():
        first = sheet.text(row, 0).strip().casefold()
        if first == "points possible":
            possible = _points(sheet.text(row, target))
        elif first not in ("manual posting", "muted", "student, test"):
            lines.append(_canvas_line(sheet, row, sheet.text(row, target)))
    return _fill(sheet, target, possible, lines, grades)


def fill_moodle(data: bytes, grades: list[Grade], name: str = "the Moodle file") -> Filled:
    """Fill the Grade column of an offline grading worksheet downloaded from Moodle."""
    sheet = parse(data, name)
    needed = ("Identifier", "Grade", "Last modified (grade)")
    if missing := [title for title in needed if title.casefold() not in sheet.at]:
        raise Refusal(
            f"{name} has no column {missing[0]!r}, without which Moodle refuses the import. "
            "Remedy: switch on offline grading worksheets and download the worksheet."
        )
    lines, possible = [], 0.0
    for row in sheet.people():
        lines.append(_moodle_line(sheet, row))
        possible = _points(sheet.get(row, "maximum grade")) or possible
    return _fill(sheet, sheet.at["grade"], possible, lines, grades)


def _canvas_column(sheet: Sheet, column: str, name: str) -> int:
    """Assignments come after Section and are called `Title (123)`."""
    header = sheet.header
    places = [
        i for i in range(sheet.at["section"] + 1, len(header))
        if header[i].endswith(")") and not header[i].casefold().startswith(_NOT_CANVAS_ASSIGNMENTS)
    ]  # fmt: skip
    if column:
        wanted = fold(column)
        places = [i for i in places if wanted in (fold(header[i]), fold(header[i].rpartition(" (")[0]))]
    if len(places) != 1:
        titles = ", ".join(repr(header[i]) for i in places) or "none"
        raise Refusal(f"{name}: {titles} of its assignments fit {column!r}. Remedy: --column 'Title (id)' as in the header.")
    return places[0]


def _canvas_line(sheet: Sheet, row: int, held: str) -> GradebookLine:
    """A student of a Canvas file whose cell holds something already."""
    whole = "student" in sheet.at
    shown = sheet.get(row, "student") if whole else f"{sheet.get(row, 'firstname')} {sheet.get(row, 'lastname')}"
    last, _, rest = shown.partition(",")
    keys = [sheet.get(row, title) for title in ("sis user id", "sis login id", "id", "integration id")]
    return GradebookLine(row, shown, [*keys, f"{rest} {last}"], held if held.strip() in ("EX", "N/A") else "")


def _moodle_line(sheet: Sheet, row: int) -> GradebookLine:
    identifier = sheet.get(row, "identifier")
    keys = [sheet.get(row, title) for title in ("email address", "id number", "username", "full name")]
    locked = sheet.get(row, "grade can be changed").casefold() == "no"
    shown = sheet.get(row, "full name") or identifier
    told = identifier.rpartition(" ")[2] if identifier.startswith("Participant") else identifier
    return GradebookLine(row, shown, [told, *keys], "grade cannot be changed" if locked else "")


def _points(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return 0.0  # "(read only)", or a scale


def _fill(sheet: Sheet, target: int, possible: float, lines: list[GradebookLine], grades: list[Grade]) -> Filled:
    """The file with the cells of one column filled, where a line and a student are each other's only match."""
    filled = Filled(sheet.data, column=sheet.header[target])
    lines_of, unclear = _matched(lines, grades, filled)
    scores = _scores(lines_of, grades, possible, filled)
    met = unclear.union(lines_of)
    filled.not_in_file = [g.student for g in grades if g.student not in met and g.state != "missing"]
    if possible and any(grade.max_score != possible for grade in grades):
        filled.scaled_to = possible
    filled.count = len(scores)
    filled.data = sheet.filled({(row, target): text for row, text in scores.items()})
    return filled


def _scores(lines_of: dict[str, list[GradebookLine]], grades: list[Grade], possible: float, filled: Filled) -> dict[int, str]:
    """Row -> what is written there; who gets nothing is noted."""
    whose = {grade.student: grade for grade in grades}
    scores: dict[int, str] = {}
    for student, (line, *more) in lines_of.items():
        grade = whose[student]
        if more:
            filled.ambiguous += [f"{each.shown} (line {each.row + 1})" for each in (line, *more)]
        elif grade.state == "missing" and not line.locked:
            filled.not_graded.append(line.shown)
        elif line.locked or grade.state not in ("graded", "submission"):
            filled.untouched.append(f"{line.shown} ({line.locked or grade.reason})")
        else:
            scores[line.row] = str(number(_scaled(grade, possible)))
    return scores


def _matched(lines: list[GradebookLine], grades: list[Grade], filled: Filled) -> tuple[dict[str, list[GradebookLine]], set[str]]:
    """Student -> the lines that name this student alone, and the students that some line may mean; the rest is noted."""
    called: defaultdict[str, set[str]] = defaultdict(set)
    for grade in grades:
        for key in filter(None, map(fold, (grade.student, grade.name, *grade.ids.values()))):
            called[key].add(grade.student)
    lines_of: defaultdict[str, list[GradebookLine]] = defaultdict(list)
    unclear: set[str] = set()
    for line in lines:
        found = [called[key] for key in map(fold, line.keys) if key in called]
        if not found:
            filled.not_graded.append(line.shown)
        elif len(found[0]) == 1:
            lines_of[min(found[0])].append(line)
        else:
            filled.ambiguous.append(line.shown)
            unclear.update(*found)
    return lines_of, unclear


def _scaled(grade: Grade, possible: float) -> float:
    return grade.score * possible / grade.max_score if possible and grade.max_score else grade.score
