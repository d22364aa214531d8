"""The loop and the screen of `watch`: a verdict at each save, and what the keys do."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Group
from rich.text import Text

from grader.grading.request import Request, unchanged
from grader.learner.events import IDLE, SAVED, Events
from grader.learner.hints import RUNGS, Ladder, section
from grader.learner.milestone import milestone
from grader.learner.progress_bar import Live, Patience
from grader.learner.watched import GradeOptions, Watched
from grader.report import terminal, words
from grader.submission import NotASubmission

KEYS = {
    "h": "hint", "s": "handout", "n": "next", "b": "back", "g": "all", "p": "prints", "o": "report", "r": "again", "q": "quit",
}  # fmt: skip


class Loop:
    """One event after another: a save, or a key.

    ready : called before each of them, while nobody waits
    """

    def __init__(self, watched: Watched, events: Events, request: Request, ready: Callable[[], None]):
        self.watched, self.events, self.request, self._ready = watched, events, request, ready
        self.console = terminal.console()
        self.prints = False
        self.runs, self.at = 0, ""  #: how often a stage was graded, and when last
        self.page = 0  #: how many of the handout were shown since another key was pressed
        self.done: list[str] = []  #: stages that became done with the last save
        self.remark = ""
        self.repro: Path | None = None  #: a file that runs what the shown check ran
        self.shown = ""  #: the screen as it was drawn last
        self.broken_off = False  #: no verdict was drawn for the last save, because another one came
        self.unfinished = False  #: the other stages were not graded since the last save

    def run(self) -> int:
        """Until q is pressed."""
        self._say("Starting ...")
        if known := unchanged(self.request):
            self.watched.take(known)
        self._graded(moving=not self.watched.chosen)
        try:
            while (event := self._next()) != "q":
                try:
                    self._handle(event)
                except NotASubmission as problem:
                    self._say(str(problem))
            return 0
        finally:
            self._keep(page=True)

    def _next(self) -> str:
        self.watched.rest()
        self._ready()
        return self.events.next(idle=self.unfinished)

    def _handle(self, event: str) -> None:
        if event == IDLE:
            return self._catch_up()
        self.remark = ""
        if event != "s":
            self.page = 0
        if event != SAVED:
            self.shown = ""  # whoever presses a key wants to see something happen
        if event == SAVED:
            # One save may be announced in several parts: what was broken off for the next part is taken up again.
            if self.watched.changed() or self.broken_off:
                self._graded(moving=True)
                watched = self.watched
                if watched.submission and self.done:
                    self.remark = milestone(self.done, watched.submission, watched.course, watched.pool, watched.limits)
                    self.draw()
        elif event == "r":
            self.watched.forget()
            self.watched.changed()
            self._graded(moving=False)
        elif event in ("n", "b"):
            self._go(1 if event == "n" else -1)
        elif event in ("h", "s", "g", "o"):
            {"h": self._hint, "s": self._handout, "g": self._whole, "o": self._open}[event]()
        else:
            self.prints ^= event == "p"
            self.draw()  # also for a key that means nothing: back from the handout

    # -- what the keys do ------------------------------------------------------------------------------------------

    def _graded(self, moving: bool) -> None:
        """Grade the current stage and show the verdict; then the names of mistakes, which may follow it."""
        watched, begun = self.watched, time.monotonic()
        self.unfinished = self.broken_off = True
        self.runs, self.at = self.runs + 1, time.strftime("%H:%M:%S")

        def stop() -> bool:  # a verdict that is about to come is worth more than the next one
            return self.events.saved.is_set() and time.monotonic() - begun > 1

        with Live() as live, contextlib.closing(Patience(self._say)) as patience:

            def so_far(left: int) -> None:
                patience.close()
                self.remark = f"{left} more {'check' if left == 1 else 'checks'} of this stage to run ..."
                self.draw()
                self.remark = ""

            how = GradeOptions([live, patience], stop, so_far)
            self.done = []
            if moving:
                for graded in watched.move(how):
                    patience.close()
                    if self.events.saved.is_set():
                        return
                    self.draw()  # at once: what follows may take longer
                    if words.shown_state(graded) == "pass":
                        self.done.append(graded.id)
            else:
                watched.grade(how=how)
        if stop():
            return
        self.repro = watched.write_repro(self.request.output.folder)
        self.draw()
        self.broken_off = False
        self._name()

    def _name(self) -> None:
        with contextlib.closing(Patience(self._say)) as patience:
            patience.waits_for("Still looking for the name of this mistake ...")
            named = self.watched.name_mistakes(self.request.course.reference, self.events.saved.is_set)
        if named or patience.said:
            self.draw()

    def _catch_up(self) -> None:
        """Grade the other stages too, while nobody waits for anything."""
        if self.watched.refresh(self.events.saved.is_set):
            self.unfinished = False
            if not self.page:
                self.repro = self.watched.write_repro(self.request.output.folder)
                self.draw()
                self._name()  # where another stage is next than the one that is worked on
            self._keep(page=False)

    def _go(self, step: int) -> None:
        following = self.watched.following(step)
        if following is None:
            self.remark = "There is no later stage to do." if step > 0 else "There is no earlier stage to do."
            return self.draw()
        self.watched.stage = following
        self._graded(moving=False)

    def _hint(self) -> None:
        found = self.watched.to_do()
        got = Ladder(self.request.course).next(*found) if found else None
        if found is None or got is None:
            self.remark = "There is nothing to hint at."
        else:
            last = f", the last (s shows the handout{section(found[1])})" if got[0] == len(found[1].hints) else ""
            self.remark = f"Hint {got[0]} of {len(found[1].hints)}, {RUNGS[got[0]]}{last}: {got[1]}"
        self.draw()

    def _handout(self) -> None:
        """The handout of where the next step is, a screen of it at each press."""
        from grader.learner.handout import rendered

        watched, step = self.watched, self.watched.next_step()
        stage = watched.course.stage(step.stage) if step else watched.stage
        lines = rendered(self.console, stage).splitlines(keepends=True)
        height = max(5, self.console.height - 4) if self.console.is_terminal else len(lines)
        pages = -(-len(lines) // height)
        here = self.page % pages
        self._clear()
        self.console.file.write("".join(lines[here * height :][:height]))
        self.console.print(f"\nPage {here + 1} of {pages}: s turns the page, any other key shows the verdict.", style="bold")
        self.page += 1

    def _whole(self) -> None:
        from grader.grading.grade import grade

        self._say("Grading everything ...")
        with Live() as live:
            report = grade(self.request, live, self.watched.pool)
        self.watched.take(report)
        self.remark = f"The whole course was graded, in {report.seconds:.1f} s. o opens the report."
        self.draw()

    def _open(self) -> None:
        import webbrowser

        page = (self.request.output.folder / "report.html").resolve()
        self._keep(page=True)
        self.remark = "" if webbrowser.open(page.as_uri()) else f"No browser could be opened. The report is {page}"
        self.draw()

    def _keep(self, page: bool) -> None:
        """Write what is known, unless the whole grade of this very text is there."""
        if not unchanged(self.request):
            self.watched.keep(page)

    # -- the screen ------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """The verdict first, then the one next thing, then the ladder; as much of it as the terminal has lines for."""
        for ran_lines, short in ((24, False), (24, True), (8, True), (0, True), (None, True)):
            with self.console.capture() as captured:
                self._draw_verdict(ran_lines)
            lines = captured.get().splitlines(keepends=True)
            with self.console.capture() as captured:
                self._draw_stages(short)
            below = captured.get()
            over = len(lines) + below.count("\n") - self.console.height + 1
            if not self.console.is_terminal or over <= 0:
                break
        else:  # what stands first must not scroll away
            lines[-over - 1 :] = [f"... {over + 1} more lines: o opens the report\n"]
        text = "".join(lines) + below
        if text != self.shown:  # a screen that is drawn again unchanged only flickers
            self._clear()
            self.console.file.write(text)
            self.console.file.flush()
            self.shown = text

    def _draw_verdict(self, ran_lines: int | None) -> None:
        watched, console = self.watched, self.console
        report, current = watched.report, watched.current
        for stage in self.done:
            console.print(f"{terminal.sign(console, 'pass')} {stage} is done.", style="bold green")
        if current is not None:
            state = words.shown_state(current)
            held = sum(words.shown_state(check) == "pass" for check in current.checks)
            verdict = f"{terminal.sign(console, state)} {current.id}: {held} of {len(watched.stage.checks)} checks pass"
            style, took = terminal.LOOKS[state].style, f"   {watched.seconds:.2f} s, run {self.runs}, {self.at}"
            console.print(Text.assemble((verdict, style), (took, "dim")))
            if told := words.with_help(current):
                console.print(told, style="bold")
        console.print()
        for part in terminal.next_part(report, ran_lines, keys=console.is_terminal):
            console.print(part)
        if report.next is None and (current is None or words.shown_state(current) == "pass"):
            console.print("All stages that were graded are done. g grades the whole course.", style="bold green")
        for check in current.checks if self.prints and current else ():
            if check.printed:
                console.print(f"\n  printed in {check.id}", style="bold dim")
                for line in terminal.indented(console, check.printed, "dim"):
                    console.print(line)

    def _draw_stages(self, short: bool) -> None:
        console, report, here = self.console, self.watched.report, self.watched.stage.id
        if self.repro:
            console.print(f"      python {self.repro}  runs what this check ran", soft_wrap=True)
        console.print()
        ladder = Group(*terminal.ladder(console, report.stages, here))
        console.print(terminal.short_ladder(console, report.stages, here) if short else ladder)
        if self.remark:
            console.print()
            for line in terminal.indented(console, self.remark, "yellow", 2):
                console.print(line)
        told = words.beside_score(report.stages)
        console.print(f"\n{report.score} of {report.max_score} points{told and f'; {told}'}", style="bold")
        if console.is_terminal:
            console.print("  ".join(f"{key} {what}" for key, what in KEYS.items()), style="dim")

    def _say(self, text: str) -> None:
        self.console.print(text, style="dim")

    def _clear(self) -> None:
        if self.console.is_terminal:
            self.console.clear()
        else:
            self.console.rule(style="dim")
