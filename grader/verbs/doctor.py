"""`doctor`: look at this machine, repair what can be repaired, and say what to do about the rest."""

import click

from grader.learner import doctor
from grader.report import terminal
from grader.verbs import _course


@click.command("doctor")
@click.option("--no-repair", is_flag=True, help="Look only, change nothing.")
def command(no_repair: bool) -> int:
    """Show versions, BLAS and its threads, what a submission's worker can and cannot do here, and the data's checksums.

    Damaged data files are put back from git, and missing packages installed. Exit status: 0 all is well; 1 something is
    missing, with its remedy beside it.
    """
    console = terminal.console()
    healthy = True
    for title, findings in doctor.examine(_course.course_here(), repair=not no_repair):
        console.print(f"\n{title}", style="bold")
        for finding in findings:
            healthy &= finding.fine
            sign, style = ("ok", "green") if finding.fine else ("!!", "red")
            console.print(f"  {sign}  ", style=style, end="")
            console.print(f"{finding.name:<30} {finding.text}", soft_wrap=True)
            if not finding.fine and finding.remedy:
                console.print(f"      Remedy: {finding.remedy}", soft_wrap=True)
    console.print()
    console.print("All is well." if healthy else "Something is missing: see the lines marked !!.")
    return 0 if healthy else 1
