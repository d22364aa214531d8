"""What the report costs: making its figures, and rendering it again from a grade's records."""

import json
import shutil
import tempfile
from pathlib import Path

from benchmarks.bench_commands import python
from benchmarks.ratio import Options, Ratio, Timing, alternate, timed
from grader.paths import REFERENCE

#: Seconds of rendering with every figure drawn, and with none, once matplotlib is imported.
FIGURES = """
import json, sys, time
from pathlib import Path
import matplotlib.pyplot
from grader.report.learner import render
from grader.report.stored import read
from grader.verbs._course import course_here

out = Path(sys.argv[1])
report = read(out)
seconds = []
for drawn in (True, False):
    if drawn:
        (out / "figures.json").unlink(missing_ok=True)
    start = time.perf_counter()
    render(report, out, course_here())
    seconds.append(time.perf_counter() - start)
print(json.dumps(seconds))
"""


def ratios(options: Options):
    with tempfile.TemporaryDirectory() as folder:
        student, out = Path(folder) / "student", Path(folder) / "out"
        shutil.copytree(REFERENCE, student, ignore=shutil.ignore_patterns("__pycache__"))
        losses = student / "losses.py"
        # A slip that leaves the trainings possible: both kinds of figure are due, of failures and of trainings.
        text = losses.read_text(encoding="utf-8")
        losses.write_text(text.replace("logits - logits.max(axis=1, keepdims=True)", "logits", 1), encoding="utf-8")
        python("-m", "grader", "grade", "--student", str(student), "--out", str(out))
        drawn, plain = [], []
        for _ in range(options.rounds(5)):
            both = json.loads(python("-c", FIGURES, str(out)).stdout)
            drawn.append(both[0])
            plain.append(both[1])
        making = Timing("figures", tuple(a - b for a, b in zip(drawn, plain, strict=True)))
        figures = len(json.loads((out / "figures.json").read_text(encoding="utf-8")))
        how = f"{figures} figures of a whole grade, matplotlib's import apart; median of {len(drawn)}"
        yield Ratio("report: making the figures", making.median, 1.0, how, unit="s", timings=(making,))
        runs = {
            "import matplotlib": lambda: timed(lambda: python("-c", "import matplotlib.pyplot")),
            "make report": lambda: timed(lambda: python("-m", "grader", "report", "--out", str(out))),
        }
        timings = alternate(runs, options.rounds(7))
        again, unit = timings["make report"], timings["import matplotlib"]
        how = f"{again.median:.2f} s and {unit.median:.2f} s, median of {len(unit.values)} alternating runs"
        yield Ratio("report: rendering again / import matplotlib", again.median / unit.median, 3.0, how, timings=(again, unit))
