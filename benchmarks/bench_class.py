"""A class of whole submissions on all cores and on a local cluster, against as many bare trainings side by side."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.bench_commands import BARE, ONE_THREAD, python
from benchmarks.ratio import Options, Ratio, Timing
from grader.paths import REFERENCE, ROOT

SUBMISSIONS = 12

SCHEDULER = """
import asyncio
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
WORKER = """
import asyncio, sys
from distributed import Worker
async def main():
    async with Worker(sys.argv[1], nthreads=1, local_directory=sys.argv[2], dashboard=False) as worker:
        print("ready", flush=True)
        await worker.finished()
asyncio.run(main())
"""


def ratios(options: Options):
    count = 2 if options.quick else SUBMISSIONS
    before, graded = bare_seconds(count), class_seconds(count)
    between = bare_seconds(count)
    with cluster() as address:
        distributed = class_seconds(count, "--scheduler", address)
    after = bare_seconds(count)
    # Each class lies between two rounds of bare trainings, so that a machine that slows down slows both.
    for title, target, seconds, bare in (
        ("class: throughput of bare training", 0.9, graded, (before + between) / 2),
        ("class: on a local Dask cluster, of bare training", 0.85, distributed, (between + after) / 2),
    ):
        how = (
            f"{count} copies of the reference, no two alike: {seconds:.0f} s; {count} processes that load the images and make the "
            f"accuracy stage's training alone, side by side: {bare:.0f} s. The other eleven stages are in the first alone."
        )
        timings = (Timing(title.partition(":")[2].partition(",")[0].strip(), (seconds,)), Timing("bare", (bare,)))
        yield Ratio(title, bare / seconds, target, how, most=False, timings=timings)


def bare_seconds(count: int) -> float:
    """Seconds for that many trainings, one on each core at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda _: python("-c", BARE), range(count)))
    return time.perf_counter() - start


def class_seconds(count: int, *options: str) -> float:
    """Seconds for the class verb with that many submissions, its start and its pages included."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            target = Path(folder) / "in" / f"learner{number:03}"
            shutil.copytree(REFERENCE, target, ignore=shutil.ignore_patterns("__pycache__"))
            with (target / "train.py").open("a", encoding="utf-8") as file:
                file.write(f"# {number}\n")
        start = time.perf_counter()
        command = [sys.executable, "-m", "grader", "class", f"{folder}/in", "--out", f"{folder}/out", *options]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
        return time.perf_counter() - start


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """A Dask scheduler and a worker for each core, processes of their own on this machine; gives the address."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:

        def start(code: str, *arguments: str) -> str:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *arguments],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT, env=ONE_THREAD,
            )  # fmt: skip
            stack.enter_context(process)  # waits for it
            stack.callback(process.kill)
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line:
                raise RuntimeError("a process of the local cluster did not start")
            return line

        address = start(SCHEDULER)
        for number in range(os.cpu_count() or 1):
            start(WORKER, address, f"{folder}/{number}")
        yield address
