"""`make class-regrade`: after an edit of the course only what it can change is graded again, and ends as a fresh run does.

A class of 40, trainings included, is graded once. For each edit it is graded again in the same folder, and from the start in
another. What ran is counted by check; both tables, and all reports but for times, have to be equal. ARGS="--size 10" for less.

The trainings get few images (`limits.training_images`): what is tested is the class, not the training.
"""

import argparse
import ast
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from grader.cohort import run as class_run
from grader.cohort.counting import Grade
from grader.cohort.journal import Journal
from grader.cohort.run import ClassRun, Result, grade_class
from grader.cohort.work import ClassGrader
from grader.course.course import Course
from grader.course.policy import read_policy
from grader.running.session import Observer
from tests.cohort.classes import Generator
from tests.courses import HERE

Ran = Counter[tuple[str, str, str]]  #: (digest, stage, check) -> how often it ran


def course_in(folder: Path) -> Course:
    """A course that may be edited."""
    for part in (HERE.tasks, HERE.reference, HERE.student, HERE.data):
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("__pycache__", "figures"))
    return Course(folder)


def edit(course: Course, file: str, old: str, new: str) -> None:
    path = course.folder / file
    text = path.read_text("utf-8")
    assert old in text, (file, old)
    path.write_text(text.replace(old, new, 1), "utf-8")


def retitled(course: Course, bank: str) -> None:
    """Let every known mistake of a stage have another title."""
    text = (course.folder / bank).read_text("utf-8")
    (course.folder / bank).write_text(re.sub(r'^(    """)(\w.{,50}\n\n)', r"\1Some \2", text, flags=re.MULTILINE), "utf-8")


def neutralised(course: Course, stage: str, check: str) -> None:
    """Let a check hold for whoever hands in something."""
    path = course.tasks / stage / "checks.py"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    node = next(n for n in ast.parse("".join(lines)).body if isinstance(n, ast.FunctionDef) and n.name == check)
    lines[node.body[0].end_lineno : node.end_lineno] = ["    student.layers\n"]
    path.write_text("".join(lines), "utf-8")


class Counting(Observer):
    """Grades in this process, one submission after another, and counts."""

    def __init__(self, grader: ClassGrader) -> None:
        self.grader, self.ran, self.digest = grader, Ran(), ""

    def running(self, check, limit):
        self.ran[self.digest, check.stage, check.id] += 1

    def run(self, orders):
        for order in orders:
            self.digest = order.digest
            yield self.grader.grade(order, self)

    def close(self) -> None:
        self.grader.pool.close()


def graded(course: Course, submissions: Path, out: Path, policy: Path, **more) -> tuple[Result, Ran]:
    """The class, graded from a copy of the course, and what ran for it; (nothing, {}) if everything was known."""
    out.mkdir(parents=True, exist_ok=True)
    course, backends = Course(Path(shutil.copytree(course.folder, out / f"course-{len(list(out.glob('course-*')))}"))), []

    def backend(run, settings, scratch):
        backends.append(Counting(ClassGrader(run.course, settings, scratch)))
        return backends[-1]

    usual, class_run._backend = class_run._backend, backend
    try:
        result = grade_class(ClassRun(course, submissions, out, read_policy(policy, policy.parent), html=False, **more))
    finally:
        class_run._backend = usual
    return result, backends[0].ran if backends else Ran()


def told(result: Result, course: Course) -> dict[str, object]:
    """Student -> the report, without what the clock says."""
    with Journal(result.out / "journal.sqlite") as journal:
        reports = {grade.student: journal.report(grade.key, course) for grade in result.grades}
    return {student: msgspec.to_builtins(report and timeless(report)) for student, report in reports.items()}


