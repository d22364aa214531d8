"""From the save of a file to the verdict on the screen, in watch mode, as a multiple of importing NumPy."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench_commands import python
from benchmarks.ratio import Options, Ratio, Timing, timed
from grader.course.course import Course
from grader.paths import REFERENCE, ROOT

#: What trains, or asks a hundred times for a slope, may take longer than the others, which have to feel immediate.
TARGETS = {"10_training_loop": 1.3, "13_experiments": 2.0, "14_faults": 2.0}
OTHERS = 1.0
PASSED, FAILED = r"{}: (\d+) of \1 checks pass", r"{}: 0 of \d+ checks pass"


def ratios(options: Options):
    unit = Timing("import numpy", tuple(timed(lambda: python("-c", "import numpy")) for _ in range(options.rounds(9))))
    stages = [stage for stage in Course(ROOT).stages if not stage.training and stage.claims]
    for stage, file in ((stage.id, f"{stage.claims[0].partition('.')[0]}.py") for stage in stages):
        target, title = TARGETS.get(stage, OTHERS), f"watch: save to verdict, {stage} / import numpy"
        try:
            saves = saved(stage, file, options.rounds(20))
        except Exception as error:  # a terminal that cannot be driven here must not end the other benchmarks
            yield Ratio(title, None, target, f"not measured: {type(error).__name__}: {str(error).splitlines()[0]}")
            continue
        how = f"median of {len(saves.values)} saves {saves.median:.2f} s, import numpy {unit.median:.2f} s"
        yield Ratio(title, saves.median / unit.median, target, how, timings=(saves, unit))


def saved(stage: str, file: str, rounds: int) -> Timing:
    """Break a file and mend it again and again; measured is from mending it to the verdict that all checks pass."""
    import pexpect

    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        student = Path(folder) / "student"
        shutil.copytree(REFERENCE, student, ignore=shutil.ignore_patterns("__pycache__"))
        text = (student / file).read_text(encoding="utf-8")
        command = [sys.executable, "-m", "grader", "watch", stage, "--student", str(student)]
        child = pexpect.spawn(
            command[0], command[1:], cwd=str(ROOT), env={**os.environ, "TERM": "dumb"}, encoding="utf-8", timeout=60
        )
        try:
            child.expect(PASSED.format(stage))
            settle(child)
            for number in range(rounds + 1):
                (student / file).write_text("raise ValueError\n" + text, encoding="utf-8")
                child.expect(FAILED.format(stage))
                settle(child)
                start = time.perf_counter()
                (student / file).write_text(f"{text}# save {number}\n", encoding="utf-8")
                child.expect(PASSED.format(stage))
                seconds.append(time.perf_counter() - start)
        finally:
            child.close(force=True)
    return Timing(stage, tuple(seconds[1:]))


def settle(child) -> None:
    """Read what is still coming, until the screen has been quiet for a while."""
    import pexpect

    while True:
        try:
            child.read_nonblocking(4096, timeout=0.5)
        except pexpect.TIMEOUT:
            return
