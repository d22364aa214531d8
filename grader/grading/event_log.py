"""`results.jsonl`: one line before and one after each check, so that a kill loses nothing and names its culprit.

Lines are `{"event": "grade", ...}` first, then `{"event": "start", "stage", "check", "at"}`, `{"event": "result",
"stage", "check", "result"}` and, where a mistake was recognised, `{"event": "named", "stage", "check", "result"}`.
"""

import contextlib
import time
from pathlib import Path
from typing import Any

import msgspec

from grader.course.stage import Check
from grader.records import SCHEMA, CheckResult
from grader.running.scores import Key
from grader.running.session import Observer


class Log(Observer):
    """Appends to a new file; every line is handed to the system before the next check begins."""

    def __init__(self, path: Path, student: str, stages: list[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115 - lives as long as the grade
        self._write({"event": "grade", "schema": SCHEMA, "at": _now(), "student": student, "stages": stages})

    def started(self, check: Check, limit: float) -> None:
        self._write({"event": "start", "stage": check.stage, "check": check.id, "limit": limit, "at": _now()})

    def finished(self, check: Check, result: CheckResult) -> None:
        self._write({"event": "result", "stage": check.stage, "check": check.id, "result": result})

    def named(self, check: Check, result: CheckResult) -> None:
        self._write({"event": "named", "stage": check.stage, "check": check.id, "result": result})

    def close(self) -> None:
        self._file.close()

    def _write(self, event: dict[str, Any]) -> None:
        self._file.write(msgspec.json.encode(event) + b"\n")


def replay(path: Path) -> dict[Key, CheckResult]:
    """The results that a log holds, the last of each check; a line that was cut off is left out. Raises OSError if there is none."""
    results: dict[Key, CheckResult] = {}
    for line in path.read_bytes().split(b"\n"):
        with contextlib.suppress(msgspec.MsgspecError, LookupError, TypeError):
            event = msgspec.json.decode(line)
            results[event["stage"], event["check"]] = msgspec.convert(event["result"], CheckResult)
    return results


def _now() -> float:
    return round(time.time(), 3)
