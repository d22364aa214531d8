"""A class of whole submissions on all cores and on a local cluster, against as many bare trainings side by side."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.bench_commands import BARE, python
from benchmarks.local_cluster import LocalCluster
from benchmarks.ratio import Options, Ratio, Timing
from grader.paths import REFERENCE, ROOT

SUBMISSIONS, BARE_TRAININGS = 50, 12
#: The accuracy stage's training, and that of a hundred images.
TRAININGS = f"""{BARE}
model, rows = MLP((784, 128, 64, 10), rng), rng.choice(len(images[0]), 100, replace=False)
x, y = (array[rows] for array in images[:2])
train(model, x, y, x[:20], y[:20], rng=rng, epochs=20, batch_size=10, lr=0.1)
"""


def ratios(options: Options):
    cores = os.cpu_count() or 1
    count, trainings = (cores, cores) if options.quick else (SUBMISSIONS, BARE_TRAININGS)
    before, graded = bare_seconds(trainings), class_seconds(count)
    between = bare_seconds(trainings)
    with tempfile.TemporaryDirectory() as folder, LocalCluster(Path(folder)) as cluster:
        for number in range(cores):
            cluster.add(str(number))
        distributed = class_seconds(count, "--scheduler", cluster.address)
    after = bare_seconds(trainings)
    # Each class lies between two rounds of bare trainings, so that a machine that slows down slows both.
    for title, target, seconds, bare in (
        ("class: throughput of bare training", 0.92, graded, (before + between) / 2),
        ("class: on a local Dask cluster, of bare training", 0.90, distributed, (between + after) / 2),
    ):
        how = (
            f"{count} copies of the reference, no two alike, {seconds:.0f} s: {60 * count / seconds:.2f} a minute; "
            f"{trainings} processes that load the images and make the trainings of stages 11 and 12 alone, side by side, "
            f"{bare:.0f} s: {60 * trainings / bare:.2f} a minute. All other checks are in the first alone."
        )
        timings = (Timing(title.partition(":")[2].partition(",")[0].strip(), (seconds,)), Timing("bare", (bare,)))
        yield Ratio(title, bare / trainings * count / seconds, target, how, most=False, timings=timings)


def bare_seconds(count: int) -> float:
    """Seconds for that many trainings, one on each core at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda _: python("-c", TRAININGS), range(count)))
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
