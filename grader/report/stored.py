"""Grades on disk: `results.json` back to a `Report`, or one sentence on why that cannot be."""

from pathlib import Path

import msgspec

from grader.errors import Refusal
from grader.records import SCHEMA, Report, read_report


def read(out: Path) -> Report:
    """The report that `out/results.json` holds.

    raises : Refusal, with cause and remedy, if there is none, it is no grade, or a later version wrote it
    """
    path = out / "results.json"
    try:
        report = read_report(path)
    except FileNotFoundError:
        raise Refusal(
            f"{path} does not exist. Remedy: grade first (make grade), or name the folder of a grade with --out."
        ) from None
    except OSError as problem:
        raise Refusal(
            f"{path} cannot be read: {problem.strerror}. Remedy: name the folder of a grade with --out."
        ) from None
    except msgspec.MsgspecError as problem:
        raise Refusal(f"{path} holds no grade: {problem}. Remedy: grade again (make grade).") from None
    if report.schema > SCHEMA:
        raise Refusal(
            f"{path} was written by a later version of the course (schema {report.schema}). Remedy: update the course, or grade again."
        )
    return report
