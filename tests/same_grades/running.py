"""One version of the course grades all cases, by its command line alone; what it gave becomes plain records.

A run has a folder of its own, always of the same shape, that holds the course, the cases, what the verbs remember and
what they write: nothing of one run can reach another.
"""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from grader.paths import ROOT
from tests.hostile.harness import SECRET
from tests.same_grades.cases import CASES, COURSE, Single, read_plan
from tests.same_grades.normal import page_text

Records = dict[str, dict[str, Any]]
Told = Callable[[int], None]

PATIENCE = "200"  #: mistakes are named whatever else the machine does, as in a class
_SECONDS = 900  #: ends one grade that would never end
_CLASS_SECONDS = 7200  #: and a class
_IGNORED = shutil.ignore_patterns(".git", ".venv", "__pycache__", "build", ".chain-rule", ".*_cache", "node_modules")
_STEPS = ("event", "stage", "check")  #: of a line of results.jsonl: what it says besides stands in results.json


class Place(NamedTuple):
    """The folder of one run."""

    folder: Path

    @property
    def course(self) -> Path:
        return self.folder / "course"

    @property
    def cases(self) -> Path:
        return self.folder / "cases"

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "CHAIN_RULE"))}
        own = {"CHAIN_RULE_NO_VENV": "1", "CHAIN_RULE_MEMORY": str(self.folder / "memory"), SECRET: "x"}
        return kept | own | {"COLUMNS": "200", "NO_COLOR": "1"}

    def left(self, record: dict[str, Any]) -> dict[str, Any]:
        """A record without the name of this folder."""
        return json.loads(json.dumps(record).replace(str(self.folder), "<run>"))


def run(version: str, cases: Path, jobs: int, told: Told, only: set[str] | None = None, policy: str = "full") -> Records:
    """What a version gives for all cases, or for those that are named.

    version : a commit, or a folder
    told    : called with the number of cases that are done
    policy  : of follow-through, for a version that has it
    """
    with _place(version, cases) as place:
        _follow_through(place.course, policy)
        plan = read_plan(cases)
        singles = [single for single in plan.singles if only is None or single.name in only]
        records: Records = {}
        with ThreadPoolExecutor(jobs) as pool:
            for single, record in zip(singles, pool.map(lambda single: _single(place, single), singles)):
                records[single.name] = record
                told(len(records))
        for group in plan.groups:
            if only is not None and not _keep_only(place, group, only):
                continue
            done = len(records)
            records |= _group(place, group, jobs, lambda count, done=done: told(done + count))
            told(len(records))
        return records


@contextmanager
def _place(version: str, cases: Path) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="same-grades-", ignore_cleanup_errors=True) as folder:
        place = Place(Path(folder))
        check_out(version, place.course)
        shutil.copytree(cases, place.cases, symlinks=True)
        for attack in (place.cases / "attacks").iterdir() if (place.cases / "attacks").is_dir() else ():
            target = place.course / "tests" / "hostile" / "attacks" / attack.name
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(attack, target, symlinks=True)
        yield place