def failed(out: Path, course: Course) -> set[tuple[str, str, str]]:
    """(student, stage, check) of all that fails in a graded class and was run to be told so, trainings apart."""
    grades = [msgspec.json.decode(line, type=Grade) for line in (out / "grades.jsonl").read_bytes().splitlines()]
    training = {check.id for stage in course.stages for check in stage.checks if check.training}
    with Journal(out / "journal.sqlite") as journal:
        reports = {grade.student: report for grade in grades if (report := journal.report(grade.key, course))}
    return {
        (student, stage.id, check.id)
        for student, report in reports.items()
        for stage in report.stages
        for check in stage.checks
        if check.state == "fail" and check.id not in training
    }


def timeless(report):
    stages = [
        msgspec.structs.replace(s, seconds=0.0, checks=[msgspec.structs.replace(c, seconds=0.0) for c in s.checks])
        for s in report.stages
    ]
    kept = {key: value for key, value in report.fingerprints.items() if key == "submission"}
    return msgspec.structs.replace(report, stages=stages, seconds=0.0, finished="", limits={}, fingerprints=kept)


def differences(one: Result, other: Result, course: Course) -> list[str]:
    """What is not as a fresh run has it; nothing if all is well."""
    tables = [(result.out / "grades.csv").read_text("utf-8").splitlines() for result in (one, other)]
    found = [f"table: {a} | {b}" for a, b in zip(*tables, strict=True) if a != b]
    mine, theirs = told(one, course), told(other, course)
    return found + [f"report of {student}" for student in mine if mine[student] != theirs[student]]


def edits(course: Course, out: Path):
    """(what is edited, the edit, the stage that runs for everybody; None if nothing runs)."""
    hint, mark = 'hints = [\n  "', "\n\n@misconception("
    yield "a hint", lambda: edit(course, "tasks/03_softmax/task.toml", hint, f"{hint}Please: "), None
    bank = "tasks/01_linear/misconceptions.py"
    yield "titles of mistakes", lambda: retitled(course, bank), None
    yield "a known mistake", lambda: edit(course, bank, mark, f"\n\nIDEA = 1\n{mark}"), ""
    for stage in ("02_relu", "10_training_loop", "12_mnist"):
        path = f"tasks/{stage}/checks.py"
        yield f"a check of {stage}", lambda path=path: edit(course, path, '"""\n\n', '"""\n\n# edited\n'), stage
    stage, check = min((stage, check) for _, stage, check in failed(out, course))
    yield f"{check}, which passes from now on", lambda: neutralised(course, stage, check), stage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=40)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--stages", nargs="*", default=[], help="All of them without it.")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="chain-rule-regrade-"))
    policy, out, course = folder / "policy.toml", folder / "out", course_in(folder / "course")
    policy.write_text(f"[grading]\nstages = {options.stages}\n[limits]\ntraining_images = {options.images}\n")
    Generator(options.seed).write(folder / "class", options.size)
    _, whole = graded(course, folder / "class", out, policy)
    print(f"{options.size} submissions in {folder}: {whole.total()} runs of checks", flush=True)
    wrong = []
    for name, change, stage in edits(course, out):
        before = {(student, check) for student, _, check in failed(out, course)}
        change()
        result, ran = graded(course, folder / "class", out, policy)
        fresh, whole = graded(course, folder / "class", folder / "fresh", policy)
        wrong += [f"{name}: {told}" for told in differences(result, fresh, course)]
        shutil.rmtree(folder / "fresh")
        who = {grade.digest: grade.student for grade in result.grades}
        elsewhere = {(who[digest], check) for digest, where, check in ran if where != stage}
        if stage is None and ran:
            wrong.append(f"{name}: {ran.total()} checks ran, though it is only shown")
        if "from now on" not in name and not elsewhere <= before:
            wrong.append(f"{name}: {len(elsewhere - before)} checks ran that had not failed")
        print(f"{name}: {ran.total()} of {whole.total()} runs, {len(elsewhere)} of them in other stages", flush=True)
    print("\n".join(wrong) or "each table and each report is that of a fresh run")
    if not wrong:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
