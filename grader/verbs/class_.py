"""`class`: grade what a class handed in."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from grader import bootstrap
from grader.cohort import course_copy, page
from grader.cohort.counting import times_unknown
from grader.cohort.journal import Journal
from grader.cohort.live import Terminal
from grader.cohort.roster import read_roster
from grader.cohort.run import ClassRun, Result, grade_class
from grader.course.course import VARIABLE, Course
from grader.course.policy import Policy, read_policy
from grader.errors import Refusal
from grader.export import returned
from grader.export.gradebook import fill
from grader.files import write_atomically
from grader.verbs import _course

_GRADEBOOK = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("class")
@click.argument("submissions", type=click.Path(path_type=Path))
@_course.out("Where results go.", "build/class", file_okay=False)
@click.option("--jobs", type=click.IntRange(1, 1024), help="Submissions side by side; all cores without it.")
@click.option("--policy", type=click.Path(path_type=Path), help="Another file than policy.toml.")
@click.option("--roster", type=click.Path(path_type=Path), help="CSV of the class: id, name, email, github_username ...")
@click.option("--scheduler", default="", help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786.")
@click.option("--regrade", multiple=True, metavar="STUDENT", help="Grade this student again; 'all' for everybody.")
@click.option("--canvas", type=_GRADEBOOK, help="Fill this gradebook exported from Canvas.")
@click.option("--moodle", type=_GRADEBOOK, help="Fill Moodle's grading worksheet, and read its times.")
@click.option("--brightspace", type=_GRADEBOOK, help="Fill this export of Brightspace's grades.")
@click.option("--blackboard", type=_GRADEBOOK, help="Fill this download of Blackboard's gradebook.")
@click.option("--column", default="", help="Which assignment of the gradebook.")
@click.option("--no-reports", is_flag=True, help="Write no HTML report for each submission.")
@click.option("--return-reports", is_flag=True, help="Write returned/STUDENT/report.html, at the policy's feedback level.")
@click.option("--anonymous", is_flag=True, help="Leave names out of the class page altogether.")
def command(
    submissions: Path,
    out: Path,
    jobs: int | None,
    policy: Path | None,
    roster: Path | None,
    scheduler: str,
    regrade: tuple[str, ...],
    column: str,
    no_reports: bool,
    return_reports: bool,
    anonymous: bool,
    **gradebooks: Path | None,
) -> int:
    """Grade a folder of SUBMISSIONS: folders, archives, clones, downloads of Gradescope, Canvas, Moodle ...

    Run the same command again to go on after an interruption, or after new submissions came in.
    """
    if not str(submissions) or str(submissions) == ".":
        raise Refusal("no submissions were named. Remedy: make class SUBMISSIONS=folder")
    course = _course.course_here()
    settings = read_policy(policy, course.folder)
    there, inside = (Path(os.path.realpath(path)) for path in (submissions, out))
    if there in (inside, *inside.parents):
        raise Refusal(f"{out} lies in {submissions}: its results would count as handed in. Remedy: OUT=a folder beside it.")
    if not course_copy.is_copy(course.folder):
        _from_a_copy(course, out, settings)
    watcher, worksheet = Terminal(), gradebooks["moodle"]
    run = ClassRun(
        course=course,
        submissions=submissions,
        out=out,
        policy=settings,
        roster=read_roster(roster, settings.late.zone) if roster else None,
        times=read_roster(worksheet, settings.late.zone, "Moodle's worksheet") if worksheet else None,
        jobs=jobs or 0,
        scheduler=scheduler,
        regrade=regrade,
        html=not no_reports,
        watcher=watcher,
    )
    try:
        result = grade_class(run)
    except KeyboardInterrupt:
        watcher.close()
        click.echo("Stopped. Finished grades are kept. Run the same command to continue.", err=True)
        return 130
    finally:
        watcher.close()
    written = page.write(result, course, anonymous=anonymous)
    if return_reports:
        _return_reports(result, course)
    _fill_gradebooks(result, gradebooks, column)  # last: a file that is no gradebook keeps nothing else from being written
    return _told(result, written)


def _from_a_copy(course: Course, out: Path, policy: Policy) -> NoReturn:
    """Run this very command again from a copy of the course. Paths mean the same there: the folder one is in stays."""
    course.select(())  # a broken course is refused by the names of its own files
    out.mkdir(parents=True, exist_ok=True)
    copy = course_copy.copy_course(course, out.absolute(), str(policy.private or ""))
    words = [*click.get_current_context().find_root().obj, "--out", str(out.absolute())]
    if Path(policy.file).exists():
        words += ["--policy", policy.file]
    sys.stdout.flush()
    command = [sys.executable, "-P", "-c", bootstrap.START.format(root=str(copy)), *words]
    bootstrap.become(command, {**os.environ, course_copy.VARIABLE: str(copy), VARIABLE: str(copy)})


def _fill_gradebooks(result: Result, files: dict[str, Path | None], column: str) -> None:
    """Write a filled copy of each file beside the results, and say what it holds."""
    names = [file.name for file in files.values() if file is not None]
    for system, file in files.items():
        if file is not None:
            name = file.name if names.count(file.name) == 1 else f"{system}-{file.name}"
            filled = fill(system, file.read_bytes(), result.grades, "" if system == "moodle" else column, file.name)
            target = write_atomically(result.out / f"filled-{name}", filled.data)
            click.echo("\n".join([str(target), *(f"  {sentence}" for sentence in filled.sentences())]))


def _told(result: Result, written: Path) -> int:
    """Say how many were graded and where it stands; the exit status."""
    faults = result.of_state("fault")
    if warning := times_unknown(result.grades, result.policy.late):
        click.secho(warning, fg="red", bold=True)
    if appeals := sum(grade.appeal_state == "open" for grade in result.grades):
        click.echo(f"Appeals to answer: {appeals}. The class page has them, and the lines to answer them with.")
    click.echo(
        f"{len(result.of_state('graded'))} graded, {len(result.of_state('submission'))} could not be graded (submission), "
        f"{len(faults)} failed in the grader, {len(result.of_state('missing'))} missing.\n{result.out / 'grades.csv'}\n{written}"
    )
    return 3 if faults else 0


def _return_reports(result: Result, course: Course) -> None:
    folder, rules = result.out / "returned", result.policy.feedback
    with Journal(result.out / "journal.sqlite") as journal:
        count = returned.return_reports(result.grades, lambda grade: journal.report(grade.key, course), rules, folder, course)
    click.echo(f"{folder}: {count} reports to return.")
