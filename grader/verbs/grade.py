"""`grade`: grade a submission, say what to do next, and write the report."""

from pathlib import Path

import click

from grader.grading.output import Output
from grader.grading.request import Request, Settings, unchanged
from grader.records import REPRO, Report, Sandbox
from grader.report import terminal
from grader.report.refutations import refutation
from grader.running.interrupts import stoppable
from grader.verbs import _course


@click.command("grade")
@click.argument("stages", nargs=-1, metavar="[STAGE]...")
@_course.student()
@_course.out("Where the results go.")
@click.option("--seed", type=int, default=0, help="Seed of the checks' inputs.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "strict", "off"]),
    default="auto",
    help="strict: refuse to grade unless everything that a submission must not do is blocked.",
)
@click.option("--strict", is_flag=True, help="Exit with status 1 below full marks.")
@click.option("--no-cache", is_flag=True, help="Grade everything afresh.")
@click.option("--no-reference", is_flag=True, hidden=True, help="Grade as if reference/ were not there.")
def command(
    stages: tuple[str, ...],
    student: Path,
    out: Path,
    seed: int,
    sandbox: Sandbox,
    strict: bool,
    no_cache: bool,
    no_reference: bool,
) -> int:
    """Grade all stages, or the ones that are named, and write results.json and report.html.

    A stage may be named by its folder, noun or number: 03_sums, sums or 3. Exit status: 0 graded; 1 below full marks, with --strict;
    2 a folder that is not a submission, a broken task or a refused sandbox; 3 the grader's own fault; 130 interrupted.
    """
    how = Settings(seed, sandbox=sandbox, strict=strict, use_cache=not no_cache)
    request = Request(_course.course_here(with_reference=not no_reference), student, Output(out, repro=True), stages, how)
    with stoppable():
        before, report = request.output.last(), unchanged(request)
        remark = ", nothing has changed since" if report else ""
        if report is None:
            from grader.grading.grade import grade
            from grader.learner.progress_bar import Live

            with Live() as live:
                report = grade(request, live)
        status = _show(request, report, strict, remark)
        _show_milestone(request, before, report)
        return status


def _show_milestone(request: Request, before: Report | None, report: Report) -> None:
    """What the learner's own code can do, if a stage is done that was not in the grade before."""
    was = {stage.id: stage.state for stage in before.stages} if before else {}
    done = [stage.id for stage in report.stages if stage.state == "pass" and was.get(stage.id, "pass") != "pass"]
    if not done:
        return
    from grader.learner.milestone import milestone
    from grader.running.limits import Limits, calibrate
    from grader.worker.outside.pool import WorkerPool

    course, console = request.course, terminal.console()
    with WorkerPool(course.withheld, request.settings.sandbox) as pool:
        told = milestone(done, course.read(request.student), course, pool, Limits(calibrate()))
    if told:
        console.print()
        console.print(f"{terminal.sign(console, 'pass')} {told}", style="green")


def _show(request: Request, report: Report, strict: bool, remark: str) -> int:
    console, out = terminal.console(), request.output.folder
    untouched = report.score == 0 and all(stage.state == "todo" for stage in report.stages)
    if untouched and not report.extra.stages_named:
        console.print(terminal.greeting(report, request.course.about))
    console.print(terminal.summary(console, report, request.course.about, whole=not report.extra.stages_named))
    if refutation(report, request.course.tasks):
        console.print("      make why  says why this is a mistake", style="dim")
    page = out / "report.html"
    if (file := out / REPRO).exists():
        console.print(f"      python {_short(file)}  runs what this check ran", style="dim", soft_wrap=True)
    if page.exists():
        console.print()
        console.print(f"report: {_short(page)}   ({report.seconds:.1f} s{remark})", style="dim", soft_wrap=True)
    if not report.complete:
        return 130
    if any(check.state == "error" for _, check in report.checks):
        return 3
    return 1 if strict and report.score < report.max_score else 0


def _short(path: Path) -> Path:
    full, here = path.resolve(), Path.cwd()
    return full.relative_to(here) if full.is_relative_to(here) else path
