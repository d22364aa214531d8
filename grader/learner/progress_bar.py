"""What a grade shows while it is under way: nothing for what is over in a moment, a bar for a training."""

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from grader.checks.epochs import last_epoch
from grader.course.stage import Check
from grader.records import CheckResult
from grader.running.session import Observer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_TAIL = 2000  # characters of what was printed last


class Live(Observer):
    """A progress bar with elapsed time and limit in a terminal; one plain line a training in pipes and CI.

    The bar shows the epoch too, for a training that prints it.
    """

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._said: set[str] = set()
        self._tail = ""

    def __enter__(self) -> "Live":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def running(self, check: Check, limit: float) -> None:
        if not check.training:
            return
        if not self.stream.isatty():
            if check.stage not in self._said:
                self._said.add(check.stage)
                print(f"{check.stage}: training (limit {limit:.0f} s) ...", file=self.stream, flush=True)
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(file=self.stream, highlight=False, markup=False)
        texts = ("{task.description}", "of at most {task.fields[limit]:.0f} s", "{task.fields[epoch]}")
        what, limits, epoch = (TextColumn(text, markup=False) for text in texts)
        self._progress = Progress(what, BarColumn(18), TimeElapsedColumn(), limits, epoch, console=console, transient=True)
        self._progress.start()
        self._task = self._progress.add_task(f"{check.stage}: training", total=None, limit=limit, epoch="")
        self._tail = ""

    def printed(self, check: Check, text: str) -> None:
        if self._progress is None or self._task is None:
            return
        self._tail = (self._tail + text)[-_TAIL:]
        if (found := last_epoch(self._tail)) is not None:
            done, of = found
            words = f"epoch {done}" + (f" of {of}" if of else "")
            self._progress.update(self._task, epoch=words, completed=min(done, of) if of else 0, total=of)

    def finished(self, check: Check, result: CheckResult) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class Patience(Observer):
    """Says what is being waited for, once, if that takes longer than a moment; nothing after `close`.

    say  : shows one line
    said : whether it did
    """

    def __init__(self, say: Callable[[str], None], moment: float = 1.0):
        self._say, self._text, self.said = say, "", False
        self._lock = threading.Lock()
        self._timer = threading.Timer(moment, self._tell)
        self._timer.daemon = True
        self._timer.start()

    def running(self, check: Check, limit: float) -> None:
        self.waits_for(f"Running: {check.promise} (limit {limit:.0f} s) ...")

    def waits_for(self, text: str) -> None:
        self._text = text

    def close(self) -> None:
        with self._lock:
            self._timer.cancel()
            self._text = ""

    def _tell(self) -> None:
        with self._lock:
            if self._text:
                self.said = True
                self._say(self._text)
