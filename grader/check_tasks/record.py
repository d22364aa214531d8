"""Write into each misconceptions.py which checks see which mistake, for a person to review in the diff."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from grader.check_tasks.verify import Verifier
from grader.course.misconceptions import FILE_NAME


def record_all(verifier: Verifier) -> None:
    """Grade all misconceptions, and write which checks see them."""
    verifier.mutants_are_caught_and_named(name_one_in=0, as_recorded=False)
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
        mark = node.decorator_list[0]
        first, last = mark.lineno - 1, mark.end_lineno or mark.lineno
        text = _with_fails("".join(lines[first:last]), seen[node.name])
        changed += text != "".join(lines[first:last])
        lines[first:last] = [text]
    path.write_text("".join(lines), encoding="utf-8")
    return changed


def _with_fails(text: str, checks: list[str]) -> str:
    """The decorator's text with these checks, in the format of `ruff format`."""
    call = ast.parse(text.strip().removeprefix("@")).body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    target = ast.literal_eval(call.value.args[0])
    alike = {word.arg: ast.literal_eval(word.value) for word in call.value.keywords}.get("alike", "")
    tail = f', alike="{alike}"' if alike else ""
    listed = ", ".join(f'"{check}"' for check in checks)
    line = f'@misconception("{target}", fails=[{listed}]{tail})\n'
    if len(line) <= 121:
        return line
    inner = "".join(f'        "{check}",\n' for check in checks)
    middle = f"    fails=[{listed}],\n"
    if len(middle) > 121:
        middle = f"    fails=[\n{inner}    ],\n"
    group = f'    alike="{alike}",\n' if alike else ""
    return re.sub(r"\n\n+", "\n", f'@misconception(\n    "{target}",\n{middle}{group})\n')
