"""The file `repro.py` of known mistakes, run in a fresh process: it shows what the check of the card got and wanted.

`python -m tests.mistakes.reproduced [STAGE ...]` runs those of all mistakes, for `make check-tasks`.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from grader.check_tasks import subjects
from grader.check_tasks.backend import Data
from grader.grading import repro
from grader.paths import REFERENCE
from grader.records import CheckResult, NextStep
from grader.running.context import Context
from grader.running.limits import Limits
from grader.running.runner import execute, load_checks
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from grader.worker.outside.transcript import ErrorInfo
from tests.courses import HERE

_NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)\b")
FEW = 200  #: entries of an array that the file prints whole


class Reproduced(NamedTuple):
    """One mistake: what its card is made of, and the file; None where none was written."""

    result: CheckResult
    context: Context
    file: Path | None


def first_failure(submission: Submission, stage_id: str, folder: Path, only: str = "") -> Reproduced:
    """Run a stage's checks up to the first that fails, and write its file to `folder/build`."""
    stage = HERE.stage(stage_id)
    functions = load_checks(stage)
    for module, text in submission.modules.items():
        path = folder / "student" / f"{module.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "data").symlink_to(HERE.data)
    context = Context(HERE, read_submission(folder / "student"), LocalPool(), 0, Limits(3.0), Data(HERE, 500))
    with closing(context):
        for check in (check for check in stage.checks if only in ("", check.id)):
            result = execute(check, functions[check.id], context)
            context.state.decide(check, result)
            if result.state == "fail":
                return Reproduced(result, context, repro.write(context, NextStep(stage_id, check.id, ""), folder / "build"))
    raise AssertionError(f"{submission.name}: no check of {stage_id} fails")


def run_fresh(file: Path) -> tuple[int, str]:
    """Exit status and output of the file in a process of its own, which stands elsewhere."""
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=60, cwd="/", check=False)
    return done.returncode, done.stdout + done.stderr


def run_forked(file: Path) -> tuple[int, str]:
    """The same in a process that has NumPy already."""
    with tempfile.TemporaryFile("w+") as out:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1), os.dup2(out.fileno(), 2)
            sys.argv = [str(file)]
            status = 1
            try:
                exec(compile(file.read_text("utf-8"), file, "exec"), {"__name__": "__main__", "__file__": str(file)})
                status = 0
            except BaseException as error:
                print(f"{file.parent.parent / 'student'}\n{type(error).__name__}: {error}")
            sys.stdout.flush()
            os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        return status, out.read()


def problem(found: Reproduced, of: Callable[[Path], tuple[int, str]] = run_fresh) -> str:
    """What the file does not show of what the card is made of; "" if it shows all."""
    run = next(run for key, run in found.context.state.executions.items() if key[1] == found.result.id)
    assert found.file is not None
    transcript, failure = run.transcript, run.failure
    status, output = of(found.file)
    last = transcript[-1].outcome
    if isinstance(last, ErrorInfo) and last.error != "NotAValue" and last.type_name:
        return "" if status and last.type_name in output else f"{last.type_name} is not raised: {output[-300:]}"
    if status:  # what the learner's code did with a function that the check had passed to it
        called = "student" in output and getattr(failure, "compared", None) is None
        return "" if called else f"it ends with {output[-300:]}"
    shown, _, said = output.partition("The card says:")
    if not said.strip():
        return "the card's sentence is missing"
    numbers = np.array([float(text) for text in _NUMBER.findall(shown)] or [np.pi])
    missing = [n for n in _to_show(transcript, failure, "got:" in shown) if not np.isclose(numbers, n, 1e-6, 1e-8, True).any()]
    return f"{missing[:3]} are not shown: {shown[-300:]}" if missing else ""


def _to_show(transcript: list, failure: Exception, compared: bool) -> Iterator[float]:
    """The numbers of both sides where they were compared, else of the answers."""
    if compared:
        both = [np.asarray(side) for side in failure.compared if isinstance(side, np.ndarray | float | int)]
        if len(both) == 2 and both[1].size > FEW and both[0].shape == both[1].shape:
            at = np.unravel_index(int(np.argmax(np.abs(both[0] - both[1]))), both[1].shape)
            both = [array[at] for array in both]
        answers = [array for array in both if array.size <= FEW]
    else:
        answers = [step.outcome for step in transcript if step.kind in ("call", "fetch") and not step.name]
    for answer in answers:
        if isinstance(answer, np.ndarray | float | int) and np.asarray(answer).dtype.kind in "fiu" and np.size(answer) <= FEW:
            yield from np.ravel(answer).astype(float)


def sweep(stages: Iterable[str] = ()) -> list[str]:
    """The problems of all known mistakes of some stages, or of all."""
    reference = read_submission(REFERENCE)
    wanted, problems, written, count = set(stages), [], 0, 0
    for name, (m, submission) in subjects.mutants(HERE, reference).items():
        if wanted and m.stage not in wanted:
            continue
        count += 1
        with tempfile.TemporaryDirectory() as folder:
            found = first_failure(submission, m.stage, Path(folder))
            if found.file is not None:
                written += 1
                problems += [f"{name}, {found.result.id}: {text}"] if (text := problem(found, run_forked)) else []
    print(f"files that run and show the card's numbers {written - len(problems)} of {written}, for {count} mistakes")
    return problems


if __name__ == "__main__":
    found = sweep(sys.argv[1:])
    print("\n".join(found))
    raise SystemExit(len(found) > 0)
