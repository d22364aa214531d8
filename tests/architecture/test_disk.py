"""Everything that a grade, a comparison and a class leave behind stands in docs/architecture.md, and every room does."""

import fnmatch
import os
import re
import subprocess
import sys

import pytest

from grader.course.fingerprint import GRADER
from grader.paths import REFERENCE, ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def table() -> list[str]:
    """The names of files and folders in the table of what lies on disk, as patterns."""
    rows = re.findall(r"^\| (`[^|]+) \|", PAGE.partition("## What lies on disk")[2].partition("\n## ")[0], re.MULTILINE)
    return [name.rstrip("/") for row in rows for name in re.findall(r"`([^`]+)`", row)]


def unknown(names: list[str], known: list[str]) -> list[str]:
    """Those names that fit no pattern."""
    return [name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in known)]


def run(folder, *arguments):
    environment = {**os.environ, "CHAIN_RULE_NO_VENV": "1", "CHAIN_RULE_MEMORY": str(folder / ".chain-rule")}
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """Names of what the verbs wrote, relative to where they were told to write."""
    folder = tmp_path_factory.mktemp("disk")
    run(folder, "grade", "02_relu", "--student", REFERENCE, "--out", folder / "grade")
    run(folder, "hint", "02_relu")
    (folder / "handed-in" / "ann").mkdir(parents=True)
    (folder / "handed-in" / "ann" / "layers.py").write_bytes((REFERENCE / "layers.py").read_bytes())
    (folder / "policy.toml").write_text("[grading]\nstages = ['02_relu']\n")
    run(folder, "class", folder / "handed-in", "--out", folder / "class", "--policy", folder / "policy.toml", "--jobs", 1)
    tops = [path.name for place in ("grade", "class") for path in (folder / place).iterdir()]
    return tops + [f".chain-rule/{path.name}" for path in (folder / ".chain-rule").iterdir()]


def test_what_is_left_behind_stands_in_the_table(left_behind):
    assert {"results.json", "report.html", "journal.sqlite", "grades.csv"} <= set(left_behind)
    known = [*table(), *(name.rpartition("/")[0] for name in table() if "*" in name)]
    assert unknown(left_behind, known) == []


def test_a_file_that_is_not_in_the_table_is_seen():
    assert unknown(["results.json", "stray.txt"], table()) == ["stray.txt"]


def test_the_table_has_what_a_grade_leaves_behind():
    named = re.findall(r"^\| `([^`]+)`", (ROOT / "docs" / "results.md").read_text("utf-8"), re.MULTILINE)
    assert named
    files = [re.sub(r"<[^>]*>", "x", name) for name in named if "." in name]
    assert unknown(files, table()) == []


def test_every_folder_stands_on_the_page():
    folders = {path.parent.relative_to(GRADER).as_posix() for path in GRADER.rglob("__init__.py")} - {"."}
    assert {name for name in folders if f"`{name}/`" not in PAGE} == set()
    tests = {path.name for path in (ROOT / "tests").iterdir() if any(path.rglob("*.py"))}
    assert {name for name in tests - folders if f"{name}/" not in PAGE} == set()


def test_the_glossary_has_twenty_five_words():
    assert len(re.findall(r"^\| (?!word|-)", PAGE.partition("## Glossary")[2], re.MULTILINE)) == 25
