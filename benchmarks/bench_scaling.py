"""Time and memory as there are more images, wider networks and more submissions: nothing may grow faster than its input."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ratio import Curve, Options, Ratio, exponent
from grader.paths import ROOT, STUDENT

IMAGES, WIDTHS, CLASSES = ((1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000), (32, 64, 128, 256, 512, 1024), (8, 16, 32, 64))
ALLOWED = 1.15  #: exponent of what grows in proportion, with room for what the caches do

TRAIN = """
import json, resource, sys, time
import numpy as np
from reference.data import load_mnist
from reference.network import MLP
from reference.train import train
x, y, xv, yv = load_mnist()
for images, width, epochs in json.loads(sys.argv[1]):
    rows = np.arange(images) % len(x)
    xs, ys = x[rows], y[rows]
    rng = np.random.default_rng(0)
    model = MLP((784, width, 64, 10), rng, dtype=np.float32)
    start = time.perf_counter()
    train(model, xs, ys, xv[:100], yv[:100], epochs=epochs, batch_size=64, lr=0.1, rng=rng)
    print(json.dumps([(time.perf_counter() - start) / epochs, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
    del xs, ys, model
"""


def trained(requests):
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, json.dumps(requests)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def ratios(options: Options):
    images = IMAGES[:2] if options.quick else IMAGES
    widths = WIDTHS[:2] if options.quick else WIDTHS
    repeats = options.rounds(3)
    # Every size in a process of its own: the peak of its memory is its own, too.
    by_images = [min(trained([(n, 128, repeats)]) for _ in range(1)) for n in images]
    yield from grown("training, by images", "images", images, by_images, "784-128-64-10, batch 64, one epoch, float32")
    by_width = [trained([(4_000, w, repeats)])[0] for w in widths]
    yield from grown("training, by width", "units of the first layer", widths, by_width, "4,000 images, one epoch")
    sizes = CLASSES[:2] if options.quick else CLASSES
    graded = [graded_class(n) for n in sizes]
    yield from grown("class, by submissions", "submissions", sizes, graded, "untouched skeletons with one difference each")


def grown(name, x, sizes, measured, how):
    """One curve for time, one for memory, and the exponent of the time beside what is allowed."""
    measured = [m[0] if isinstance(m[0], list) else m for m in measured]
    seconds = list(zip(map(float, sizes), (m[0] for m in measured)))
    memory = list(zip(map(float, sizes), (m[1] for m in measured)))
    tail = seconds[-4:]  # the first sizes show what a start costs, the last ones how it grows
    found = {"time": exponent(tail), "memory": exponent(memory[-4:])}
    yield Curve(f"{name}: time", x, "seconds", {"time": seconds}, how, {"time": found["time"]})
    yield Curve(f"{name}: memory", x, "MB", {"memory": memory}, how, {"memory": found["memory"]})
    told = f"time ~ size^{found['time']:.2f}, memory ~ size^{found['memory']:.2f}, of the last {len(tail)} sizes; {how}"
    yield Ratio(f"scaling: {name}, exponent of time", found["time"], ALLOWED, told)
    yield Ratio(f"scaling: {name}, exponent of memory", found["memory"], ALLOWED, told)


#: Runs a command and says how long it took and how much memory the largest of its processes had.
WATCHED = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(json.dumps([time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024]))
"""


def graded_class(count: int) -> list[float]:
    """Seconds for a class of that many, and the peak memory of the largest process, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            target = Path(folder) / "in" / f"learner{number:03}"
            shutil.copytree(STUDENT, target, ignore=shutil.ignore_patterns("__pycache__"))
            with (target / "losses.py").open("a", encoding="utf-8") as file:
                file.write(f"# {number}\n")
        verb = [sys.executable, "-m", "grader", "class", f"{folder}/in", "--out", f"{folder}/out", "--no-reports"]
        done = subprocess.run([sys.executable, "-c", WATCHED, *verb], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
