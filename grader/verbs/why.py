"""`why`: what speaks against the mistake that the last grade named."""

from pathlib import Path

import click

from grader.paths import BUILD


@click.command("why")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD, help="Where the last grade's results are.")
def command(out: Path) -> int:
    """Say why the mistake that is next is one: what such code believes, and a number of the last grade that speaks against it."""
    from grader.learner.last_grade import last_report
    from grader.report import terminal, words
    from grader.verbs._course import course_here

    report, console = last_report(out), terminal.console()
    check = words.next_check(report) if report else None
    text = words.refutation(report.next, check, course_here().tasks) if report else ""
    if check is None or check.mistake is None or not text:
        console.print("The last grade names no mistake that there is more to say of. make hint  gives a hint.")
        return 0
    console.print(words.title(check.mistake), style="bold")
    for line in terminal.indented(console, f"\n{text}"):
        console.print(line)
    return 0
