"""The formats of an export: each has one face, a golden file, a line in --help and a line in the instructor's page."""

import os
import re
import subprocess

import pytest
from click.testing import CliRunner

from grader.cli import commands
from grader.course.policy import FeedbackRules, Policy
from grader.export import FORMATS, write
from grader.paths import ROOT
from tests.export import golden, samples


def help_of(*arguments):
    return " ".join(CliRunner().invoke(commands, [*arguments, "--help"]).output.split())


def test_the_instructors_page_lists_them():
    page = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    (table,) = re.findall(r"^\| `--format` .*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    rows = [tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in table.splitlines()]
    assert rows == [(name, form.reader, form.holds) for name, form in FORMATS.items()]


@pytest.mark.parametrize("name", FORMATS)
def test_help_names_it(name):
    form = FORMATS[name]
    assert f"{name} {form.holds}" in help_of("export")
    assert form.reader in help_of()


@pytest.mark.parametrize("name", FORMATS)
def test_it_has_a_golden_file(name):
    assert (golden.FOLDER / FORMATS[name].file).exists()


@pytest.mark.parametrize("name", FORMATS)
def test_it_follows_the_policy(name):
    shown, hidden = (write(name, samples.report(), Policy(feedback=FeedbackRules(default=d))) for d in ("full", "none"))
    assert shown != hidden


@pytest.mark.parametrize("name", [name for name, form in FORMATS.items() if form.tells_of_none])
def test_it_tells_that_there_is_no_result(name):
    results = str(ROOT / "absent.json")
    done = CliRunner().invoke(commands, ["export", results, "--format", name])
    assert done.exit_code == 0
    assert done.output


#: What stands for `python` here: a grade of a folder with layers.py leaves a result, an export copies it.
_PYTHON = """#!/bin/sh
case "$3" in
grade) [ ! -e "$5/layers.py" ] || { mkdir -p "$7" && echo result > "$7/results.json"; } ;;
export) cp "$4" "$8" ;;
esac
"""


@pytest.mark.parametrize(
    ("name", "result"), [("prairielearn", "grade/results/results.json"), ("submitty", "validation_results.json")]
)
def test_the_script_for_a_course_system_never_hands_on_an_earlier_result(tmp_path, name, result):
    page = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    (script,) = (block for block in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE) if f"--format {name} --out" in block)
    for folder in ("course", "bin", "grade/student", "test01", "t"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "bin" / "python").write_text(_PYTHON)
    (tmp_path / "bin" / "python").chmod(0o755)
    script = script.replace("/course", f"{tmp_path}/course").replace("/grade/", f"{tmp_path}/grade/")
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "TMPDIR": str(tmp_path / "t")}
    told = []
    for given in (True, False):
        for folder in ("grade/student", "test01"):
            if given:
                (tmp_path / folder / "layers.py").touch()
            else:
                (tmp_path / folder / "layers.py").unlink()
        (tmp_path / result).unlink(missing_ok=True)
        subprocess.run(["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False)
        told.append((tmp_path / result).exists())
    assert told == [True, False]
