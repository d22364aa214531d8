"""Courses for tests: the checkout's own, and ones of some stages."""

import ast
import shutil
from collections.abc import Iterable
from pathlib import Path

from grader.course.course import Course, Stage
from grader.paths import ROOT

HERE = Course(ROOT)


def with_stages(stages: Iterable[Stage]) -> Course:
    """The checkout's course as if it had these stages."""
    course = Course(ROOT)
    vars(course)["stages"] = tuple(stages)
    return course


def copied(folder: Path, stage_id: str, check_id: str) -> Course:
    """A copy of the checkout's course in another folder, with the reference handed in, where one check never holds."""
    for name in ("tasks", "reference"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(folder / "reference", folder / "student")
    (folder / "data").symlink_to(ROOT / "data")
    file = folder / "tasks" / stage_id / "checks.py"
    source = file.read_text(encoding="utf-8")
    check = next(n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == check_id)
    lines = source.splitlines(keepends=True)
    lines.insert(check.body[0].end_lineno, f"    {check.args.args[0].arg}.layers.only_in_the_copy()\n")
    file.write_text("".join(lines), encoding="utf-8")
    return Course(folder)
