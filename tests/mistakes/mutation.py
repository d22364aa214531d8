"""Mutation testing of the reference by cosmic-ray, which knows nothing of our bank: `python -m tests.mistakes.mutation`.

Works on a copy of the course (cosmic-ray edits files on disk). A mutant of a function that the course asks for must fail
a check; survivors are listed, and each is either equivalent, with its reason in survivors.toml, or a missing check.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

from grader.course import load_course
from grader.paths import REFERENCE, ROOT
from grader.spans import definition_span, find, parse

HERE = Path(__file__).parent
MODULES = ("layers", "losses", "gradcheck", "network", "optim", "data", "train")
CONFIG = """
[cosmic-ray]
module-path = [{modules}]
timeout = {timeout}
excluded-modules = []
test-command = "{python} -m tests.mistakes.mutation --judge"

[cosmic-ray.distributor]
name = "local"
"""


def judge() -> int:
    """In the copy, for one mutant: 1 if a check of the unit stages fails on its reference, else 0."""
    from grader import scores
    from grader.limits import Limits
    from grader.runner import Context, load_checks, run_check
    from grader.submission import read_submission
    from grader.worker.local import LocalPool

    course = load_course()
    context = Context(course, read_submission(REFERENCE), LocalPool(), 0, Limits(3.0))
    for stage in course.stages:
        for check in [] if stage.training else stage.checks:
            result = run_check(check, load_checks(stage)[check.id], context)
            context.results[scores.key(check)] = result
            if result.state != "pass":
                return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", action="store_true", help="what cosmic-ray calls for each mutant")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument("modules", nargs="*", default=MODULES)
    options = parser.parse_args()
    if options.judge:
        return judge()
    copy, session = options.out / "course", options.out / "session.sqlite"
    shutil.rmtree(options.out, ignore_errors=True)
    for folder in ("grader", "reference", "tasks", "tests/mistakes"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "data").symlink_to(ROOT / "data")
    for name in ("tests", "tests/mistakes"):
        (copy / name / "__init__.py").touch()
    listed = ", ".join(f'"reference/{module}.py"' for module in options.modules)
    config = options.out / "cosmic-ray.toml"
    config.write_text(CONFIG.format(modules=listed, timeout=120, python=sys.executable), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    tool = str(Path(sys.executable).with_name("cosmic-ray"))
    subprocess.run([tool, "init", str(config), str(session)], cwd=copy, env=environment, check=True)
    leave_out_what_is_given(session)
    subprocess.run([tool, "exec", str(config), str(session)], cwd=copy, env=environment, check=True)
    dump = subprocess.run(
        [tool, "dump", str(session)], cwd=copy, env=environment, check=True, capture_output=True, text=True
    )
    return report([json.loads(line) for line in dump.stdout.splitlines()])


def leave_out_what_is_given(session: Path) -> None:
    """Skip mutants outside the functions that the course asks for: loading, plots, the command line."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    with use_db(str(session), WorkDB.Mode.open) as items:
        for item in list(items.pending_work_items):
            (mutation,) = item.mutations
            if not asked_for(Path(mutation.module_path).stem, mutation.start_pos[0]):
                items.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))


@cache
def spans() -> dict:
    """Lines of each function that the course asks for."""
    found = {}
    for name in load_course().claimed_by():
        if name.rpartition(".")[2].isupper():
            continue  # settings: judged by training, which takes too long here
        node = find(parse((REFERENCE / f"{name.split('.')[0]}.py").read_text(encoding="utf-8")), name)
        found[name] = definition_span(node)
    return found


def asked_for(module: str, row: int) -> str:
    """The function that the course asks for in this line of a module; "" if none."""
    return next((n for n, (a, b) in spans().items() if n.split(".")[0] == module and a < row <= b), "")


def report(lines: list) -> int:
    """Print what survived; 1 if a survivor has no reason in survivors.toml."""
    reasons = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))
    killed = survived = unexplained = 0
    for item, result in lines:
        (mutation,) = item["mutations"]
        row = mutation["start_pos"][0]
        function = asked_for(Path(mutation["module_path"]).stem, row)
        if not function or result is None:
            continue
        if result["test_outcome"] == "killed":
            killed += 1
            continue
        survived += 1
        changed = [
            line[1:].strip() for line in (result["diff"] or "").splitlines() if line[:1] == "+" and line[:3] != "+++"
        ]
        place = f"{function}: {' '.join(changed)}"
        reason = reasons.get(place, "")
        unexplained += not reason
        print(f"{place} (line {row}): {reason or 'NO REASON GIVEN'}")
    print(f"{killed} killed, {survived} survive, {unexplained} of them without a reason")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
