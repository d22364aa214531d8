"""A request to stop, by Ctrl-C or from the system, that is not lost.

Python turns the signal into an exception at whatever line runs. Where that line lies inside the import of an extension
module, the exception may be swallowed there; so the request is remembered as well, and asked for between checks.
"""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class _Request:
    made = False


def _ask(number: int, frame: FrameType | None) -> None:
    _Request.made = True
    raise KeyboardInterrupt


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Within it, Ctrl-C and a request to terminate are both a KeyboardInterrupt that `stop_if_asked` repeats."""
    before = {}
    _Request.made = False
    with contextlib.suppress(ValueError):  # not in the main thread: whoever has that one hears the signals
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:  # a shell lets its background jobs ignore Ctrl-C
                before[number] = signal.signal(number, _ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _Request.made = False


def stop_if_asked() -> None:
    """Raise KeyboardInterrupt if somebody has asked to stop, and nothing came of it."""
    if _Request.made:
        raise KeyboardInterrupt
