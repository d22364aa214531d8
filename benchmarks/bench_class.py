"""A class of whole submissions on all cores, against as many bare trainings side by side."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.bench_commands import BARE, python
from benchmarks.ratio import Options, Ratio, Timing
from grader.paths import REFERENCE, ROOT

SUBMISSIONS = 12


def ratios(options: Options):
    count = 2 if options.quick else SUBMISSIONS
    bare, graded = bare_seconds(count), class_seconds(count)
    how = f"{count} copies of the reference, no two alike: {graded:.0f} s; {count} bare trainings side by side: {bare:.0f} s"
    timings = (Timing("class", (graded,)), Timing("bare", (bare,)))
    yield Ratio("class: throughput of bare training", bare / graded, 0.9, how, most=False, timings=timings)


def bare_seconds(count: int) -> float:
    """Seconds for that many trainings, one on each core at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda _: python("-c", BARE), range(count)))
    return time.perf_counter() - start


def class_seconds(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            target = Path(folder) / "in" / f"learner{number:03}"
            shutil.copytree(REFERENCE, target, ignore=shutil.ignore_patterns("__pycache__"))
            with (target / "train.py").open("a", encoding="utf-8") as file:
                file.write(f"# {number}\n")
        start = time.perf_counter()
        command = [sys.executable, "-m", "grader", "class", f"{folder}/in", "--out", f"{folder}/out"]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        return time.perf_counter() - start
