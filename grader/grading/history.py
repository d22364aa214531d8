"""The learning record: `history.jsonl` beside the results, one line a whole grade, the last ones kept.

A line: `{"finished", "score", "points_alone", "max_score", "stages": {id: {"state", "points"}}, "submission"}`; the state of a
stage that passes with a substitute is "helped".
"""

from pathlib import Path

import msgspec

from grader.files import write_atomically
from grader.records import Report
from grader.report import stored, words

FILE = "history.jsonl"
KEPT = 200  #: lines


def append(out: Path, report: Report) -> None:
    """Add a grade of the whole course; a result that is the last line's is left out: `watch` makes one at every save."""
    line = {
        "finished": report.finished,
        "score": report.score,
        "points_alone": report.score_alone,
        "max_score": report.max_score,
        "stages": {stage.id: {"state": words.shown_state(stage), "points": stage.points} for stage in report.stages},
        "submission": report.fingerprints.get("submission", ""),
    }
    lines, runs = _lines(out), stored.history(out)
    if runs and (runs[-1].score, runs[-1].points_alone, runs[-1].stages) == (report.score, report.score_alone, line["stages"]):
        return
    write_atomically(out / FILE, b"\n".join([*lines[-KEPT + 1 :], msgspec.json.encode(line)]) + b"\n")


def _lines(out: Path) -> list[bytes]:
    try:
        return [line for line in (out / FILE).read_bytes().split(b"\n") if line.strip()]
    except OSError:
        return []
