"""The course that a command is about, and the options that many verbs have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from grader.course.course import Course

Command = TypeVar("Command", bound=Callable[..., Any])


def course_here(with_reference: bool = True) -> Course:
    """The one that `--course` names, else the one around the current folder, else the one beside the engine."""
    from grader.course.course import Course, course_folder

    return Course(course_folder(), with_reference=with_reference)


def student(told: str = "Folder of the submission.", below: str = "student") -> Callable[[Command], Command]:
    """`--student`, a folder; without it one of the course's own."""
    return _place("--student", told, below)


def out(told: str, below: str = "build", **kind: bool) -> Callable[[Command], Command]:
    """`--out`, a folder or file; without it one below the course's folder. kind : as of click.Path"""
    return _place("--out", told, below, **kind)


def _place(option: str, told: str, below: str, **kind: Any) -> Callable[[Command], Command]:  # noqa: ANN401
    place = click.Path(path_type=Path, **kind)
    return click.option(option, type=place, default=lambda: course_here().folder / below, help=told)


#: `--sandbox`, as `grade` explains it.
sandbox = click.option("--sandbox", type=click.Choice(["auto", "strict", "off"]), default="auto", help="As in grade.")
