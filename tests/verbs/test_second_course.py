"""The second course outside of its checkout: a kit of it names mistakes, and a class of it is graded to tables and pages.

One stage that needs no other keeps it short; what all stages do, `check-tasks` tests.
"""

import csv
import shutil
import subprocess
import sys

import pytest

from grader.bootstrap import START
from grader.check_tasks import subjects
from grader.course.course import Course
from grader.paths import ROOT
from grader.submission import file_of
from tests.command_line import asked

COURSE = Course(ROOT / "courses" / "attention")
STAGE, MISTAKE, TITLE = "03_layer_norm", "sums_over_the_batch_alone", "dgamma and dbeta summed over the batch alone"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """A folder each: a right answer, one mistake, the skeleton, a file that is no Python."""
    folder, reference = tmp_path_factory.mktemp("answers"), COURSE.read(COURSE.reference)
    codes = {
        "right": subjects.right_answers(COURSE, reference)["einsum"],
        "slip": subjects.mutants(COURSE, reference)[f"{STAGE}:{MISTAKE}"][1],
        "blank": COURSE.read(COURSE.student),
        "broken": reference.replaced({"layers": "class LayerNorm(:\n"}),
    }
    for name, code in codes.items():
        (folder / name).mkdir()
        for module, text in code.modules.items():
            (folder / name / file_of(module)).write_text(text, encoding="utf-8")
    return folder


def said(root, course, *words):
    """What the grader in a folder says of a course."""
    command = [sys.executable, "-P", "-c", START.format(root=str(root)), "--course", str(course), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def test_a_kit_of_it_names_the_mistake_and_knows_the_right_answer(answers, tmp_path):
    kit = tmp_path / "kit"
    done = asked("--course", COURSE.folder, "kit", "--out", kit)
    assert done.exit_code == 0, done.output
    assert not (kit / "reference").exists()
    assert not [path for path in (kit / "tasks").rglob("*") if path.name in ("misconceptions.py", "handouts")]
    for name, points in (("slip", "14 of 20"), ("right", "20 of 20")):
        shutil.copytree(answers / name, kit / "student", dirs_exist_ok=True)
        told = said(kit, kit, "grade", STAGE)
        assert points in told
        assert (TITLE in told) == (name == "slip")
    page = (kit / "build" / "report.html").read_text("utf-8")
    assert f'href="site/{STAGE}.html"' in page


def test_a_class_of_it_is_graded(answers, tmp_path):
    (tmp_path / "policy.toml").write_text(f'[grading]\nstages = ["{STAGE}"]\n')
    told = said(ROOT, COURSE.folder, "class", answers, "--policy", tmp_path / "policy.toml", "--out", tmp_path / "out")
    assert "4 graded, 0 could not be graded" in told
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8", newline="") as table:
        rows = {row["student"]: row for row in csv.DictReader(table)}
    assert {name: row[STAGE] for name, row in rows.items()} == {"right": "20", "slip": "14", "blank": "0", "broken": "0"}
    assert {name: row["mistakes"] for name, row in rows.items() if row["mistakes"]} == {"slip": TITLE}
    assert TITLE in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert len(list((tmp_path / "out" / "reports").glob("*/report.html"))) == 4
