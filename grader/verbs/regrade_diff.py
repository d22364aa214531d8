"""`regrade-diff`: whose score changes between two versions of the course."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from grader.cohort.difference import differences, grades_of, other_stages
from grader.verbs import _course


@click.command("regrade-diff")
@click.argument("old", type=click.Path(path_type=Path, exists=True))
@click.argument("new", type=click.Path(path_type=Path, exists=True))
@click.option("--submissions", type=click.Path(path_type=Path), help="Needed where OLD or NEW is a checkout of the course.")
@_course.out("Where checkouts' results go.", "build/regrade")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Submissions side by side.")
def command(old: Path, new: Path, submissions: Path | None, out: Path, jobs: int | None) -> int:
    """Compare OLD with NEW: each is the folder of a graded class, or a checkout of the course to grade it with.

    Exit status 1 if anybody's score or state changes.
    """
    before = grades_of(old, submissions, out / "old", jobs)
    after = grades_of(new, submissions, out / "new", jobs)
    changes = differences(before, after)
    console = Console(highlight=False)
    for sentence in other_stages(before, after):
        console.print(sentence)
    changed = [change for change in changes if change.old != change.new]
    if not changes:
        console.print(f"No score changes: {len(after)} students.")
        return 0
    table = Table(box=None, pad_edge=False)
    for title in ("Student", "Old", "New", "Change", "Where"):
        table.add_column(title, justify="right" if title in ("Old", "New", "Change") else "left")
    for change in changes:
        table.add_row(change.student, change.old, change.new, change.change, change.where)
    console.print(table)
    up = sum(change.difference > 0 for change in changes)
    down = sum(change.difference < 0 for change in changes)
    everybody = len({grade.student for grade in (*before, *after)})
    same = f" {len(changes) - len(changed)} more have the same score in other ways." if len(changes) > len(changed) else ""
    console.print(f"{len(changed)} of {everybody} students change: {up} gain, {down} lose.{same}")
    return 1 if changed else 0
