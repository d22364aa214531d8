"""From a fresh clone to the first verdict: processor time of all that happens, the installer included."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ratio import Options, Ratio, Timing, spent
from grader.bootstrap import BASE, OWN_ENVIRONMENT
from grader.paths import ROOT

MOST = 12.0  #: seconds with pip, on a machine that imports NumPy in 0.15 s


def ratios(options: Options):
    known = os.environ.get("PATH", "").split(os.pathsep)
    without = os.pathsep.join(folder for folder in known if not (Path(folder) / "uv").exists())
    numpy = Timing("import numpy", tuple(spent([sys.executable, "-c", "import numpy"], ROOT) for _ in range(options.rounds(7))))
    for installer, path in (("pip", without), ("uv", os.pathsep.join(known))):
        name = f"start: fresh clone to first verdict, {installer}"
        if installer == "uv" and not shutil.which("uv"):
            yield Ratio(name, None, MOST, "uv is not installed here")
            continue
        timing = Timing(installer, tuple(first_verdict(path) for _ in range(options.rounds(3))))
        how = f"processor time, median of {len(timing.values)}; import numpy takes {numpy.median:.2f} s"
        yield Ratio(name, timing.median, MOST, how, "s", timings=(timing, numpy))


def first_verdict(path: str) -> float:
    """Seconds of processor time of a first grade in a new clone of the last commit."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "course"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        known = {name: value for name, value in os.environ.items() if name not in (OWN_ENVIRONMENT, "CHAIN_RULE_MEMORY")}
        return spent([BASE, "-m", "grader", "grade", "01_linear"], clone, known | {"PATH": path})