def check_out(version: str, target: Path) -> None:
    """The files of a commit, or of a folder, at a place of their own."""
    if Path(version).is_dir():
        shutil.copytree(version, target, symlinks=True, ignore=_IGNORED)
        return
    packed = subprocess.run(["git", "archive", version], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(target, filter="tar")


def _follow_through(course: Path, policy: str) -> None:
    """Exchange what a version does by default, in its copy: `grade` has no option for it, and earlier ones have none at all."""
    for name in ("records.py", "grading/request.py", "course/policy.py"):
        path = course / "grader" / name
        path.write_text(path.read_text("utf-8").replace('FollowThrough = "full"', f'FollowThrough = "{policy}"'), "utf-8")


def _keep_only(place: Place, group: str, only: set[str]) -> bool:
    """Remove all submissions of a class that are not asked for; whether any is left."""
    for student in list((place.cases / "groups" / group).iterdir()):
        if f"{group}/{student.name}" not in only:
            shutil.rmtree(student)
    return any((place.cases / "groups" / group).iterdir())


# --- one command ------------------------------------------------------------------------------------------------------


def _single(place: Place, single: Single) -> dict[str, Any]:
    out = place.folder / "out" / single.name.replace("/", " ")
    given = [a.replace(CASES, str(place.cases)).replace(COURSE, str(place.course)) for a in single.arguments]
    arguments = ["grade", *given, "--out", str(out), "--no-cache", *_patience(place.course)]
    status, stdout, stderr = _command(place, arguments, _SECONDS)
    record = {"status": status, "stdout": stdout, "stderr": stderr, **files(out)}
    shutil.rmtree(out, ignore_errors=True)
    return place.left(record)


def _patience(course: Path) -> list[str]:
    """An option of earlier versions, whose names depended on how busy the machine was."""
    verb = (course / "grader" / "verbs" / "grade.py").read_text("utf-8")
    return ["--patience", PATIENCE] if "--patience" in verb else []


def _group(place: Place, group: str, jobs: int, told: Told) -> Records:
    out = place.folder / "out" / group
    submissions, policy = place.cases / "groups" / group, place.cases / f"{group}.toml"
    arguments = ["class", str(submissions), "--out", str(out), "--policy", str(policy), "--jobs", str(jobs)]
    status, stdout, stderr = _command(place, arguments, _CLASS_SECONDS, lambda: told(_finished(out)))
    if not (out / "grades.csv").exists():
        raise SystemExit(f"no class {group}: status {status}: {stderr[-2000:]}")
    records = {f"{group}/{name}": place.left(record) for name, record in _students(out).items()}
    handed_in = {f"{group}/{path.name}" for path in submissions.iterdir()}
    if records.keys() != handed_in:
        raise SystemExit(f"class {group}: other names in grades.csv: {sorted(records.keys() ^ handed_in)[:5]}")
    whole = {"status": status, "stdout": stdout, "index.html": page_text((out / "index.html").read_text("utf-8"))}
    whole["signs.csv"] = _table((out / "signs.csv").read_text("utf-8"))
    shutil.rmtree(out)
    return records | {group: place.left(whole)}


def _command(
    place: Place, arguments: list[str], seconds: float, watched: Callable[[], None] = lambda: None
) -> tuple[int | str, str, str]:
    """Exit status, stdout and stderr of a verb; a status in words if it had to be ended."""
    command = [sys.executable, "-m", "grader", *arguments]
    end = time.monotonic() + seconds
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            command, cwd=place.course, env=place.environment(), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            start_new_session=True,
        )  # fmt: skip
        status: int | str | None = None
        while status is None:
            try:
                status = process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                watched()
                if time.monotonic() > end:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    status = "had to be ended"
        said = []
        for file in (stdout, stderr):
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))
    return status, said[0], said[1]


def _finished(out: Path) -> int:
    reports = out / "reports"
    return sum(not path.name.startswith(".") for path in reports.iterdir()) if reports.is_dir() else 0


# --- what it wrote ----------------------------------------------------------------------------------------------------


def files(folder: Path) -> dict[str, Any]:
    """What a grade left behind, by name: JSON as data, pages as text, arrays by their check sums."""
    if not folder.is_dir():
        return {}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _content(path) for path in paths}


def _content(path: Path) -> Any:
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as arrays:
            return {array.filename: array.CRC for array in arrays.infolist()}
    text = path.read_text("utf-8", "replace")
    if path.suffix == ".json":
        return json.loads(text)
    if path.name == "results.jsonl":
        events = [json.loads(line) for line in text.splitlines()]
        return [" ".join(event.get(key, "") for key in _STEPS) for event in events]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return page_text(text) if path.suffix == ".html" else text


def _students(out: Path) -> Records:
    """For each submission of a class its line in both tables and its files."""
    rows = {row["student"]: row for row in _table((out / "grades.csv").read_text("utf-8"))}
    records: Records = {}
    for line in (out / "grades.jsonl").read_text("utf-8").splitlines():
        grade = json.loads(line)
        reports = out / "reports" / grade["key"][:20]
        record = {"row": rows[grade["student"]], "grade": grade}
        records[grade["student"]] = record | (files(reports) if grade["key"] else {})
    return records


def _table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))
