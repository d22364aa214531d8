"""The grading of a class in the terminal: how far it is, when it will be done, and what failed."""

import time

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from grader.cohort.intake import Intake
from grader.cohort.journal import Outcome
from grader.cohort.pool import StageReached
from grader.cohort.run import Watcher
from grader.report.words import plural
from grader.text import visible

_FAULT = {"submission": "not graded", "fault": "the grader's own fault"}


class Terminal(Watcher):
    """Draws a bar with an estimate and one line for each process; without a terminal, a line from time to time."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self.bar = Progress(
            TextColumn("[bold]Grading"), BarColumn(32), MofNCompleteColumn(), TextColumn("{task.fields[left]}"),
            console=self.console,
        )  # fmt: skip
        self.live = Live(console=self.console, refresh_per_second=4, transient=True)
        self.lanes: dict[int, str] = {}
        self.total = self.done = 0
        self.begun = self.told = 0.0
        self.task = self.bar.add_task("", total=None, left="")

    def planned(self, intake: Intake, waiting: int, known: int) -> None:
        students = len({attempt.student for attempt in intake.attempts})
        self.console.print(
            f"{intake.layout}: {plural(len(intake.attempts), 'attempt')} of {plural(students, 'student')}, "
            f"{waiting} to grade, {known} graded before."
        )
        lists = {"handed in, not on the roster": intake.unknown, "on the roster, nothing handed in": intake.missing}
        for what, names in lists.items():
            if names:
                shown = ", ".join(map(visible, names[:12])) + (" ..." if len(names) > 12 else "")
                self.console.print(escape(f"{len(names)} {what}: {shown}"))
        for note in intake.notes:
            self.console.print(escape(visible(note)))
        self.total, self.begun = waiting, time.monotonic()
        self.bar.update(self.task, total=waiting)
        if waiting and self.console.is_terminal:
            self.live.start()

    def reached(self, event: StageReached, names: list[str]) -> None:
        self.lanes[event.lane] = f"{visible(names[0])[:32]}: {event.stage}"
        self._draw()

    def finished(self, outcome: Outcome, names: list[str]) -> None:
        self.done += 1
        self.bar.update(self.task, completed=self.done, left=self.left())
        if outcome.state != "graded":
            who = ", ".join(map(visible, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            self.console.print(escape(f"{who}: {_FAULT[outcome.state]}: {visible(outcome.reason)}"))
        self._draw()
        if not self.console.is_terminal and (time.monotonic() - self.told > 30 or self.done == self.total):
            self.told = time.monotonic()
            self.console.print(f"{self.done} of {self.total} graded, {self.left()}")

    def left(self) -> str:
        """How long it will take, from how long it has taken."""
        if self.done == self.total:
            return "done"
        if self.done < 2:
            return "estimating"
        seconds = (time.monotonic() - self.begun) / self.done * (self.total - self.done)
        return f"about {round(seconds / 60)} min left" if seconds >= 90 else f"about {max(1, round(seconds))} s left"

    def close(self) -> None:
        """Take the bar away; what was printed stays."""
        self.live.stop()

    def _draw(self) -> None:
        table = Table.grid()
        table.add_row(self.bar)
        for _, text in sorted(self.lanes.items()):
            table.add_row(f"  [dim]{escape(text)}[/dim]")
        self.live.update(table)
