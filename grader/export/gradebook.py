"""Grades into the gradebook that an instructor exported: Canvas's CSV or Moodle's offline grading worksheet.

Only the cells of one column change. Who cannot be told with certainty is named and left alone.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from grader.cohort.counting import Grade
from grader.cohort.roster import fold
from grader.errors import Refusal
from grader.export.cells import Sheet, parse
from grader.report.words import number

_NOT_CANVAS_ASSIGNMENTS = ("current", "final", "unposted", "override", "notes", "custom")


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
    header = [cell.text.strip() for cell in sheet.rows[0]]
    at = {title.casefold(): place for place, title in enumerate(header)}
    if "id" not in at or not ({"student", "lastname"} & set(at)) or "section" not in at:
        raise Refusal(
            f"{name} has no columns Student, ID and Section. Remedy: Grades, Export, Export Entire Gradebook."
        )
    target = _canvas_column(header, at["section"], column, name)
    people, possible = [], 0.0
    for row in range(1, len(sheet.rows)):
        first = sheet.text(row, 0).strip().casefold()
        if first == "points possible":
            possible = _points(sheet.text(row, target))
        if first in ("points possible", "manual posting", "muted", "student, test") or not any(
            cell.text.strip() for cell in sheet.rows[row]
        ):
            continue
        keys = [sheet.text(row, at[k]) for k in ("sis user id", "sis login id", "id", "integration id") if k in at]
        if "student" in at:
            shown = sheet.text(row, at["student"])
        else:
            shown = f"{sheet.text(row, at['firstname'])} {sheet.text(row, at['lastname'])}"
        last, comma, rest = shown.partition(",")
        people.append((row, shown, [*keys, f"{rest} {last}" if comma else shown]))
    locked = {row: sheet.text(row, target) for row, _, _ in people if sheet.text(row, target).strip() in ("EX", "N/A")}
    return _fill(sheet, target, header[target], possible, people, locked, grades)


def fill_moodle(data: bytes, grades: list[Grade], name: str = "the Moodle file") -> Filled:
    """Fill the Grade column of an offline grading worksheet downloaded from Moodle."""
    sheet = parse(data, name)
    header = [cell.text.strip() for cell in sheet.rows[0]]
    at = {title.casefold(): place for place, title in enumerate(header)}
    needed = ("Identifier", "Grade", "Last modified (grade)")
    if missing := [title for title in needed if title.casefold() not in at]:
        raise Refusal(
            f"{name} has no column {missing[0]!r}, without which Moodle refuses the import. "
            "Remedy: switch on offline grading worksheets and download the worksheet."
        )
    people, locked, possible = [], {}, 0.0
    for row in range(1, len(sheet.rows)):
        if not any(cell.text.strip() for cell in sheet.rows[row]):
            continue
        identifier = sheet.text(row, at["identifier"]).strip()
        keys = [identifier.rpartition(" ")[2] if identifier.startswith("Participant") else identifier]
        keys += [sheet.text(row, at[k]) for k in ("email address", "id number", "username", "full name") if k in at]
        shown = sheet.text(row, at["full name"]) if "full name" in at else identifier
        people.append((row, shown or identifier, keys))
        if "maximum grade" in at:
            possible = _points(sheet.text(row, at["maximum grade"])) or possible
        if "grade can be changed" in at and sheet.text(row, at["grade can be changed"]).strip().casefold() == "no":
            locked[row] = "grade cannot be changed"
    return _fill(sheet, at["grade"], header[at["grade"]], possible, people, locked, grades)


def _canvas_column(header: list[str], section: int, column: str, name: str) -> int:
    """Assignments come after Section and are called `Title (123)`."""
    places = [
        i for i in range(section + 1, len(header))
        if header[i].endswith(")") and not header[i].casefold().startswith(_NOT_CANVAS_ASSIGNMENTS)
    ]  # fmt: skip
    if column:
        wanted = fold(column)
        places = [i for i in places if wanted in (fold(header[i]), fold(header[i].rpartition(" (")[0]))]
    if len(places) != 1:
        titles = ", ".join(repr(header[i]) for i in places) or "none"
        raise Refusal(
            f"{name}: {titles} of its assignments fit {column!r}. Remedy: --column 'Title (id)' as in the header."
        )
    return places[0]


def _points(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return 0.0  # "(read only)", or a scale


def _fill(
    sheet: Sheet,
    target: int,
    title: str,
    possible: float,
    people: list[tuple[int, str, list[str]]],
    locked: dict[int, str],
    grades: list[Grade],
) -> Filled:
    by_key: defaultdict[str, set[str]] = defaultdict(set)
    by_student = {grade.student: grade for grade in grades}
    for grade in grades:
        for key in (grade.student, grade.name, *grade.ids.values()):
            if key:
                by_key[fold(key)].add(grade.student)
    filled = Filled(sheet.data, column=title)
    rows_of: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for row, shown, keys in people:
        hits = next((hit for key in keys if key.strip() and (hit := by_key.get(fold(key)))), set())
        if len(hits) > 1:
            filled.ambiguous.append(shown)
        elif hits:
            rows_of[next(iter(hits))].append((row, shown))
        else:
            filled.not_graded.append(shown)
    values: dict[tuple[int, int], str] = {}
    for student, rows in rows_of.items():
        grade = by_student[student]
        if len(rows) > 1:
            filled.ambiguous += [f"{shown} (line {row + 1})" for row, shown in rows]
        elif rows[0][0] in locked:
            filled.untouched.append(f"{rows[0][1]} ({locked[rows[0][0]]})")
        elif grade.state == "missing":
            filled.not_graded.append(rows[0][1])
        elif grade.state not in ("graded", "submission"):
            filled.untouched.append(f"{rows[0][1]} ({grade.reason})")
        else:
            values[rows[0][0], target] = str(number(_scaled(grade, possible)))
    met = set(rows_of)
    unclear = {
        student
        for row, shown, keys in people
        if shown in filled.ambiguous
        for k in keys
        for student in by_key.get(fold(k), ())
    }
    filled.not_in_file = [g.student for g in grades if g.student not in met | unclear and g.state != "missing"]
    if possible and any(grade.max_score != possible for grade in grades):
        filled.scaled_to = possible
    filled.count = len(values)
    filled.data = sheet.filled(values)
    return filled


def _scaled(grade: Grade, possible: float) -> float:
    return grade.score * possible / grade.max_score if possible and grade.max_score else grade.score
