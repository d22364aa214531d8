"""Are the names under load those of a quiet machine? `python -m tests.diagnosis.under_load [--runs 10] [--busy 4]`.

Some mistakes are named by `grade`, by a bare pytest and as `watch` does it, first as the machine is, then beside processes
that do nothing but work. Ends with 1 if any name differs.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from grader.course.misconceptions import apply, load
from grader.learner.watched import Watched
from grader.paths import REFERENCE, ROOT
from grader.records import read_report
from grader.submission import read_submission
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.diagnosis.test_load import MADE
from tests.golden.submissions import write

NAMED = re.compile(r"likely mistake\s*\n\s*(.*)")


def by_grade(stage: str, student: Path) -> list[str]:
    with tempfile.TemporaryDirectory() as out:
        _run(student, "grader", "grade", stage, "--student", student, "--out", out)
        report = read_report(Path(out) / "results.json")
    return sorted({c.mistake.id for s in report.stages for c in s.checks if c.mistake})


def by_pytest(stage: str, student: Path) -> list[str]:
    return sorted(set(NAMED.findall(_run(student, "pytest", "-p", "no:cacheprovider", f"tasks/{stage}"))))


def by_watch(stage: str, student: Path) -> list[str]:
    pool = WorkerPool(HERE.withheld)
    try:
        watched = Watched(student, HERE, pool, stage=HERE.stage(stage))
        watched.grade()
        watched.name_mistakes(REFERENCE)
        return sorted({c.mistake.id for c in watched.current.checks if c.mistake})
    finally:
        pool.close()


def _run(student: Path, *arguments: object) -> str:
    environment = {**os.environ, "CHAIN_RULE_STUDENT": str(student)}
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stdout


def all_names(folders: dict[str, Path]) -> dict[tuple[str, str], list[str]]:
    """(stage, way) -> names."""
    ways = {"grade": by_grade, "pytest": by_pytest, "watch": by_watch}
    return {(stage, way): name(stage, folder) for stage, folder in folders.items() for way, name in ways.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--busy", type=int, default=4, help="processes that do nothing but work")
    wanted = parser.parse_args()
    answer, differing = read_submission(REFERENCE), 0
    with tempfile.TemporaryDirectory() as name:
        folders = {}
        for stage, mistake in MADE:
            (m,) = (m for m in load(HERE.stage(stage).folder) if m.name == mistake)
            folders[stage] = Path(name) / stage
            write(apply(answer, m), folders[stage])
        quiet = all_names(folders)
        print(quiet)
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(wanted.busy)]
        try:
            for number in range(1, wanted.runs + 1):
                found = all_names(folders)
                other = {where: (names, quiet[where]) for where, names in found.items() if names != quiet[where]}
                print(
                    f"run {number}: {len(found) - len(other)} of {len(found)} as on the quiet machine {other or ''}", flush=True
                )
                differing += len(other)
        finally:
            for process in busy:
                process.kill()
                process.wait()
    return 1 if differing or not all(quiet.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
