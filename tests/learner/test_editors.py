"""Other ways in: a bare pytest, as an editor's test explorer runs it, and a notebook."""

import html
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


def test_one_check_can_be_run_alone(tmp_path):
    """What it builds on is run with it, unseen."""
    name = next(c.id for c in COURSE.stages[1].checks if not c.core)
    done = bare_pytest(REFERENCE, f"tasks/02_relu/checks.py::{name}")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_folder_that_is_no_submission_is_a_usage_error(tmp_path):
    done = bare_pytest(tmp_path, "tasks/01_linear")
    assert done.returncode == 4
    assert "is not a submission" in done.stderr + done.stdout


def test_check_shows_a_stage(tmp_path):
    write(with_bodies([]), tmp_path / "student")
    shown = check("softmax", student=tmp_path / "student")
    assert shown.report.score == 0
    assert "losses.softmax is still a TODO" in repr(shown)
    assert "losses.softmax is still a TODO" in shown._repr_html_()
    with pytest.raises(ValueError, match="no stage 'soft'"):
        check("soft", student=tmp_path / "student")
    with pytest.raises(ValueError, match="is not a submission"):
        check("softmax", student=tmp_path)


def test_the_notebook_runs_on_the_reference():
    """Made from the handouts, one cell after each; cells of stages that train are left to the whole grade."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    from grader.verbs.notebook import notebook

    made = notebook(str(REFERENCE))
    training = {stage.id for stage in COURSE.stages if stage.training}
    handouts = [cell["id"] for cell in made["cells"] if cell["id"].startswith("handout-")]
    assert handouts == [f"handout-{stage.id}" for stage in COURSE.stages]
    texts = "".join(cell["source"] for cell in made["cells"])
    assert "$$\n\\text{softmax}(z)_{n,c} = " in texts  # formulas as Jupyter reads them
    assert not [mark for mark in ("```math", "$`", "`$") if mark in texts]
    made["cells"] = [c for c in made["cells"] if c["id"].removeprefix("check-") not in training]
    book = nbformat.from_dict(made)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=300, kernel_name="python3").execute()
    shown = [c for c in book.cells if c["id"].startswith("check-")]
    assert len(shown) == len(COURSE.stages) - len(training)
    for cell in shown:
        html = "".join(output["data"]["text/html"] for output in cell["outputs"] if "data" in output)
        assert "All checks pass." in html, cell["id"]


def test_a_mistake_has_the_same_words_wherever_its_learner_is(tmp_path):
    """In the notebook, in the terminal after `grade` and in `debug`, and in pytest; a breakpoint changes none of them."""
    wrong = with_bodies(COURSE.stages[:1])
    layers = wrong.modules["layers"].replace("        return x @ self.W + self.b", "        return x @ self.W")
    write(wrong.replaced({"layers": layers}), tmp_path / "student")
    shown = check("linear", student=tmp_path / "student")
    failed = next(c for c in shown.report.stages[0].checks if c.mistake)
    ((label, text, _),) = (part for part in CardText("", failed).parts() if part[0].startswith("what it looks like"))
    assert failed.mistake.hint in text
    said = [repr(shown), re.sub("<[^>]*>", " ", html.unescape(shown._repr_html_()))]
    said += [bare_pytest(tmp_path / "student", "tasks/01_linear").stdout]
    stop = layers.replace("        return x @ self.W\n", "        breakpoint()\n        return x @ self.W\n")
    assert stop != layers != wrong.modules["layers"]
    said.append(verb("grade", "1", "--student", tmp_path / "student", "--out", tmp_path / "out"))
    write(wrong.replaced({"layers": stop}), tmp_path / "student")
    said.append(verb("debug", "1", "--student", tmp_path / "student", "--check", failed.id, text="c\n" * 9))
    for heard in said:
        assert " ".join(f"{label} {text}".split()) in " ".join(heard.split())
        assert title(failed.mistake) in " ".join(heard.split())


def verb(*arguments, text=""):
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, timeout=300)
    return done.stdout
