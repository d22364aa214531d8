"""`watch`: grade the current stage again at each save, and say what to do next."""

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.paths import BUILD, STUDENT

if TYPE_CHECKING:
    from grader.grading.request import Request
    from grader.learner.events import Events
    from grader.learner.watched import GradeOptions, Watched
    from grader.records import Sandbox, StageResult

KEYS = {
    "h": "hint", "n": "next stage", "b": "back", "g": "grade all", "p": "prints", "o": "report", "r": "again", "q": "quit",
}  # fmt: skip


@click.command("watch")
@click.argument("stage", required=False)
@click.option("--student", type=click.Path(path_type=Path), default=STUDENT, help="Folder of the submission.")
@click.option("--out", type=click.Path(path_type=Path), default=BUILD, help="Where a whole grade's results go.")
@click.option("--seed", type=int, default=0, help="Seed of the checks' inputs.")
@click.option("--sandbox", type=click.Choice(["auto", "strict", "off"]), default="auto", help="As in grade.")
@click.option("--poll", is_flag=True, help="Look at the files every 100 ms: for folders whose changes are not announced.")
def command(stage: str | None, student: Path, out: Path, seed: int, sandbox: "Sandbox", poll: bool) -> int:
    """Grade a stage at every save: the first that is not done, or the one that is named.

    \b
    Keys: h hint, n next stage, b stage before, g whole grade, p prints of passing checks,
          o open the report, r run again, q quit.
    """
    from grader.running.interrupts import stoppable

    with stoppable():
        from grader.learner.events import Events, single_keys
        from grader.submission import read_submission
        from grader.verbs._course import course_here
        from grader.worker.outside.pool import WorkerPool

        read_submission(student)  # a folder that is no submission is refused before anything is started
        course = course_here()
        pool = WorkerPool(course.withheld, sandbox)
        events = Events(student, poll)
        try:
            from grader.grading.output import Output
            from grader.grading.request import Request, Settings
            from grader.learner.watched import Watched

            chosen = course.select([stage])[0] if stage else None
            watched = Watched(student, course, pool, seed=seed, stage=chosen)
            how = Settings(seed, sandbox=sandbox)
            request = Request(course, student, Output(out), settings=how)
            with single_keys() as keys:
                events.start(keys)
                return Loop(watched, events, request).run()
        finally:
            events.stop()
            pool.close()


