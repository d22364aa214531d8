"""What the name of a mistake costs in a kit: processor time by the stages' tables, workers included, for each failed check."""

from collections.abc import Callable

from benchmarks.bench_commands import python
from benchmarks.bench_follow_through import COURSE, processor_seconds
from benchmarks.ratio import Options, Ratio, Timing, alternate
from grader.check_tasks.subjects import mutants
from grader.course.misconceptions import load
from grader.course.stage import Stage
from grader.diagnosis import answer_table
from grader.diagnosis.name_mistakes import name_mistakes
from grader.running.context import Context
from grader.running.limits import Limits
from grader.running.runner import load_checks
from grader.running.session import Session
from grader.submission import Submission, read_submission
from grader.worker.outside.pool import WorkerPool

EVERY = 12  #: one mistake of so many is looked at, in each stage
TARGET = 0.3


def grade(stage: Stage, code: Submission, naming: bool, failed: dict[str, int]) -> Callable[[], float]:
    """Processor seconds of a grade of one stage, of which the failed checks are counted."""

    def run() -> float:
        answer_table._parsed.cache_clear()  # a grade reads its tables once
        begun = processor_seconds()
        with WorkerPool(COURSE.withheld) as pool:
            session = Session([stage], Context(COURSE, code, pool, limits=Limits(3.0)))
            for check in session.order:
                session.run(check, load_checks(COURSE.stage(check.stage))[check.id])
            if naming:  # before the workers end, as a grade does
                name_mistakes(session, None)
            session.close()
            failed[code.name] = len(session.context.state.transcripts)
        return processor_seconds() - begun

    return run


def importing() -> float:
    """Processor seconds of a Python that imports NumPy."""
    begun = processor_seconds()
    python("-c", "import numpy")
    return processor_seconds() - begun


def ratios(options: Options):
    reference = read_submission(COURSE.reference)
    found = list(mutants(COURSE, reference).values())
    for stage in (s for s in COURSE.stages if load(s.folder)):
        codes = [code for m, code in found if m.stage == stage.id][:: 1000 if options.quick else EVERY]
        failed: dict[str, int] = {}
        runs: dict[str, Callable[[], float]] = {"import numpy": importing}
        for code in codes:
            runs |= {f"{code.name} {naming}": grade(stage, code, naming, failed) for naming in (False, True)}
        grade(stage, codes[0], False, failed)()  # what checks keep from one run to the next is made here
        timings = alternate(runs, options.rounds(5))
        unit, more = timings["import numpy"].median, []
        for code in codes:
            with_names, without = (timings[f"{code.name} {naming}"].values for naming in (True, False))
            checks = max(failed[code.name], 1)
            more.append(Timing(code.name, tuple((a - b) / checks for a, b in zip(with_names, without))))
        each = sorted(timing.median / unit for timing in more)
        how = f"{len(each)} mistakes, a failed check of each; the dearest {each[-1]:.2f}; import numpy {1000 * unit:.0f} ms"
        name = f"names in a kit: {stage.id}, a failed check / import numpy"
        yield Ratio(name, each[len(each) // 2], TARGET, how, timings=(timings["import numpy"],))
