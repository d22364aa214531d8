"""How much of the machine's matrix arithmetic the training uses."""

import itertools
import os
import subprocess
import sys

import numpy as np

from benchmarks.peers import ask
from benchmarks.ratio import Options, Ratio, Timing
from grader.paths import ROOT
from grader.threads import ONE_THREAD

SIZES, IMAGES, EPOCHS, BATCH = (784, 128, 64, 10), 20_000, 10, 64

PEAK = """
import time, numpy as np
a = np.random.default_rng(0).random((2048, 2048), dtype=np.float32)
a @ a
seconds = []
for _ in range({rounds}):
    start = time.process_time(); a @ a; seconds.append(time.process_time() - start)
print(min(seconds))
"""

#: The nine products of one step at their own shapes, and nothing else.
STEP = """
import time, numpy as np
rng = np.random.default_rng(0)
new = lambda *shape: rng.random(shape, dtype=np.float32)
products = []
for i, o in {pairs}:
    x, W, dout = new({batch}, i), new(i, o), new({batch}, o)
    products += [(x, W), (x.T, dout), (dout, W.T)]
seconds = []
for _ in range({rounds}):
    start = time.process_time()
    for _ in range(100):
        for a, b in products:
            a @ b
    seconds.append((time.process_time() - start) / 100)
print(min(seconds))
"""


def operations(sizes=SIZES, images=IMAGES, epochs=EPOCHS, with_dx=True):
    """Multiplications and additions of all matrix products of a training."""
    weights = sum(i * o for i, o in itertools.pairwise(sizes))
    products = 3 * weights - (0 if with_dx else sizes[0] * sizes[1])
    return 2 * products * images * epochs


def lit() -> float:
    """Pixels that are not 0 in all images of a batch, on average: `fast` multiplies no others in its first layer."""
    from reference.data import load_mnist

    images = load_mnist()[0]
    order = np.random.default_rng(0).permutation(len(images))
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return float(np.mean([np.count_nonzero(images[rows].any(axis=0)) for rows in batches]))


def measured(program: str, environment: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return float(done.stdout)


def ratios(options: Options):
    rounds = options.rounds(7)
    pairs = list(itertools.pairwise(SIZES))
    peak_program, step_program = PEAK.format(rounds=2 * rounds), STEP.format(pairs=pairs, batch=BATCH, rounds=rounds)
    steps = EPOCHS * -(-IMAGES // BATCH)
    trainings: dict[str, list[float]] = {"reference": [], "fast": []}
    peaks, bare = [], []
    for _ in range(rounds):  # in turn, so that whatever else the machine does hits all of them
        for name, seconds in trainings.items():
            seconds.append(ask(name, {})[0]["seconds"])
        peaks.append(2 * 2048**3 / measured(peak_program, ONE_THREAD))
        bare.append(steps * measured(step_program, ONE_THREAD))
    peak = max(peaks)
    everywhere = 2 * 2048**3 / measured(peak_program, {})
    for name, target, needed_target in (("reference", 0.50, None), ("fast", None, 0.60)):
        timing = Timing(name, tuple(trainings[name]))
        how = f"peak {peak / 1e9:.0f} GFLOP/s (2048 x 2048, float32, one thread); the training takes {timing.median:.2f} s"
        needed = operations(with_dx=False) / peak / timing.median
        if name == "reference":
            share = operations() / peak / timing.median
            title = "arithmetic: share of the sgemm limit, reference"
            yield Ratio(title, share, target, how, most=False, timings=(timing,))
            shapes = (
                f"the same products alone, at the shapes of a batch of {BATCH}: {min(bare):.2f} s; the rest is everything else"
            )
            yield Ratio("arithmetic: share of its own products' time", min(bare) / timing.median, None, shapes, most=False)
            threads = f"as the first, of the limit of all {os.cpu_count()} processors together: {everywhere / 1e9:.0f} GFLOP/s"
            everyone = operations() / everywhere / timing.median
            yield Ratio("arithmetic: share of all processors", everyone, None, threads, most=False)
        without = f"{how}; counted with all pixels, and without the gradient by the images, which training does not need"
        title = f"arithmetic: share of the sgemm limit, {name}, needed products alone"
        yield Ratio(title, needed, needed_target, without, most=False, timings=(timing,))
        if name == "fast":
            pixels = lit()
            made = operations((pixels, *SIZES[1:]), with_dx=False) / peak / timing.median
            without = f"{how}; counted with the {pixels:.0f} of {SIZES[0]} pixels that a batch of {BATCH} has on average"
            yield Ratio("arithmetic: share of the sgemm limit, fast, products that it makes", made, None, without, most=False)