class Loop:
    """One event after another: a save, or a key."""

    def __init__(self, watched: "Watched", events: "Events", request: "Request"):
        from grader.report import terminal

        self.watched, self.events, self.request = watched, events, request
        self.console = terminal.console()
        self.prints = False
        self.done: list[str] = []  #: stages that became done with the last save
        self.remark = ""
        self.shown = ""  #: the screen as it was drawn last
        self.broken_off = False  #: no verdict was drawn for the last save, because another one came
        self.unfinished = False  #: the other stages were not graded since the last save

    def run(self) -> int:
        """Until q is pressed."""
        self._say("Starting ...")
        self._graded(moving=not self.watched.chosen)
        while True:
            from grader.submission import NotASubmission

            event = self.events.next(idle=self.unfinished)
            try:
                if event == "q":
                    return 0
                self._handle(event)
            except NotASubmission as problem:
                self._say(str(problem))

    def _handle(self, event: str) -> None:
        from grader.learner.events import IDLE, SAVED

        if event == IDLE:
            return self._catch_up()
        self.remark = ""
        if event != SAVED:
            self.shown = ""  # whoever presses a key wants to see something happen
        if event == SAVED:
            # One save may be announced in several parts: what was broken off for the next part is taken up again.
            if self.watched.changed() or self.broken_off:
                self._graded(moving=True)
                self.remark = self.watched.milestone(self.done)
                if self.remark:
                    self.draw()
        elif event == "r":
            self.watched.forget()
            self.watched.changed()
            self._graded(moving=False)
        elif event in ("n", "b"):
            self._go(1 if event == "n" else -1)
        elif event == "p":
            self.prints = not self.prints
            self.draw()
        elif event in ("h", "g", "o"):
            {"h": self._hint, "g": self._whole, "o": self._open}[event]()

    # -- what the keys do ------------------------------------------------------------------------------------------

    def _graded(self, moving: bool) -> None:
        """Grade the current stage and show the verdict; then the names of mistakes, which may follow it."""
        from grader.learner.progress_bar import Live, Patience
        from grader.report import words

        watched, begun = self.watched, time.monotonic()
        self.unfinished = self.broken_off = True

        def stop() -> bool:  # a verdict that is about to come is worth more than the next one
            return self.events.saved.is_set() and time.monotonic() - begun > 1

        with Live() as live, contextlib.closing(Patience(self._say)) as patience:

            def so_far(left: int) -> None:
                patience.close()
                self.remark = f"{left} more {'check' if left == 1 else 'checks'} of this stage to run ..."
                self.draw()
                self.remark = ""

            how: GradeOptions = {"observers": [live, patience], "stop": stop, "so_far": so_far}
            self.done = []
            if moving:
                for graded in watched.move(**how):
                    patience.close()
                    if self.events.saved.is_set():
                        return
                    self.draw()  # at once: what follows may take longer
                    if words.shown_state(graded) == "pass":
                        self.done.append(graded.id)
            else:
                watched.grade(**how)
        if stop():
            return
        self.draw()
        self.broken_off = False
        with contextlib.closing(Patience(self._say)) as patience:
            patience.waits_for("Still looking for the name of this mistake ...")
            named = watched.name_mistakes(self.request.course.reference, self.events.saved.is_set)
        if named or patience.said:
            self.draw()

    def _catch_up(self) -> None:
        """Grade the other stages too, while nobody waits for anything."""
        if self.watched.refresh(self.events.saved.is_set):
            self.unfinished = False
            self.draw()

    def _go(self, step: int) -> None:
        following = self.watched.following(step)
        if following is None:
            self.remark = "There is no later stage to do." if step > 0 else "There is no earlier stage to do."
            return self.draw()
        self.watched.stage = following
        self._graded(moving=False)

    def _hint(self) -> None:
        from grader.course.skeleton import read_claims, steps
        from grader.learner.hints import FILE, RUNGS, Ladder

        course, found = self.request.course, self.watched.to_do()
        ladder = Ladder(course.memory / FILE, steps(course, read_claims(course.tasks)))
        got = ladder.next(*found) if found else None
        if found is None or got is None:
            self.remark = "There is nothing to hint at."
        else:
            last = ", the last" if got[0] == len(found[1].hints) else ""
            self.remark = f"Hint {got[0]} of {len(found[1].hints)}, {RUNGS[got[0]]}{last}: {got[1]}"
        self.draw()

    def _whole(self) -> None:
        from grader.grading.grade import grade
        from grader.learner.progress_bar import Live
        from grader.report import terminal

        self._say("Grading everything ...")
        with Live() as live:
            report = grade(self.request, live, self.watched.pool)
        self.watched.take(report)
        self._clear()
        self.shown = ""
        self.console.print(terminal.summary(self.console, report))
        self._footer(f"{report.seconds:.1f} s; the report is {self.request.output.folder / 'report.html'}")

    def _open(self) -> None:
        import webbrowser

        page = (self.request.output.folder / "report.html").resolve()
        if not page.exists():
            self._whole()
        opened = page.exists() and webbrowser.open(page.as_uri())
        self.remark = "" if opened else f"No browser could be opened. The report is {page}"
        self.draw()

    # -- the screen ------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """The verdict first, then the one next thing, then the ladder; as much of it as the terminal has lines for."""
        for ran_lines, short in ((24, False), (24, True), (8, True), (0, True)):
            with self.console.capture() as captured:
                self._draw(ran_lines, short)
            text = captured.get()
            if not self.console.is_terminal or text.count("\n") < self.console.height:
                break
        if text != self.shown:  # a screen that is drawn again unchanged only flickers
            self._clear()
            self.console.file.write(text)
            self.console.file.flush()
            self.shown = text

    def _draw(self, ran_lines: int, short: bool) -> None:
        from rich.text import Text

        from grader.report import terminal, words

        watched, console = self.watched, self.console
        report, current = watched.report, watched.current
        for stage in self.done:
            console.print(f"{terminal.sign(console, 'pass')} {stage} is done.", style="bold green")
        if current is not None:
            state = words.shown_state(current)
            held = sum(words.shown_state(check) == "pass" for check in current.checks)
            verdict = f"{terminal.sign(console, state)} {current.id}: {held} of {len(watched.stage.checks)} checks pass"
            style, took = terminal.LOOKS[state].style, f"   {watched.seconds:.2f} s"
            console.print(Text.assemble((verdict, style), (took, "dim")))
            if told := words.with_help(current):
                console.print(told, style="bold")
        console.print()
        for part in terminal.next_part(report, ran_lines):
            console.print(part)
        if report.next is None and (current is None or words.shown_state(current) == "pass"):
            console.print("All stages that were graded are done. g grades the whole course.", style="bold green")
        if self.prints and current is not None:
            self._show_prints(current)
        console.print()
        if short:
            console.print(terminal.short_ladder(console, report.stages, watched.stage.id))
        else:
            for line in terminal.ladder(console, report.stages, watched.stage.id):
                console.print(line)
        told = words.beside_score(report.stages)
        self._footer(f"{report.score} of {report.max_score} points{told and f'; {told}'}")

    def _show_prints(self, current: "StageResult") -> None:
        from grader.report import terminal

        self.console.print()
        for check in current.checks:
            if check.printed:
                self.console.print(f"  printed in {check.id}", style="bold dim")
                for line in terminal.indented(self.console, check.printed, "dim"):
                    self.console.print(line)

    def _footer(self, text: str) -> None:
        from grader.report import terminal

        if self.remark:
            self.console.print()
            for line in terminal.indented(self.console, self.remark, "yellow", 2):
                self.console.print(line)
        self.console.print()
        self.console.print(text, style="bold")
        if self.console.is_terminal:
            self.console.print("  ".join(f"{key} {what}" for key, what in KEYS.items()), style="dim")

    def _say(self, text: str) -> None:
        self.console.print(text, style="dim")

    def _clear(self) -> None:
        if self.console.is_terminal:
            self.console.clear()
        else:
            self.console.rule(style="dim")
