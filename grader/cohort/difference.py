"""Two gradings of one class, side by side."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from grader.bootstrap import START
from grader.cohort.counting import Grade
from grader.course.course import VARIABLE
from grader.errors import Refusal
from grader.paths import ENGINE
from grader.report.words import number

#: What every checkout of a course has, of any version; the engine may lie elsewhere.
CHECKOUT = ("reference", "tasks")


class Change(Struct, frozen=True):
    """One student whose grade is not the same."""

    student: str
    old: str
    new: str
    difference: float
    where: str  #: "03_softmax 6 -> 4"

    @property
    def change(self) -> str:
        return f"{number(self.difference):+}" if self.difference else "="


def grades_of(source: Path, submissions: Path | None, out: Path, jobs: int | None) -> list[Grade]:
    """The grades in a class's folder, or those that a checkout of the course gives to the submissions.

    raises : Refusal
    """
    table = source / "grades.jsonl" if source.is_dir() else source
    if not table.exists():
        if not all((source / part).exists() for part in CHECKOUT):
            raise Refusal(f"{source} is neither the folder of a graded class nor a checkout of the course.")
        if submissions is None:
            raise Refusal(f"{source} is a checkout: name what is to be graded. Remedy: --submissions folder")
        table = _grade_with(source.resolve(), submissions.resolve(), out.resolve(), jobs)
    try:
        return [msgspec.json.decode(line, type=Grade) for line in table.read_bytes().splitlines() if line.strip()]
    except msgspec.MsgspecError as error:
        raise Refusal(f"{table} contains no grades ({error}). Remedy: run make class again.") from None


def differences(old: list[Grade], new: list[Grade]) -> list[Change]:
    """Everybody whose state, score, points in a stage, without substitutes or by hand, appeal or comments change, the biggest
    loss first."""
    before = {grade.student: grade for grade in old}
    after = {grade.student: grade for grade in new}
    shared = stages_of(old) & stages_of(new)  # another stage is listed for those alone whose score it changes
    changes = []
    for student in sorted(before.keys() | after.keys()):
        one, other = before.get(student), after.get(student)
        if where := _where(one, other, shared):
            difference = (other.score if other else 0.0) - (one.score if one else 0.0)
            changes.append(Change(student, _shown(one), _shown(other), round(difference, 2), where))
    return sorted(changes, key=lambda change: (change.difference, change.student))


def stages_of(grades: list[Grade]) -> set[str]:
    """The stages in which anybody has points, or could have had."""
    return {stage for grade in grades for stage in grade.stages}


def other_stages(old: list[Grade], new: list[Grade]) -> list[str]:
    """A sentence on the stages that were removed, and one on those that were added."""
    before, after = stages_of(old), stages_of(new)
    changed = {"removed": before - after, "added": after - before} if before and after else {}
    return [f"Stages {what}: {', '.join(sorted(stages))}." for what, stages in changed.items() if stages]


def _grade_with(checkout: Path, submissions: Path, out: Path, jobs: int | None) -> Path:
    """Run that checkout's own grader, if it has one, in this interpreter's environment."""
    engine = checkout if (checkout / "grader" / "__main__.py").is_file() else ENGINE
    command = [sys.executable, "-P", "-c", START.format(root=str(engine)), "class", str(submissions)]
    command += ["--out", str(out), "--no-reports", *(["--jobs", str(jobs)] if jobs else [])]
    status = subprocess.run(command, cwd=checkout, env={**os.environ, VARIABLE: str(checkout)}, check=False).returncode
    if status not in (0, 3) or not (out / "grades.jsonl").exists():
        raise Refusal(f"the course in {checkout} could not grade the class (status {status}).")
    return out / "grades.jsonl"


def _shown(grade: Grade | None) -> str:
    if grade is None:
        return "absent"
    return str(number(grade.score)) if grade.state == "graded" else grade.state


def _where(one: Grade | None, other: Grade | None, shared: set[str]) -> str:
    if one is None or other is None:
        return "only in one of them"
    parts = [f"{one.state} -> {other.state}"] if one.state != other.state else []
    for stage in sorted(one.stages.keys() | other.stages.keys()):
        a, b = one.stages.get(stage), other.stages.get(stage)
        if a != b and (stage in shared or one.score != other.score):
            shown = ["none" if points is None else str(number(points)) for points in (a, b)]
            parts.append(f"{stage} {shown[0]} -> {shown[1]}")
    parts += _by_hand(one, other)
    if not parts and one.score != other.score:
        parts.append("policy (lateness, weights or attempts)")
    own, now = one.points_alone, other.points_alone
    if own is not None and now is not None and own != now:
        parts.append(f"on its own {number(own)} -> {number(now)}")
    return ", ".join(parts)


def _by_hand(one: Grade, other: Grade) -> list[str]:
    """What an instructor has added meanwhile."""
    points = ["none" if grade.by_hand is None else f"{number(grade.by_hand):+}" for grade in (one, other)]
    appeals = [grade.appeal_state or "none" for grade in (one, other)]
    told = [f"{what} {a} -> {b}" for what, (a, b) in (("by hand", points), ("appeal", appeals)) if a != b]
    return told + ["other comments"] * (one.comments != other.comments)
