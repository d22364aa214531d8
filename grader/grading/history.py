"""The learning record: `history.jsonl` beside the results, one line a whole grade, the last ones kept.

A line: `{"score", "max_score", "finished", "stages": {id: {"state", "points"}}, "submission", "points_alone"}`; the state of a
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
    stages: dict[str, dict[str, str | int]]
    stages = {stage.id: {"state": words.shown_state(stage), "points": stage.points} for stage in report.stages}
    text = report.fingerprints.get("submission", "")
    run = stored.Run(report.score, report.max_score, report.finished, stages, text, report.score_alone)
    runs = stored.history(out)
    if runs and (runs[-1].score, runs[-1].points_alone, runs[-1].stages) == (run.score, run.points_alone, stages):
        return
    write_atomically(out / FILE, msgspec.json.Encoder().encode_lines([*runs[-KEPT + 1 :], run]))
