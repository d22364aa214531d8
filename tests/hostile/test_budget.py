"""What the trusted process spends on a submission has a bound: memory under floods, steps for modules of any size."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from grader.grading import embedded_data
from grader.paths import REFERENCE, ROOT
from grader.running.context import Context
from grader.running.failures import own_lines
from grader.running.runner import _first_stub
from grader.submission import read_submission
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.hostile.harness import _checked, attacks

FLOODS = (
    "arrays_with_gaps",
    "batch_of_millions",
    "colliding_keys",
    "failed_callback_flood",
    "forged_size",
    "imported_flood",
    "large_answers",
    "long_name",
    "long_text",
    "objects_without_end",
    "one_buffer_many_arrays",
    "print_flood",
    "rows_without_end",
)
#: MB that the grader may grow by under all of them; it has some 170 with the images, and 400 is the most it should have.
MOST_MB = 200

MEASURED = """
import resource
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.hostile.harness import _checked, _course, attacks

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

_course()
with WorkerPool(HERE.withheld) as pool:
    before = peak()
    for attack in attacks():
        if attack.name in {names!r}:
            _checked(attack, pool)
            print(f"{{peak() - before:.0f}} {{attack.name}}")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the peak is in other units")
def test_no_flood_takes_much_memory():
    told = subprocess.run(
        [sys.executable, "-c", MEASURED.format(names=FLOODS)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    grown = {name: int(megabytes) for megabytes, name in map(str.split, told.stdout.splitlines())}
    assert set(grown) == set(FLOODS)
    assert max(grown.values()) < MOST_MB, grown


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("batch_of_millions", "Batch 0 has 2,000,000 rows. No batch should have more rows than x, which has 20."),
        ("epochs_beyond_integers", "HYPERPARAMETERS['epochs'] should be a whole number below 1,000,000,000."),
        ("large_array", "softmax(logits) returned more than 64 MB of numbers, not an array."),
        ("learning_rate_beyond_floats", "HYPERPARAMETERS['lr'] should be a number below 1,000,000,000."),
        ("weights_in_a_file", "data.npz'. A submission is graded by its modules alone: no other file is there"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(name, sentence):
    (attack,) = [attack for attack in attacks() if attack.name == name]
    with WorkerPool(HERE.withheld) as pool:
        results, _ = _checked(attack, pool)
    assert sentence in next(result["message"] for result in results if result["state"] == "fail")


def _steps(work: Callable[[], object]) -> int:
    """Calls of functions, Python's and C's, that some work makes."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("line", ["def f(): pass\n", "# -\n"])
def test_work_on_modules_grows_as_they_do(line, tmp_path):
    """A module that gets as much again, twice: each time twice the steps more."""

    def work(size: int) -> None:
        for name in HERE.modules[:7]:
            filler = line * (size // len(line)) if name == "losses" else ""
            (tmp_path / f"{name}.py").write_text((REFERENCE / f"{name}.py").read_text() + filler)
        submission = read_submission(tmp_path)
        submission.fingerprint()
        embedded_data.remarks(submission.modules)
        context = Context(HERE, submission, None)
        for check in (check for stage in HERE.stages for check in stage.checks):
            _first_stub(check, context)
            own_lines(submission.modules, check.functions)

    work(20_000)  # what is read and compiled once a process is so now
    once, twice, four_times = [_steps(lambda size=size: work(size)) for size in (30_000, 60_000, 120_000)]
    assert four_times - twice <= 2.2 * (twice - once) + 1000, (once, twice, four_times)
