"""Hints in three rungs: a question, a pointer into the handout, a worked toy case. Each call gives the next one."""

import contextlib
from pathlib import Path

import msgspec

from grader.files import write_atomically
from grader.records import CheckResult

FILE = "hints.json"  #: in a course's memory
RUNGS = ("a question", "where to look", "a worked example")


class Ladder:
    """Which rung was shown last, remembered between calls.

    path : the memory; a file that cannot be read or written costs the memory alone
    """

    def __init__(self, path: Path):
        self.path = path

    def next(self, stage: str, check: CheckResult) -> tuple[int, str] | None:
        """(rung, hint): the next one, the last again once all were shown; None if the check has none."""
        if not check.hints:
            return None
        seen = self._read()
        name = f"{stage}/{check.id}"
        rung = min(seen.get(name, 0), len(check.hints) - 1)
        seen[name] = rung + 1
        with contextlib.suppress(OSError):
            write_atomically(self.path, msgspec.json.encode(seen))
        return rung, check.hints[rung]

    def shown(self, stage: str, check: CheckResult) -> int:
        """How many of a check's rungs were shown."""
        return min(self._read().get(f"{stage}/{check.id}", 0), len(check.hints))

    def forget(self) -> None:
        """Begin again with the first rung of every check."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, int]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, int])
        except (OSError, msgspec.MsgspecError):
            return {}
