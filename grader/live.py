"""What a grade shows while it is under way: nothing for what is over in a moment, a bar for a training."""

import sys
from typing import Any

from grader.records import CheckResult
from grader.session import Observer
from grader.task import Check


class Live(Observer):
    """A progress bar with elapsed time and limit in a terminal; one plain line a training in pipes and CI."""

    def __init__(self, stream: Any = None):
        self.stream = stream or sys.stderr
        self._progress: Any = None
        self._task: Any = None
        self._said: set[str] = set()

    def __enter__(self) -> "Live":
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop()

    def running(self, check: Check, limit: float) -> None:
        if not check.training:
            return
        if not self.stream.isatty():
            if check.stage not in self._said:
                self._said.add(check.stage)
                print(
                    f"{check.stage}: training (stopped after {limit:.0f} s at the latest) ...",
                    file=self.stream,
                    flush=True,
                )
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(file=self.stream, highlight=False, markup=False)
        limits = TextColumn("of at most {task.fields[limit]:.0f} s", markup=False)
        text = TextColumn("{task.description}", markup=False)
        self._progress = Progress(text, BarColumn(24), TimeElapsedColumn(), limits, console=console, transient=True)
        self._progress.start()
        self._progress.add_task(f"{check.stage}: {_short(check.promise)}", total=None, limit=limit)

    def finished(self, check: Check, result: CheckResult) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _short(promise: str) -> str:
    return promise if len(promise) <= 40 else promise[:39] + "…"
