"""The template's course, as it is laid out, goes through every verb; a stage more is laid out, with a check to fill in.

Small as it is, it has nothing that the course of this repository has: no data, no toolbox, no training, no policy.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from grader.bootstrap import START
from grader.paths import ROOT
from tests.command_line import asked


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Laid out once. Its own folder is current, as for somebody who works on it."""
    folder = tmp_path_factory.mktemp("new") / "first_steps"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAIN_RULE_COURSE", str(folder))
        done = asked("new-course", folder)
        assert done.exit_code == 0, done.output
        patch.chdir(folder)
        yield folder


def verb(*words, status=0):
    done = asked(*words)
    assert done.exit_code == status, done.output
    return " ".join(done.output.split())


def test_nothing_that_is_there_is_overwritten(course):
    before = (course / "reference" / "means.py").read_bytes()
    assert "is there already. Remedy: " in verb("new-course", course, status=2)
    assert (course / "reference" / "means.py").read_bytes() == before


@pytest.mark.parametrize("name", ['my "own"\\n {{course}}', "--"])
def test_a_course_may_lie_in_a_folder_of_any_name(tmp_path, name):
    assert "Written to" in verb("new-course", "--", tmp_path / name)


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path):
    assert "whose name is not UTF-8. Remedy: rename that folder." in verb("new-course", tmp_path / "\udcff", status=2)


@pytest.mark.parametrize("name", ["class", "True", "a-b", ""])
def test_what_cannot_be_the_name_of_a_module_is_no_stage(course, name):
    assert "cannot be a stage's name. Remedy" in verb("new-stage", "--", name, status=2)


def test_what_a_sentence_calls_make_is_the_command(course):
    words = ["make", "--no-print-directory", "-n", "check-tasks", "ARGS=--tables 01_means", "CHAIN_RULE=it"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.split() == [
        "it",
        "check-tasks",
        "--tables",
        "01_means",
    ]


def test_its_skeleton_has_everything_to_do_and_its_reference_all_points(course):
    assert "0 of 100" in verb("grade")
    report = json.loads((course / "build" / "results.json").read_text("utf-8"))
    assert [stage["state"] for stage in report["stages"]] == ["todo"]
    assert "<p>You write <code>row_means</code> in" in (course / "build" / "report.html").read_text(
        "utf-8"
    )  # its handout's beginning
    assert "100 of 100" in verb("grade", "--student", "reference", "--out", "build/reference")


def test_its_mistake_is_named(course, tmp_path):
    student = shutil.copytree(course / "reference", tmp_path / "student")
    text = (student / "means.py").read_text("utf-8")
    (student / "means.py").write_text(text.replace("x.sum(axis=1) / x.shape[1]", "x.mean(0)"), encoding="utf-8")
    assert "Means of the columns instead of the rows" in verb("grade", "--student", student, "--out", tmp_path / "out")


def test_a_learner_s_verbs(course):
    verb("grade")
    assert "A worked example" in verb("stage")
    assert "01_means" in verb("hint", "01_means")
    assert "nothing more to say" in verb("why")
    assert "0 of 100" in verb("progress")
    assert "Put back" in verb("reset", "01_means")
    assert "report.html" in verb("report")
    assert "index.html" in verb("site")
    verb("notebook", "--no-open")
    assert "All is well" in verb("doctor")
    for instrument in ("train", "experiment", "check-gradients"):
        assert "First steps has nothing to do here" in verb(instrument, status=2)


def test_watch_grades_it_at_each_save(course, tmp_path):
    pytest.importorskip("pexpect")
    from tests.learner.test_watch import Screen

    student = shutil.copytree(course / "student", tmp_path / "student")
    screen = Screen(student, tmp_path / "out")
    screen.until("means.row_means is still a TODO")
    shutil.copy(course / "reference" / "means.py", student)
    screen.until("100 of 100")
    assert screen.quit() == 0


def elsewhere(root, *words):
    """What a verb says that takes the place of its process, or that is of another folder's grader."""
    command = [sys.executable, "-P", "-c", START.format(root=str(root)), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return " ".join((done.stdout + done.stderr).split())


def test_the_course_s_own_test_passes(course):
    assert "mistakes named in a kit 1 of 1" in verb("check-tasks", "01_means")


def test_its_kit_names_the_mistake_and_its_archive_has_the_reference(course, tmp_path, monkeypatch):
    kit = tmp_path / "kit"
    verb("kit", "--out", kit)
    assert not (kit / "reference").exists()
    (kit / "student" / "means.py").write_text("def row_means(x):\n    return x.mean(0)\n", encoding="utf-8")
    monkeypatch.setenv("CHAIN_RULE_COURSE", str(kit))
    assert "Means of the columns instead of the rows" in elsewhere(kit, "grade")
    monkeypatch.setenv("CHAIN_RULE_COURSE", str(course))
    verb("gradescope", "--out", tmp_path / "autograder.zip")
    with zipfile.ZipFile(tmp_path / "autograder.zip") as packed:
        assert "reference/means.py" in packed.namelist()


def test_an_instructor_s_verbs(course, tmp_path):
    for name in ("reference", "student"):
        shutil.copytree(course / name, tmp_path / "class" / name)
    said = elsewhere(ROOT, "class", tmp_path / "class", "--out", tmp_path / "graded")
    assert "2 graded, 0 could not be graded" in said
    assert "100" in (tmp_path / "graded" / "grades.csv").read_text("utf-8")
    assert "compare.html" in verb("compare", "--student", "reference", "--out", tmp_path / "compared")


@pytest.fixture
def lists(course):
    """What another stage's test leaves is taken away again."""
    before = (course / "tasks" / "course.toml").read_bytes()
    yield
    (course / "tasks" / "course.toml").write_bytes(before)
    shutil.rmtree(course / "tasks" / "02_running_sum")
    (course / "reference" / "running_sum.py").unlink()


@pytest.mark.usefixtures("lists")
def test_a_new_stage_has_a_failing_check_to_fill_in(course):
    verb("new-stage", "running_sum")
    assert '["means", "running_sum"]' in (course / "tasks" / "course.toml").read_text("utf-8")
    said = verb("grade", "02_running_sum", "--student", "reference", "--out", "build/new", "--strict")
    assert "running_sum(x) is what it should be" in said
    checks = course / "tasks" / "02_running_sum" / "checks.py"
    checks.write_text(checks.read_text("utf-8").replace("np.full((4, 3), 42.0)", "x + np.zeros(3)"), encoding="utf-8")
    assert "done" in verb("grade", "02_running_sum", "--student", "reference", "--out", "build/new")


@pytest.mark.parametrize("name", ["Momentum", "2nd", "a b", "../up"])
def test_a_stage_s_name_is_one_that_a_module_can_have(course, name):
    assert "cannot be a stage's name. Remedy: " in verb("new-stage", name, status=2)
    assert len(os.listdir(course / "tasks")) == 2
