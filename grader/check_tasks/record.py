"""Write into each misconceptions.py which checks see which mistake, for a person to review in the diff."""

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import FILE_NAME
from grader.files import write_atomically


def record_all(verifier: Verifier) -> None:
    """Grade all misconceptions, and write which checks see them."""
    verifier.mutants_are_caught(as_recorded=False)
    for stage, seen in verifier.findings.seen.items():
        verifier.say(f"{stage}: {record_fails(verifier.course.stage(stage).folder, seen)} changed")


def record_fails(stage_folder: Path, seen: Mapping[str, list[str]]) -> int:
    """Set `fails=[...]` of the stage's misconceptions, by name, to the checks that were seen to fail.

    returns : how many lines changed
    """
    path = stage_folder / FILE_NAME
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = 0
    for node in reversed(ast.parse("".join(lines)).body):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name not in seen:
            continue
        call = node.decorator_list[0]
        assert isinstance(call, ast.Call)
        words = {word.arg: word for word in call.keywords}
        fails = ast.keyword("fails", ast.List([ast.Constant(check) for check in seen[node.name]]))
        if "fails" not in words or ast.unparse(words["fails"]) != ast.unparse(fails):
            call.keywords = [fails, *(word for word in call.keywords if word.arg != "fails")]
            lines[call.lineno - 1 : call.end_lineno] = [f"@{ast.unparse(call)}\n"]
            changed += 1
    write_atomically(path, "".join(lines))
    # As `make format` would: where there is no ruff, what was written is right all the same.
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=False)
    return changed
