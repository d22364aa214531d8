"""`class` from the command line: what it prints, writes, and ends with."""

import contextlib
import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

from grader.paths import ROOT
from grader.verbs import class_
from tests.cohort import soak
from tests.cohort.classes import Generator
from tests.command_line import asked

CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,Chain Rule (7)\n    Points Possible,,,,,100\nAnn Öz,1,s1,ann,A,\nEve,2,s2,eve,A,\n"


@pytest.fixture(scope="module")
def grader():
    """`grader(verb, ...)`: run it as a learner's shell would."""

    def go(*arguments, **more):
        code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from grader.cli import main; main()"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"CHAIN_RULE_NO_VENV": "1"}
        return subprocess.run(
            [sys.executable, "-P", "-c", code, *map(str, arguments)], capture_output=True, text=True, env=environment,
            timeout=300, check=False, **more,
        )  # fmt: skip

    return go


def test_a_class_with_roster_canvas_and_reports(tmp_path, grader):
    generator = Generator(2)
    for name, files in (("ann", generator.right()), ("bob", {"essay.py": b"x = 1"})):
        (tmp_path / "class" / name).mkdir(parents=True)
        for file, content in files.items():
            (tmp_path / "class" / name / file).write_bytes(content)
    (tmp_path / "class" / "ann" / "appeal.txt").write_text("More points, please.")
    (tmp_path / "roster.csv").write_text("id,name,github_username\ns1,Ann Öz,ann\ns3,Zoë,zoe\n")
    (tmp_path / "canvas.csv").write_text(CANVAS)
    late = "[late]\npolicy = 'constant'\ndue = 2026-11-30T23:59:00Z\n"
    (tmp_path / "policy.toml").write_text(f"[grading]\nstages = ['02_relu']\n{late}")
    done = grader(
        "class", tmp_path / "class", "--out", tmp_path / "out", "--policy", tmp_path / "policy.toml", "--jobs", 1,
        "--roster", tmp_path / "roster.csv", "--canvas", tmp_path / "canvas.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "1 graded, 1 could not be graded (submission), 0 failed in the grader, 1 missing." in done.stdout
    assert "handed in, not on the roster: bob" in done.stdout
    assert "NO TIME OF SUBMISSION IS KNOWN FOR 1 OF 1 STUDENTS: they count as on time. Remedy: a roster" in done.stdout
    assert "1 in the file, but nothing was handed in: Eve." in done.stdout
    assert "Appeals to answer: 1. The class page has them" in done.stdout
    rows = list(csv.DictReader((tmp_path / "out" / "grades.csv").read_text().splitlines()))
    assert [(row["student"], row["state"], row["score"]) for row in rows] == [
        ("bob", "submission", "0"), ("s1", "graded", "6"), ("s3", "missing", "0"),
    ]  # fmt: skip
    filled = (tmp_path / "out" / "filled-canvas.csv").read_text()
    assert filled == CANVAS.replace("Ann Öz,1,s1,ann,A,", "Ann Öz,1,s1,ann,A,100")
    page = (tmp_path / "out" / "index.html").read_text()
    (link,) = {part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("reports/")}
    assert "02" in (tmp_path / "out" / link).read_text()


def recorded(journal):
    """How many results are in a journal that another process writes: a report alone is not kept yet."""
    with contextlib.closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as reader:
        return reader.execute("SELECT count(*) FROM history").fetchone()[0]


def wait_for_a_record(process, out):
    """Until the first submission is finished."""
    while process.poll() is None and not list((out / "reports").glob("*")):
        time.sleep(0.05)
    while process.poll() is None and not recorded(out / "journal.sqlite"):
        time.sleep(0.01)


def test_ctrl_c_keeps_what_is_finished(tmp_path):
    generator = Generator(6)
    for number in range(6):
        (tmp_path / "class" / f"s{number}").mkdir(parents=True)
        for file, content in generator.right().items():
            (tmp_path / "class" / f"s{number}" / file).write_bytes(content + f"# {number}\n".encode())
    (tmp_path / "policy.toml").write_text("[grading]\nstages = ['02_relu']\n")
    process = soak.start(tmp_path / "class", tmp_path / "out", tmp_path / "policy.toml", 1)
    wait_for_a_record(process, tmp_path / "out")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    log = (tmp_path / "out.log").read_text()
    assert "Run the same command to continue" in log
    assert "Traceback" not in log
    states = [row["state"] for row in csv.DictReader((tmp_path / "out" / "grades.csv").read_text().splitlines())]
    assert 1 <= states.count("graded") < 6
    assert states.count("waiting") == 6 - states.count("graded")
    assert soak.start(tmp_path / "class", tmp_path / "out", tmp_path / "policy.toml", 1).wait(timeout=120) == 0
    assert list(soak.history(tmp_path / "out" / "journal.sqlite").values()) == [["graded"]] * 6


@pytest.fixture
def checkout(tmp_path):
    """A checkout that may be edited."""
    for name in ("grader", "tasks", "reference", "student", "data", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "checkout"


def edits(checkout):
    """What an instructor, an editor and git do to a checkout while a class is being graded."""
    (checkout / "tasks" / "02_relu" / "checks.py").write_text("def check_relu_keeps_positives(student): raise AssertionError\n")
    (checkout / "tasks" / "02_relu" / "misconceptions.py").write_text("")
    (checkout / "reference" / "layers.py").rename(checkout / "reference" / "layers_old.py")
    (checkout / "grader" / "running" / "failures.py").write_text("def\n")
    (checkout / "grader" / "report" / "templates").rename(checkout / "grader" / "report" / "templates_old")
    (checkout / "grader" / "diagnosis").rename(checkout / "grader" / "diagnoses")
    (checkout / "tasks" / "03_softmax").rename(checkout / "tasks" / "03_soft_max")


def test_a_course_that_is_edited_meanwhile_changes_no_grade(tmp_path, checkout):
    generator = Generator(6)
    for number in range(5):
        (tmp_path / "class" / f"s{number}").mkdir(parents=True)
        files = generator.mistaken() if number == 4 else generator.right()
        for file, content in files.items():
            (tmp_path / "class" / f"s{number}" / file).write_bytes(content + f"# {number}\n".encode())
    (tmp_path / "policy.toml").write_text("[grading]\nstages = ['02_relu', '03_softmax']\n")
    assert soak.start(tmp_path / "class", tmp_path / "calm", tmp_path / "policy.toml", 1, checkout).wait(timeout=120) == 0
    process = soak.start(tmp_path / "class", tmp_path / "out", tmp_path / "policy.toml", 1, checkout)
    wait_for_a_record(process, tmp_path / "out")
    edits(checkout)
    for child in psutil.Process(process.pid).children(recursive=True):  # a renewed process comes from the copy, too
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    assert process.wait(timeout=120) == 0, (tmp_path / "out.log").read_text()
    assert (tmp_path / "out" / "grades.csv").read_bytes() == (tmp_path / "calm" / "grades.csv").read_bytes()
    scores = [row["score"] for row in csv.DictReader((tmp_path / "out" / "grades.csv").read_text().splitlines())]
    assert scores[:4] == ["14"] * 4
    (copy,) = (tmp_path / "out").glob("course-*")
    assert (copy / "tasks" / "02_relu" / "checks.py").read_bytes() == (ROOT / "tasks/02_relu/checks.py").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "is not a folder. Remedy"),
        ([""], "no submissions were named. Remedy"),
        ([".", "--policy", "absent.toml"], "Remedy"),
        (["grader", "--roster", "absent.csv"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_two(tmp_path, grader, arguments, message):
    done = grader("class", *arguments, "--out", tmp_path / "out", cwd=ROOT)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("out", ["out", "", "deeper/out"])
def test_results_among_what_was_handed_in_are_refused(tmp_path, out):
    (tmp_path / "ann").mkdir()
    done = asked("class", tmp_path, "--out", tmp_path / out)
    assert done.exit_code == 2
    assert "its results would count as handed in. Remedy: OUT=a folder beside it." in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["ann"]


def test_a_folder_in_a_gradebooks_place_is_refused_before_anything_is_graded(tmp_path):
    done = asked("class", "grader", "--out", tmp_path / "out", "--canvas", tmp_path)
    assert (done.exit_code, "is a directory" in done.output) == (2, True)
    assert not (tmp_path / "out").exists()


def test_two_gradebooks_of_one_name_are_both_filled(tmp_path):
    files = {system: tmp_path / system / "grades.csv" for system in ("canvas", "moodle")}
    for file, text in zip(files.values(), (CANVAS, "Identifier,Full name,Grade,Last modified (grade)\nParticipant 1,Ann,,\n")):
        file.parent.mkdir()
        file.write_text(text)
    class_._fill_gradebooks(SimpleNamespace(out=tmp_path, grades=[]), files, "")
    assert {path.name for path in tmp_path.glob("filled-*")} == {"filled-canvas-grades.csv", "filled-moodle-grades.csv"}


def test_export_tells_that_there_is_no_result_where_somebody_waits_for_one(tmp_path, grader):
    done = grader("export", tmp_path / "absent.json", "--format", "markdown")
    assert done.returncode == 0
    assert done.stdout.startswith("# No result")
    assert "There is no result: No such file or directory." in done.stdout


def test_export_refuses_a_missing_result_elsewhere(tmp_path, grader):
    assert grader("export", tmp_path / "absent.json", "--format", "junit").returncode == 2
