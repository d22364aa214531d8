"""The learning record: `history.jsonl` beside the results, one line a whole grade, the last ones kept.

A line: `{"finished", "score", "max_score", "stages": {id: {"state", "points"}}, "submission"}`.
"""

from pathlib import Path
from typing import Any

import msgspec

from grader.files import write_atomically
from grader.records import Report

FILE = "history.jsonl"
KEPT = 200  #: lines


def append(out: Path, report: Report) -> None:
    """Add a grade of the whole course; the same result of the same text as the last line's is left out."""
    line = {
        "finished": report.finished,
        "score": report.score,
        "max_score": report.max_score,
        "stages": {stage.id: {"state": stage.state, "points": stage.points} for stage in report.stages},
        "submission": report.fingerprints.get("submission", ""),
    }
    lines = _lines(out)
    runs = read(out)
    if runs and runs[-1].get("submission") == line["submission"] and runs[-1].get("score") == line["score"]:
        return
    write_atomically(out / FILE, b"\n".join([*lines[-KEPT + 1 :], msgspec.json.encode(line)]) + b"\n")


def read(out: Path) -> list[dict[str, Any]]:
    """The kept grades, oldest first; lines that hold none are left out."""
    runs = []
    for line in _lines(out):
        try:
            run = msgspec.json.decode(line)
        except msgspec.MsgspecError:
            continue
        if isinstance(run, dict) and isinstance(run.get("score"), int) and isinstance(run.get("max_score"), int):
            runs.append(run)
    return runs


def _lines(out: Path) -> list[bytes]:
    try:
        return [line for line in (out / FILE).read_bytes().split(b"\n") if line.strip()]
    except OSError:
        return []
