"""What it costs to run checks again with something right in the place of a mistake: processor time, workers included."""

import os
import resource
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a grade

from benchmarks.ratio import Options, Ratio, Timing, alternate
from grader.check_tasks.subjects import mutants
from grader.course.course import Course
from grader.course.skeleton import build, read_claims
from grader.paths import ROOT
from grader.running.runner import load_checks
from grader.running.session import run_stages
from grader.submission import Submission, read_submission
from grader.worker.outside.pool import WorkerPool

COURSE = Course(ROOT)
UNIT = tuple(stage for stage in COURSE.stages if not stage.training)
#: One mistake in each stage that others build on; what they cost is different, the dearest counts.
EARLY = ("01_linear", "02_relu", "03_softmax", "04_cross_entropy", "06_network", "08_sgd", "09_minibatches")


def processor_seconds() -> float:
    """Of this process and of all that it has started and seen end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def grade(code: Submission, policy: str) -> Callable[[], float]:
    functions = {stage.id: load_checks(stage) for stage in UNIT}

    def run() -> float:
        begun = processor_seconds()
        with WorkerPool(COURSE.withheld) as pool:
            run_stages(UNIT, pool, code, course=COURSE, functions=functions, follow_through=policy)
        return processor_seconds() - begun

    return run


def ratios(options: Options):
    reference = read_submission(COURSE.reference)
    wrong = {stage: next(code for m, code in mutants(COURSE, reference).values() if m.stage == stage) for stage in EARLY}
    texts = build(COURSE.reference, read_claims(COURSE.tasks))
    skeleton = Submission("skeleton", {file.removesuffix(".py"): text for file, text in texts.items()})
    runs = {stage: grade(code, "full") for stage, code in wrong.items()}
    runs |= {"right": grade(reference, "full")}
    runs |= {f"skeleton {policy}": grade(skeleton, policy) for policy in ("off", "full")}
    runs["right"]()  # what checks keep from one run to the next is made here
    found = alternate(runs, options.rounds(5))
    yield _ratio("one wrong early function / none", max((found[s] for s in EARLY), key=_median), found["right"], 1.5)
    yield _ratio("an untouched skeleton / without", found["skeleton full"], found["skeleton off"], 1.1)


def _median(timing: Timing) -> float:
    return timing.median


def _ratio(what: str, timing: Timing, unit: Timing, target: float) -> Ratio:
    how = f"{timing.median:.2f} s of processor time ({timing.name}) and {unit.median:.2f} s, unit stages"
    return Ratio(f"follow-through: {what}", timing.median / unit.median, target, how, timings=(timing, unit))
