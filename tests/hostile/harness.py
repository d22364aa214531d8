"""One attack, graded: what it earned, how long it took, what it left behind."""

import dataclasses
import fcntl
import json
import os
import stat
import time
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from grader.course.course import Course
from grader.grading.grade import grade
from grader.grading.output import Output
from grader.grading.request import Request, Settings
from grader.paths import REFERENCE, ROOT
from grader.running.limits import Limits
from grader.running.runner import load_checks
from grader.running.session import run_stages
from grader.submission import read_submission
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE

ATTACKS = Path(__file__).parent / "attacks"
SECRET = "HOSTILE_SECRET"
LEAK = ("HOSTILE-LEAK", "HOSTILE-SECRET-SEEN")
TIME_FACTOR = 0.2  #: of the usual limits: most attacks that hang would do so for the whole of it
FOLDERS = ("/tmp", "/dev/shm", "/var/tmp", "/dev/mqueue")
#: What attacks leave behind where they can. Exact names: all else in those folders is somebody else's.
TRACES = ("chain-rule-disk-fill", "chain-rule-shared-memory", "hostile_extra.py", "hostile_extra.pyc")
_GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS
WATCHED = ("CHANGELOG.md", "grader", "grader/__main__.py", "reference", "reference/losses.py", "data")


class Attack(NamedTuple):
    """A submission that tries something.

    tries  : in a line
    honest : points that the same code earns without the attack
    stages : that are graded
    whole  : by a whole grade, with pytest and files; the others by the engine's own loop, which is quicker
    base   : the modules that the folder does not have are the reference's
    excepted : points that it gets, where more than the honest ones are not promised to be kept from it
    """

    folder: Path
    tries: str
    honest: int
    stages: tuple[str, ...]
    seed: int = 0
    whole: bool = False
    base: bool = False
    excepted: int = 0

    @property
    def name(self) -> str:
        return self.folder.name


class Outcome(NamedTuple):
    """What became of one attack."""

    score: int
    seconds: float
    faults: list[str]  #: whatever is not as it should be, in words


def attacks() -> list[Attack]:
    """All attacks, by name."""
    found = []
    for folder in sorted(path for path in ATTACKS.iterdir() if (path / "attack.toml").exists()):
        told = tomllib.loads((folder / "attack.toml").read_text())
        rest = {name: told[name] for name in ("seed", "whole", "base", "excepted") if name in told}
        found.append(Attack(folder, told["tries"], told["honest"], tuple(told["stages"]), **rest))
    return found


def run(attack: Attack, pool: WorkerPool, out: Path) -> Outcome:
    """Grade one attack, and look for what should not be."""
    before = _watched(attack)
    begun = time.perf_counter()
    results, complete = _graded(attack, pool, out) if attack.whole else _checked(attack, pool)
    seconds = time.perf_counter() - begun
    score = sum(result["points"] for result in results)
    faults = []
    if score > max(attack.honest, attack.excepted):
        faults.append(f"earned {score} points, {attack.honest} would be honest")
    faults += [f"broke the grader: {result['message']}" for result in results if result["state"] == "error"]
    if not complete:
        faults.append("ended the grade early")
    for text in _texts(results):
        faults += [f"leaked: {leak}" for leak in LEAK if leak in text]
        if any(sign in text for sign in "\x1b\r\u202e\u2066") or any(line.startswith("::") for line in text.splitlines()):
            faults.append(f"unclean text in the results: {text[:80]!r}")
    faults += [f"left behind: {trace}" for trace in sorted(_watched(attack) ^ before)]
    faults += _processes(pool)
    return Outcome(score, seconds, faults)


def _graded(attack: Attack, pool: WorkerPool, out: Path) -> tuple[list[dict[str, Any]], bool]:
    """The results of a whole grade, as they stand in results.json."""
    request = Request(
        Course(ROOT, with_reference=False),
        attack.folder,
        Output(out, html=False),
        attack.stages,
        Settings(attack.seed, use_cache=False, time_factor=TIME_FACTOR),
    )
    complete = grade(request, pool=pool).complete
    report = json.loads((out / "results.json").read_bytes())
    return [check for stage in report["stages"] for check in stage["checks"]], complete


def _checked(attack: Attack, pool: WorkerPool) -> tuple[list[dict[str, Any]], bool]:
    """The results of the engine's own loop: the same checks, without pytest and without files."""
    course = _course()
    stages = course.select(attack.stages)
    submission = read_submission(attack.folder)
    if attack.base:
        modules = {**read_submission(REFERENCE).modules, **submission.modules}
        submission = dataclasses.replace(submission, modules=modules)  # still in its folder
    limits = Limits(1.0 if attack.base else TIME_FACTOR)  # the reference's own modules need their time
    how = {"functions": _functions, "seed": attack.seed, "limits": limits, "follow_through": "full"}
    session = run_stages(stages, pool, submission, course=course, **how)
    wanted = {stage.id for stage in stages}
    results = [result for (stage, _), result in session.results.items() if stage in wanted]
    return msgspec.to_builtins(results), session.complete


@cache
def _course() -> Course:
    _functions.update({stage.id: load_checks(stage) for stage in HERE.stages})
    return HERE


_functions: dict[str, Any] = {}


def _texts(value: Any) -> Iterator[str]:
    """All text in a decoded JSON document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))


def _watched(attack: Attack) -> set[str]:
    """Marks of files and settings that an attack could leave: they differ if it did."""
    marks = set()
    for folder in (*FOLDERS, str(attack.folder), str(ROOT), str(ROOT / "grader"), os.getcwd()):
        marks |= {path for name in TRACES if os.path.lexists(path := f"{folder}/{name}")}
    for name in WATCHED:
        path = ROOT / name
        if path.exists():
            status = path.stat()
            marks.add(f"{name}: {stat.filemode(status.st_mode)}")
            if path.is_file():
                marks.add(f"{name}: changed at {status.st_mtime}")
            marks |= {f"{name}: {found}" for found in os.listxattr(path)}
    for path in attack.folder.iterdir():
        if path.is_file():
            marks.add(f"{path.name}: {path.stat().st_size} bytes, flags {_flags(path)}")
    try:
        with open("/proc/sysvipc/shm") as file:
            marks |= {f"shared memory {line.split()[0]}" for line in file if line.split()[0] == str(0x686F7374)}
    except OSError:
        pass
    return marks


def _flags(path: Path) -> int:
    """What chattr shows; 0 where the file system has none."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return int.from_bytes(fcntl.ioctl(fd, _GET_FLAGS, bytes(8)), "little")
    except OSError:
        return 0
    finally:
        os.close(fd)


def _processes(pool: WorkerPool) -> list[str]:
    """Processes below the zygote: there should be none once a grade is over."""
    if pool.cold:
        return []
    zygote = pool.zygote().program.pid
    end = time.monotonic() + 3
    while True:
        left = _children(zygote)
        if not left or time.monotonic() > end:
            return [f"left a process behind: {pid}" for pid in left]
        time.sleep(0.02)


def _children(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return file.read().split()
    except OSError:
        return []
