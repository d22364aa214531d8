"""`progress`: the score over time."""

from pathlib import Path

import click

from grader.report import stored, terminal, words
from grader.verbs import _course

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-=+*%#"
SHOWN = 60  #: runs in the line
LISTED = 10  #: runs below it


@click.command("progress")
@_course.out("Where the results are.")
def command(out: Path) -> int:
    """Draw the score over time, from grades of the whole course and from watch."""
    console = terminal.console()
    runs = stored.history(out)
    if not runs:
        console.print("No grade is on record yet: make grade or make watch makes the first.")
        return 0
    blocks = BLOCKS if terminal.sign(console, "pass") == terminal.LOOKS["pass"].sign else ASCII
    last = runs[-1]
    own = f" ({last.alone} on its own)" if last.alone < last.score else ""
    versions = words.plural(len(runs), "graded version")
    console.print(f"{last.score} of {last.max_score} points{own}, after {versions}", style="bold")
    console.print(sparkline([run.score / max(1, run.max_score) for run in runs[-SHOWN:]], blocks), style="green")
    console.print()
    for before, run in list(zip([None, *runs], runs))[-LISTED:]:
        gained = f"{run.score - before.score:+4d}" if before else ""
        known = before.states if before else {}
        done = [stage for stage, state in run.states.items() if state == "pass" != known.get(stage)]
        when = run.finished[:16].replace("T", " ")
        own = f"({run.alone} on its own)" if run.alone < run.score else ""
        told = "  ".join(filter(None, (own, ", ".join(sorted(done)))))
        console.print(f"  {when}  {run.score:4d} {gained:4}  {told}".rstrip(), soft_wrap=True)
    return 0


def sparkline(shares: list[float], blocks: str = BLOCKS) -> str:
    """One character for each number between 0 and 1."""
    top = len(blocks) - 1
    return "".join(blocks[min(top, max(0, round(share * top)))] for share in shares)
