"""What a grade depends on: the files that decide it, wherever the course lies, and none that only show it."""

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.course import fingerprint
from grader.course.course import Course
from grader.course.fingerprint import DECIDES, GRADER, decides
from grader.course.stage import ORACLE
from grader.paths import DATA, REFERENCE, ROOT, TASKS


@pytest.fixture
def checkout(tmp_path):
    """A copy of all that grades, in another place."""
    ignored = shutil.ignore_patterns("__pycache__", "*.npz")
    for folder in (GRADER, TASKS, REFERENCE, DATA):
        shutil.copytree(folder, tmp_path / "elsewhere" / folder.name, ignore=ignored)
    return tmp_path / "elsewhere"


@pytest.fixture
def prints(checkout, monkeypatch):
    """`prints()`: (what decides, what shows) of the copy as it is now."""
    monkeypatch.setattr(fingerprint, "GRADER", checkout / "grader")
    return lambda: (fingerprint.course(checkout / "tasks"), fingerprint.presentation(checkout / "tasks"))


def modules():
    """Name without "grader." -> file, of every module."""
    files = {path.relative_to(GRADER).with_suffix(""): path for path in GRADER.rglob("*.py")}
    return {".".join(name.parts).removesuffix(".__init__"): path for name, path in files.items()}


def test_every_entry_is_a_module_or_package():
    for name in DECIDES:
        assert importlib.util.find_spec(f"grader.{name}"), name


def test_every_package_is_classified():
    assert {path.parent.name for path in GRADER.glob("*/__init__.py")} <= DECIDES.keys()


def test_the_longest_name_that_fits_counts_and_what_nobody_classified_decides():
    assert not decides("cohort/page.py")
    assert not decides("cohort/__init__.py")
    assert decides("cohort/work.py")
    assert not decides("report/templates/base.html.j2")
    assert not decides("report/terminal.py")
    for name in ("compare.py", "worker/wire.py", "grade.ini", "__init__.py", "brand_new.py", "room/terminal.py"):
        assert decides(name), name


#: Who of those that decide asks somebody who does not, and for what: to write or to show what was decided.
ASKS = {
    "__init__": {"learner.jupyter"},
    "__main__": {"bootstrap"},
    "cohort.work": {"cohort.journal", "cohort.package", "course.policy"},
    "grading.grade": {"grading.early_start"},
    "grading.output": {"report.learner", "report.stored"},
    "grading.request": {"course.policy"},
    "running.pytest_plugin": {"report.terminal"},
}


def test_what_decides_a_grade_does_not_ask_what_shows_it():
    known = modules()
    asked = {}
    for module, path in known.items():
        if decides(path.relative_to(GRADER).as_posix()):
            shown = {name for name in imported(path, known) if not decides(name.replace(".", "/") + ".py")}
            asked |= {module or "__init__": shown} if shown else {}
    assert asked == ASKS


def imported(path, known):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "grader":
            package = node.module.partition(".")[2]
            for alias in node.names:
                full = f"{package}.{alias.name}".lstrip(".")
                yield full if full in known else package


def test_the_place_of_the_course_is_nothing_to_a_grade(checkout):
    ask = (
        "import sys; sys.path.insert(0, sys.argv[1]); from grader.course import fingerprint as f; "
        "from grader.cohort.work import course_fingerprint; from grader.course.course import Course; c = Course(f.GRADER.parent); "
        "print(f.GRADER, f.course(c.tasks), f.presentation(c.tasks), f.reference(c.reference), course_fingerprint(c))"
    )
    here, there = (
        subprocess.run(
            [sys.executable, "-P", "-B", "-c", ask, str(root)], capture_output=True, text=True, check=True, cwd=root
        ).stdout.split()
        for root in (ROOT, checkout)
    )
    assert there[0] == str(checkout / "grader")
    assert here[1:] == there[1:]


@pytest.mark.parametrize(
    "file",
    [
        "grader/report/style.css",
        "grader/report/templates/card.html.j2",
        "grader/cohort/page.py",
        "grader/export/text.py",
        "grader/verbs/grade.py",
        "tasks/toolbox/pictures/figures.py",
    ],
)
def test_a_new_look_grades_nobody_again_and_is_shown(prints, checkout, file):
    before = prints()
    append(checkout / file)
    after = prints()
    assert after[0] == before[0]
    assert after[1] != before[1]


