"""What checks share: their folder's toolbox, wherever that folder lies and whatever else is importable."""

import shutil
import sys
import tomllib

import pytest

from grader.course.course import Course
from grader.course.stage import BadCourse
from grader.paths import TASKS
from grader.running import checks_package
from grader.running.runner import load_checks
from tests.running import toys
from tests.running.toys import RIGHT, run, states, submission

MOVED = tomllib.loads(checks_package.MOVED.read_text("utf-8"))


def course(tasks, line="from ..toolbox import sums", **toolbox):
    """The toys, the first stage with one more line at its top, and modules for their checks to share."""
    toys.write_course(tasks)
    (tasks / "toolbox").mkdir()
    for name, text in toolbox.items():
        (tasks / "toolbox" / f"{name}.py").write_text(text)
    edit(tasks, "import numpy as np", f"import numpy as np\n{line}")
    return Course(tasks.parent, stages_in=tasks)


def edit(tasks, old, new):
    path = tasks / "01_first" / "checks.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_two_folders_in_one_process_have_a_toolbox_each(tmp_path):
    for name, value, state in (("one", 0, "pass"), ("two", 10, "fail")):
        course(
            tmp_path / name,
            sums="from . import more\n\n\ndef total(a, b):\n    return a + b + more.MORE\n",
            more=f"MORE = {value}\n",
        )
        edit(tmp_path / name, "a + b, ", "sums.total(a, b), ")
        assert states(run(Course(tmp_path, stages_in=tmp_path / name), submission(), "01"))["check_add_adds"] == state


def test_a_toolbox_that_was_edited_is_loaded_anew(tmp_path):
    loaded = course(tmp_path, sums="VALUE = 1\n").stage("01_first")
    assert load_checks(loaded)["check_add_adds"].__globals__["sums"].VALUE == 1
    (tmp_path / "toolbox" / "sums.py").write_text("VALUE = 1000\n")
    assert load_checks(loaded)["check_add_adds"].__globals__["sums"].VALUE == 1000


def test_stages_of_a_folder_share_one_toolbox(tmp_path):
    loaded = course(tmp_path, sums="").stage("01_first")
    first, second = (load_checks(loaded)["check_add_adds"].__globals__ for _ in range(2))
    assert first is not second
    assert first["sums"] is second["sums"]


def test_another_package_called_tasks_is_nothing_to_it(tmp_path, monkeypatch):
    (tmp_path / "site" / "tasks" / "toolbox").mkdir(parents=True)
    for folder in ("tasks", "tasks/toolbox"):
        (tmp_path / "site" / folder / "__init__.py").write_text("")
    (tmp_path / "site" / "tasks" / "toolbox" / "sums.py").write_text("VALUE = 'foreign'\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "tasks", raising=False)
    monkeypatch.delitem(sys.modules, "tasks.toolbox", raising=False)
    __import__("tasks.toolbox.sums")
    loaded = course(tmp_path / "tasks", sums="VALUE = 'own'\n").stage("01_first")
    assert load_checks(loaded)["check_add_adds"].__globals__["sums"].VALUE == "own"
    for name in ("tasks", "tasks.toolbox", "tasks.toolbox.sums"):
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("old", MOVED)
@pytest.mark.parametrize("form", ["from {} import {}", "from {}.{} import anything", "import {}.{}"])
def test_an_old_place_is_refused_with_the_new_one(tmp_path, old, form):
    stage = course(tmp_path, form.format(*old.split("."))).stage("01_first")
    with pytest.raises(BadCourse) as refused:
        load_checks(stage)
    assert f"Remedy: {old} has moved: write {MOVED[old]}." in str(refused.value)
    assert str(stage.checks_file) in str(refused.value)


@pytest.mark.parametrize("old", MOVED)
def test_the_new_place_is_there(tmp_path, old):
    loaded = course_with_the_real_toolbox(tmp_path, MOVED[old]).stage("01_first")
    assert MOVED[old].rpartition(" ")[2] in load_checks(loaded)["check_add_adds"].__globals__


@pytest.mark.parametrize(
    "line", ["import no_such_module", "from ..toolbox import missing", "from grader import missing", "1 / 0"]
)
def test_another_mistake_is_to_be_corrected(tmp_path, line):
    with pytest.raises(BadCourse, match=r"checks.py cannot be imported: .*\(checks.py, line \d+\)\. Remedy: correct it\.$"):
        load_checks(course(tmp_path, line).stage("01_first"))


def course_with_the_real_toolbox(tasks, line):
    course(tasks, line)
    shutil.copytree(TASKS / "toolbox", tasks / "toolbox", dirs_exist_ok=True)
    return Course(tasks.parent, stages_in=tasks)


def test_what_the_toolbox_cannot_work_with_is_the_learners_doing(tmp_path):
    loaded = course_with_the_real_toolbox(tmp_path, "from ..toolbox import closed_form")
    edit(tmp_path, "student.layers.double(a), 2 * a", "closed_form.forward([student.layers.double(a), a], a), 2 * a")
    layers = RIGHT["layers"].replace("return a + a", "return None")
    result = run(loaded, submission(layers=layers), "01").results["01_first", "check_double_doubles"]
    assert result.state == "fail"
    assert "The check could not use what layers.double returned: ValueError: matmul" in result.message


def test_the_toolbox_and_files_beside_the_stages_are_no_stages(tmp_path):
    course(tmp_path, sums="")
    (tmp_path / "order.toml").write_text("")
    assert [stage.id for stage in Course(tmp_path.parent, stages_in=tmp_path).stages] == ["01_first", "02_second", "03_third"]


def test_a_compiled_file_that_was_cut_off_is_to_be_deleted(tmp_path):
    with pytest.raises(BadCourse, match=r"Remedy: a full disk cut a compiled file off; delete the folders __pycache__"):
        load_checks(course(tmp_path, "raise EOFError('marshal data too short')").stage("01_first"))
