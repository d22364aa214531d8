"""What it costs to keep a submission in a process of its own."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.ratio import Options, Ratio, Timing, timed
from grader.course.course import Course
from grader.paths import REFERENCE, ROOT
from grader.submission import read_submission

WITHHELD = Course(ROOT).withheld


def repeated(name, function, rounds):
    function()
    return Timing(name, tuple(timed(function) for _ in range(rounds)))


def gradient_check(layer, fill, x, W):
    """400 forward calls and as many writes: a central difference of 200 weights."""
    total = 0.0
    for i in range(200):
        index = np.unravel_index(i, W.shape)
        for step in (1e-5, -1e-5):
            moved = W.copy()
            moved[index] += step
            fill(moved)
            total += float(np.sum(layer.forward(x)))
    return total


def ratios(options: Options):
    from grader.worker.outside.pool import WorkerPool
    from reference import layers, losses

    submission, rounds = read_submission(REFERENCE), options.rounds(20)
    rng = np.random.default_rng(0)
    z, x, W, images = (
        rng.normal(size=(8, 10)),
        rng.normal(size=(6, 20)),
        rng.normal(size=(20, 10)),
        rng.random((20_000, 784), np.float32),
    )

    def started(name, pool):
        def start():
            with pool.student(submission):
                pass

        return repeated(name, start, rounds)

    with WorkerPool(WITHHELD, again=False) as pool:
        fresh = started("start", pool)
    how = f"fork, confine, self-test; median of {rounds}, the quickest {1000 * min(fresh.values):.1f} ms"
    yield Ratio("worker: start", 1000 * fresh.median, 15.0, how, unit="ms", timings=(fresh,))
    with WorkerPool(WITHHELD) as pool:
        again = started("again", pool)
        how = "the modules loaded anew in the worker of the check before"
        yield Ratio("worker: for the next check", 1000 * again.median, None, how, unit="ms", timings=(again,))

        with pool.student(submission) as student, student.on_one_cpu():  # as in a check
            remote = repeated("call", lambda: student.losses.softmax(z), 10 * rounds)
            local = repeated("call here", lambda: losses.softmax(z), 10 * rounds)
            how = f"softmax of (8, 10): {1e6 * remote.median:.0f} and {1e6 * local.median:.0f} microseconds"
            yield Ratio("worker: one call / here", remote.median / local.median, None, how, timings=(remote, local))

            layer, own = student.layers.Linear(20, 10, student.rng(0)), layers.Linear(20, 10, np.random.default_rng(0))

            def fill_own(values):
                own.W[...] = values

            there = repeated("check", lambda: gradient_check(layer, lambda v: student.fill(layer, "W", v), x, W), 3)
            here = repeated("check here", lambda: gradient_check(own, fill_own, x, W), 3)
            how = f"400 forward calls and 400 writes: {there.median:.3f} and {here.median:.3f} s"
            yield Ratio("worker: gradient check / here", there.median / here.median, None, how, timings=(there, here))

    def share():
        with WorkerPool(WITHHELD) as pool:
            pool.share("images", images)
            with pool.student(submission) as student:
                student.layers.ReLU().forward.keep(images)

    def share_nothing():
        with WorkerPool(WITHHELD) as pool, pool.student(submission) as student:
            student.layers.ReLU().forward.keep(images[:1])

    shared, bare = repeated("shared", share, 3), repeated("not shared", share_nothing, 3)
    relu = repeated("ReLU here", lambda: layers.ReLU().forward(images), 3)
    extra = max(shared.median - bare.median - relu.median, 0.0)
    how = "a pool with 20,000 images for every worker, beyond a pool without and the ReLU of them"
    yield Ratio("worker: sharing 20,000 images", 1000 * extra, None, how, unit="ms", timings=(shared, bare, relu))
