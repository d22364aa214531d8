"""What the course needs of a machine, looked at one by one: for `doctor`."""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from grader import bootstrap
from grader.course.course import SUMS, Course

#: Oldest versions that the course works with.
OLDEST = {
    "numpy": "1.26", "msgspec": "0.19", "pytest": "8.3", "jinja2": "3.1", "matplotlib": "3.9", "click": "8.1", "rich": "13.9",
}  # fmt: skip


class Finding(Struct, frozen=True):
    """One thing looked at."""

    name: str
    text: str
    fine: bool = True
    remedy: str = ""


def examine(course: Course, repair: bool) -> Iterator[tuple[str, list[Finding]]]:
    """(heading, findings), one group after another, as they are made.

    repair : put back and install what can be
    """
    yield "Versions", versions(repair)
    yield "Arithmetic", arithmetic()
    yield "Worker", worker(course.withheld)
    if findings := data(course, repair):
        yield "Data", findings


def versions(repair: bool) -> list[Finding]:
    """The interpreter and the packages."""
    enough = sys.version_info >= (3, 11)
    where = f"{platform.python_version()} ({platform.system()} {platform.release()}, {platform.machine()})"
    found = [Finding("Python", where, enough, "install Python 3.11 or newer")]
    if not bootstrap.provided():
        found.append(_environment(repair))
    for name, oldest in OLDEST.items():
        try:
            version = importlib.metadata.version(name)
            fine = _numbers(version) >= _numbers(oldest)
            text = version if fine else f"{version}, but the course needs {oldest} or newer"
        except importlib.metadata.PackageNotFoundError:
            fine, text = False, "not installed"
        found.append(Finding(name, text, fine, "delete the folder .venv and run this again"))
    return found


def _environment(repair: bool) -> Finding:
    missing = bootstrap.missing(["base"])
    if missing and repair:
        try:
            bootstrap.ensure(["base"])
            return Finding("environment", ".venv was incomplete and has been repaired")
        except bootstrap.SetupFailed as failure:
            return Finding("environment", str(failure), False, "delete the folder .venv and run this again")
    return Finding("environment", "incomplete" if missing else ".venv is complete", not missing, "python -m grader doctor")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())


def arithmetic() -> list[Finding]:
    """BLAS, its threads here, and how fast it is."""
    import numpy as np

    from grader.running.limits import CALIBRATION_SECONDS, calibrate

    try:
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        library = f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    except (KeyError, TypeError):
        library = "unknown"
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "as many as there are cores")
    scale = calibrate()
    pace = f"calibration: {scale:.2f} times the recorded {CALIBRATION_SECONDS * 1000:.0f} ms; time limits are stretched by that"
    return [
        Finding("BLAS", library),
        Finding("threads", f"here {threads}, in a worker 1 (so that results are the same everywhere)"),
        Finding("processors", f"{os.cpu_count()}"),
        Finding("pace", pace),
    ]


def worker(withheld: Sequence[Path]) -> list[Finding]:
    """What a worker can and cannot do on this machine, as it measured itself, and what starting and asking one costs."""
    from grader.running.limits import TimeLimits
    from grader.submission import Submission
    from grader.worker.outside.errors import WorkerFault
    from grader.worker.outside.pool import WorkerPool

    echo = Submission("doctor", {"layers": "def same(x):\n    return x\n"})
    try:
        with WorkerPool(withheld) as pool:
            report = pool.report()
            start = time.perf_counter()
            with pool.student(echo, TimeLimits()) as student:
                started = time.perf_counter() - start
                student.layers.same(0)
                start = time.perf_counter()
                for _ in range(100):
                    student.layers.same(0)
                call = (time.perf_counter() - start) / 100
    except WorkerFault as fault:
        return [Finding("worker", str(fault), False, "another Python or another machine: no submission can be run here")]
    found = [Finding("forbidden actions", report["summary"], report["complete"])]
    found += [
        Finding(name, "blocked" if held else "NOT blocked here", held, report["remedies"].get(name, ""))
        for name, held in report["probes"].items()
    ]
    found.append(Finding("layers", ", ".join(report["layers"])))
    if "no capabilities" in report["layers"]:
        kept = "the super-user's, without its powers: where Landlock is missing, it reads what the super-user owns"
        remedy = "a Python that every user may read, not below /root: each worker then has a user of its own"
        found.append(Finding("user", kept, report["probes"]["read the course's files"], remedy))
    found += [Finding(name, f"off: {why}") for name, why in report["missing"].items()]
    found.append(Finding("start", f"{started * 1000:.0f} ms ({report['mode']}); one call {call * 1000:.2f} ms"))
    return found


def data(course: Course, repair: bool) -> list[Finding]:
    """The files in a course's folder of data against their checksums; damaged ones are put back from git."""
    folder, sums, about = course.data, course.checksums(), course.about.data
    if not sums and (about.open or about.hidden):
        remedy = "git checkout -- data, or download the course again"
        return [Finding(SUMS, "missing, so no data file can be verified", False, remedy)]
    found = []
    for name, wanted in sums.items():
        state = _state(folder / name, wanted)
        if state != "verified" and repair and _put_back(folder, name) and _state(folder / name, wanted) == "verified":
            found.append(Finding(f"data/{name}", "was damaged or missing; put back from git and verified"))
            continue
        remedy = f"git checkout -- data/{name}, or download the course again"
        found.append(Finding(f"data/{name}", state, state == "verified", remedy))
    return found


def _state(path: Path, wanted: str) -> str:
    if not path.is_file():
        return "missing"
    return "verified" if hashlib.sha256(path.read_bytes()).hexdigest() == wanted else "damaged: its checksum differs"


def _put_back(folder: Path, name: str) -> bool:
    if (git := shutil.which("git")) is None:
        return False
    command = [git, "-C", str(folder), "checkout", "--quiet", "--", name]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
