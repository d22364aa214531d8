"""Other ways in: a bare pytest, as an editor's test explorer runs it, and the words that all of them share."""

import html
import json
import os
import re
import subprocess
import sys

import pytest

from grader import check
from grader.paths import REFERENCE, ROOT
from grader.report.terminal import CardText
from grader.report.words import title
from tests.courses import HERE
from tests.golden.submissions import with_bodies, write

COURSE = HERE


def bare_pytest(student, *arguments):
    environment = {**os.environ, "CHAIN_RULE_STUDENT": str(student)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_bare_pytest_runs_a_stage_on_the_learners_folder(tmp_path):
    wrong = with_bodies(COURSE.stages[:1])
    layers = wrong.modules["layers"].replace("x @ self.W + self.b", "x @ self.W")
    assert layers != wrong.modules["layers"]
    write(wrong.replaced({"layers": layers}), tmp_path / "student")
    done = bare_pytest(tmp_path / "student", "tasks/01_linear", "tasks/02_relu", "-v")
    assert done.returncode == 1
    assert "tasks/01_linear/checks.py::check_linear_forward_adds_the_bias FAILED" in done.stdout
    assert "likely mistake\n    Bias not added" in done.stdout
    assert "what was expected" in done.stdout  # the learner's words, and no traceback of ours
    assert "grader/" not in done.stdout.replace("SKIPPED", "").partition("short test summary")[0].partition("FAILURES")[2]
    assert "layers.ReLU.forward is still a TODO (student/layers.py, line " in done.stdout
    listed = sum(len(stage.checks) for stage in COURSE.stages[:2])
    assert f"collected {listed} items" in done.stdout


@pytest.mark.parametrize("folder", ["tasks/01_linear", "tests/test_text.py"])
def test_outside_of_the_environment_pytest_ends_in_one_sentence(folder, tmp_path):
    (tmp_path / "msgspec.py").write_text("raise ModuleNotFoundError('No module named msgspec', name='msgspec')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", folder]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert line.startswith("error: this Python has no msgspec. Remedy: ")
    assert ".venv/bin/python -m pytest" in line


def test_visual_studio_code_finds_the_checks_and_runs_a_file_as_a_module():
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text())
    assert settings["python.defaultInterpreterPath"] == "${workspaceFolder}/.venv/bin/python"
    assert settings["python.testing.pytestEnabled"]
    assert settings["python.testing.pytestArgs"] == ["tasks"]
    (run,) = json.loads((ROOT / ".vscode" / "launch.json").read_text())["configurations"]
    assert run["module"] == "student.${fileBasenameNoExtension}"
    assert run["cwd"] == "${workspaceFolder}"


def test_one_check_can_be_run_alone(tmp_path):
    """What it builds on is run with it, unseen."""
    name = next(c.id for c in COURSE.stages[1].checks if not c.core)
    done = bare_pytest(REFERENCE, f"tasks/02_relu/checks.py::{name}")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_stage_behind_a_mistake_is_checked_as_in_a_grade(tmp_path):
    wrong = with_bodies(COURSE.stages[:4])
    losses = wrong.modules["losses"].replace("exps.sum(axis=1, keepdims=True)", "exps.sum()")
    assert losses != wrong.modules["losses"]
    write(wrong.replaced({"losses": losses}), tmp_path / "student")
    done = bare_pytest(tmp_path / "student", "tasks/04_cross_entropy", "-q")
    assert done.returncode == 0, done.stdout
    assert f"{len(COURSE.stages[3].checks)} passed" in done.stdout


def test_a_folder_that_is_no_submission_is_a_usage_error(tmp_path):
    done = bare_pytest(tmp_path, "tasks/01_linear")
    assert done.returncode == 4
    assert "is not a submission" in done.stderr + done.stdout


def test_a_mistake_has_the_same_words_wherever_its_learner_is(tmp_path):
    """In the notebook, in the terminal after `grade` and in `debug`, and in pytest; a breakpoint changes none of them."""
    wrong = with_bodies(COURSE.stages[:1])
    layers = wrong.modules["layers"].replace("        return x @ self.W + self.b", "        return x @ self.W")
    write(wrong.replaced({"layers": layers}), tmp_path / "student")
    shown = check("linear", student=tmp_path / "student")
    failed = next(c for c in shown.report.stages[0].checks if c.mistake)
    ((label, text, _),) = (part for part in CardText("", failed).parts() if part[0].startswith("what it looks like"))
    assert failed.mistake.hint in text
    page = " ".join(re.sub("<[^>]*>", " ", html.unescape(shown._repr_html_())).split())
    assert all(" ".join(part.split()) in page for part in (title(failed.mistake), failed.card.looks_like, failed.mistake.hint))
    said = [repr(shown), bare_pytest(tmp_path / "student", "tasks/01_linear").stdout]
    stop = layers.replace("        return x @ self.W\n", "        breakpoint()\n        return x @ self.W\n")
    assert stop != layers != wrong.modules["layers"]
    said.append(verb("grade", "1", "--student", tmp_path / "student", "--out", tmp_path / "out"))
    write(wrong.replaced({"layers": stop}), tmp_path / "student")
    said.append(verb("debug", "1", "--student", tmp_path / "student", "--check", failed.id, "--out", tmp_path, text="c\n" * 9))
    assert (tmp_path / "repro.py").read_text().startswith(f"# Runs the code in student/ as {failed.id} of stage 01_linear")
    for heard in said:
        assert " ".join(f"{label} {text}".split()) in " ".join(heard.split())
        assert title(failed.mistake) in " ".join(heard.split())


def verb(*arguments, text=""):
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, timeout=300)
    return done.stdout