@pytest.mark.parametrize("file", ["compare.py", "worker/runtime.py", "grade.ini", "cohort/work.py", "brand_new.py"])
def test_code_that_can_change_a_verdict_decides(prints, checkout, file):
    before = prints()
    append(checkout / "grader" / file)
    after = prints()
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.parametrize(
    ("file", "old", "new", "decided", "shown"),
    [
        ("task.toml", 'hints = [\n  "', 'hints = [\n  "Please: ', False, True),
        ("task.toml", "points = 1", "points = 3", True, False),
        ("task.toml", "reference_seconds = 0.0", "reference_seconds = 1.0", True, False),
        ("checks.py", "import numpy", "import  numpy", True, False),
        ("misconceptions.py", "@misconception", "@ misconception", True, False),
        ("README.md", "e", "E", False, False),
        ("../course.toml", 'title = "', 'title = "The ', False, True),
        ("../course.toml", 'hidden = ["', 'hidden = ["more.npz", "', True, True),
    ],
)
def test_of_a_stage_all_but_handout_and_hints_decides(prints, checkout, file, old, new, decided, shown):
    before = prints()
    path = checkout / "tasks" / "03_softmax" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    after = prints()
    assert (after[0] != before[0], after[1] != before[1]) == (decided, shown)


def test_every_hint_of_the_course_counts_as_shown():
    for path in TASKS.glob("*/task.toml"):
        assert b"hints" not in fingerprint._HINTS.sub(b"", path.read_bytes()), path


@pytest.mark.parametrize("file", ["networks.py", "brand_new/deeper/nets.py"])
def test_helpers_that_checks_share_decide(prints, checkout, file):
    before = prints()
    append(checkout / "tasks" / "toolbox" / file)
    assert prints()[0] != before[0]


def test_the_oracle_is_nothing_to_a_grade(prints, checkout):
    before = prints()
    append(checkout / "tasks" / "toolbox" / ORACLE / "cases.py")
    assert prints() == before


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    place = tmp_path_factory.mktemp("course")
    shutil.copytree(TASKS, place / "tasks", ignore=shutil.ignore_patterns("__pycache__", "figures", "*.npz"))
    for name in ("data", "reference"):
        (place / name).mkdir()
    (place / "data" / "SHA256SUMS").write_text("")
    return Course(place)


@pytest.mark.parametrize(
    ("file", "verdicts", "names"),
    [
        ("tasks/toolbox/networks.py", {"06_network", "07_backprop", "10_training_loop"}, set()),
        ("tasks/toolbox/shells.py", {"14_faults"}, set()),  # whose name is written out
        ("tasks/toolbox/images.py", {"12_mnist"}, set()),
        ("tasks/toolbox/pictures/figures.py", set(), set()),
        ("tasks/03_softmax/checks.py", {"03_softmax"}, set()),
        ("tasks/03_softmax/misconceptions.py", set(), {"03_softmax"}),
        ("tasks/03_softmax/known_answers.jsonl", set(), set()),  # asked where there is no reference
        ("tasks/03_softmax/README.md", set(), set()),
        ("reference/losses.py", set(), {"01_linear", "03_softmax", "12_mnist"}),
        ("data/SHA256SUMS", {"12_mnist"}, set()),
    ],
)
def test_a_file_is_part_of_the_stages_that_it_can_change(course, file, verdicts, names):
    before, path = fingerprint.stages(course), course.folder / file
    text = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{text}\n#\n", "utf-8")
    after = fingerprint.stages(course)
    path.write_text(text, "utf-8")
    changed = [{s for s in before if getattr(before[s], part) != getattr(after[s], part)} for part in ("verdicts", "names")]
    assert verdicts <= changed[0]
    assert names <= changed[1]
    assert (bool(changed[0]), bool(changed[1])) == (bool(verdicts), bool(names))
    assert not changed[0] & {"01_linear", "02_relu", "04_cross_entropy"}


def test_an_engine_that_only_names_is_no_part_of_verdicts(course, checkout, monkeypatch):
    monkeypatch.setattr(fingerprint, "GRADER", checkout / "grader")
    before = fingerprint.stages(course)["01_linear"]
    append(checkout / "grader" / "diagnosis" / "diagnose.py")
    named = fingerprint.stages(course)["01_linear"]
    assert (named.verdicts == before.verdicts, named.names == before.names) == (True, False)
    append(checkout / "grader" / "checks" / "compare.py")
    assert fingerprint.stages(course)["01_linear"].verdicts != before.verdicts


def append(path: Path):
    path.parent.mkdir(exist_ok=True, parents=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n")
