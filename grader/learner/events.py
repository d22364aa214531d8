"""Single key presses and saved files, as one stream of events for `watch`."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAVED, IDLE = "saved", "idle"

#: Seconds between two looks at the files' dates, for folders whose changes are not announced (network drives, mounts);
#: as long as nothing happens, nothing is going to happen at once.
LOOK = 1.0

#: Milliseconds without a further change after which a save counts as finished.
QUIET_MS = 2


class Events:
    """Saves below a folder (SAVED) and key presses (one character each), in the order in which they came.

    folder : what is watched
    poll   : look at the files every 100 ms instead of waiting to be told
    """

    def __init__(self, folder: Path, poll: bool = False):
        self.folder, self.poll = folder, poll
        self.saved = threading.Event()  #: a save came that nobody has taken from the queue yet
        self._queue: queue.Queue[str] = queue.Queue()
        self._stop = threading.Event()
        self._state = self._look()

    def start(self, keys: bool) -> None:
        """Begin to watch, and to read keys if there is a terminal to read from."""
        threading.Thread(target=self._watch, daemon=True).start()
        if keys:
            threading.Thread(target=self._read_keys, daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def next(self, idle: bool = False) -> str:
        """The next event; waits for it, or with `idle` for a moment only, and then gives IDLE."""
        while True:
            try:
                event = self._queue.get(timeout=LOOK)
            except queue.Empty:
                state = self._look()
                if state == self._state:
                    if idle:
                        return IDLE
                    continue
                self._state, event = state, SAVED
            if event == SAVED:
                self._state = self._look()
                self.saved.clear()
            return event

    def _look(self) -> dict[str, tuple[int, int]]:
        """Size and date of each file directly in the folder."""
        found = {}
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*.py"):
                about = path.stat()
                found[path.name] = (about.st_size, about.st_mtime_ns)
        return found

    def _watch(self) -> None:
        import watchfiles

        def python(change: object, path: str) -> bool:
            return path.endswith(".py") and "__pycache__" not in path

        options: dict[str, Any] = {"debounce": 200, "step": QUIET_MS, "stop_event": self._stop, "watch_filter": python}
        with contextlib.suppress(Exception):  # the look at the dates in next() goes on without it
            for _ in watchfiles.watch(self.folder, force_polling=self.poll or None, poll_delay_ms=100, **options):
                self.saved.set()
                self._queue.put(SAVED)

    def _read_keys(self) -> None:
        while not self._stop.is_set() and (key := _read_key()):
            self._queue.put(key)


@contextlib.contextmanager
def single_keys() -> Iterator[bool]:
    """Let key presses come one by one, without return; False where there is no terminal to read them from."""
    if not sys.stdin.isatty():
        yield False
        return
    try:
        import termios
        import tty
    except ImportError:  # Windows reads single keys anyway
        yield True
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    try:
        yield True
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _read_key() -> str:
    """One key press; nothing at the end of the input."""
    if os.name == "nt":
        import msvcrt

        return str(msvcrt.getwch())  # type: ignore[attr-defined]
    try:
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "replace")
    except OSError:
        return ""
