"""The worked example of CONTRIBUTING.md, followed to the letter in a copy of the course."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from grader.paths import ROOT

EXAMPLE = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("\n## A worked example\n")[2].partition("\n## Words\n")[0]
#: A block, and the file that the sentence before it names.
BLOCK = re.compile(r"([^\n]*)\n\n```(\w+)\n(.*?)```\n", re.DOTALL)
MOST_COMMANDS = 10


def a_clone(folder: Path) -> None:
    """What a clone has, as far as the example needs it; the environment is that of these tests."""
    for name in ("grader", "tasks", "reference", "student", "requirements", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "data").symlink_to(ROOT / "data")


def test_the_worked_example_ends_in_a_graded_stage(tmp_path):
    """Two tests of the course's own and two grades: no less shows that the lines can be followed."""
    course, said, count = tmp_path / "chain-rule", "", 0
    environment = {**os.environ, "CHAIN_RULE_NO_VENV": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for before, kind, text in BLOCK.findall(EXAMPLE):
        if kind != "sh":
            with open(course / re.findall(r"`([\w/]+\.\w+)`", before)[-1], "a", encoding="utf-8") as file:
                file.write(text if file.tell() == 0 else f"\n\n{text}")
            continue
        for command in text.splitlines():
            count += 1
            if command.startswith("git clone"):
                a_clone(course)
            elif command != "cd chain-rule":
                done = subprocess.run(
                    command, shell=True, cwd=course, env=environment, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
                said += done.stdout
    assert count <= MOST_COMMANDS
    assert "mutants caught                                 1 of 1" in said
    assert "mistakes named in a kit                        1 of 1" in said
    assert "✓ 15_weight_decay" in said
    assert "optim.decayed is still a TODO (student/optim.py, line" in said
