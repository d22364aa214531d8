"""What a learner waits for: whole commands, as multiples of starting Python and importing NumPy."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.ratio import Options, Ratio, Timing, alternate, spent, timed
from grader.course.course import Course
from grader.paths import REFERENCE, ROOT
from grader.threads import ONE_THREAD

#: The trainings that a whole grade makes, at the grade's own type and one thread, without a grader around them.
BARE = """
import time, numpy as np
from grader.course.toolbox import shared
from grader.paths import DATA, TASKS
from reference.network import MLP
from reference.train import HYPERPARAMETERS, train
images = shared(TASKS, "images").open(DATA)
rng = np.random.default_rng(0)
model = MLP((784, 128, 64, 10), rng)
start = time.perf_counter()
train(model, *images, rng=rng, **HYPERPARAMETERS)
print(time.perf_counter() - start)
"""


#: What a grade imports, as it does it.
IMPORTS = """
import gc, os
gc.set_threshold(200_000)
import grader.verbs.grade, grader.grading.output, grader.grading.grade, pytest, numpy.random
import grader.learner.progress_bar, grader.report.learner
os._exit(0)
"""


def python(*arguments: str) -> subprocess.CompletedProcess:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=os.environ | ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-500:]}")
    return done


def ratios(options: Options):
    with tempfile.TemporaryDirectory() as folder:
        student = Path(folder) / "student"
        shutil.copytree(REFERENCE, student, ignore=shutil.ignore_patterns("__pycache__"))
        out = str(Path(folder) / "out")
        grade = ("-m", "grader", "grade", "--student", str(student), "--out", out)
        yield from short_commands(grade, options)
        yield from processor_times(grade, options)
        yield from whole_grade(grade, Path(out), options)


def short_commands(grade: tuple[str, ...], options: Options):
    runs = {
        "import numpy": lambda: timed(lambda: python("-c", "import numpy")),
        # In a folder of its own: a grade without the cache leaves nothing that the next one could recall.
        "cold": lambda: timed(lambda: python(*grade, "03_softmax", "--no-cache", "--out", f"{grade[-1]}_cold")),
        "unchanged": lambda: timed(lambda: python(*grade, "03_softmax")),
    }
    runs["unchanged"]()
    timings = alternate(runs, options.rounds(9))
    unit = timings["import numpy"]
    for name, title, target in (
        ("cold", "commands: make grade STAGE=03_softmax / import numpy", 4.5),
        ("unchanged", "commands: the same again, nothing changed / import numpy", 4.0),
    ):
        timing = timings[name]
        how = f"{timing.median:.2f} s and {unit.median:.2f} s, median of {len(unit.values)} alternating runs"
        yield Ratio(title, timing.median / unit.median, target, how, timings=(timing, unit))


def processor_times(grade: tuple[str, ...], options: Options):
    """Of everything that a cold grade starts, its workers too; beside it what its imports take, below which nothing can get."""
    cold = (*grade, "--no-cache", "--out", f"{grade[-1]}_spent")
    course = Course(ROOT)
    without = [stage.id for stage in course.stages if stage.points and not stage.training]
    commands = {
        "import numpy": ("-c", "import numpy"),
        "imports alone": ("-c", IMPORTS),
        "cold": (*cold, "03_softmax"),
        "all but trainings": (*cold, *without),
    }
    timings = alternate(
        {name: partial(spent, [sys.executable, *words], ROOT) for name, words in commands.items()}, options.rounds(9)
    )
    unit = timings["import numpy"]
    for name, title, target in (
        ("cold", "make grade STAGE=03_softmax", 5.0),
        ("imports alone", "its imports alone", None),
        ("all but trainings", "all stages with points but those that train", 12.0),
    ):
        timing = timings[name]
        how = f"{timing.median:.2f} s and {unit.median:.2f} s, median of {len(unit.values)} alternating runs"
        yield Ratio(f"processor time: {title} / import numpy", timing.median / unit.median, target, how, timings=(timing, unit))


def whole_grade(grade: tuple[str, ...], out: Path, options: Options):
    """A full cold grade against its trainings, run bare, plus what its other stages take."""
    wholes, bares, others = [], [], []
    for _ in range(options.rounds(3)):
        bares.append(float(python("-c", BARE).stdout))
        start = time.perf_counter()
        python(*grade, "--no-cache")
        wholes.append(time.perf_counter() - start)
        report = json.loads((out / "results.json").read_text(encoding="utf-8"))
        others.append(sum(stage["seconds"] for stage in report["stages"] if stage["id"] != "12_mnist"))
    whole, bare, units = (Timing(n, tuple(v)) for n, v in (("whole", wholes), ("bare", bares), ("other stages", others)))
    how = (
        f"{whole.median:.1f} s; the accuracy stage's training bare, in float64 on one thread, {bare.median:.1f} s; "
        f"the other stages' own time {units.median:.1f} s"
    )
    expected = bare.median + units.median
    yield Ratio("grade: whole / bare training and other stages", whole.median / expected, 1.3, how, timings=(whole, bare, units))
    yield Ratio("grade: whole / bare training alone", whole.median / bare.median, None, how)
