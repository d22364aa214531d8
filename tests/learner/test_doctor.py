"""`doctor` and `debug`, from the command line."""

import shutil
import subprocess
import sys

import pytest

from grader import paths
from grader.course.course import Course
from grader.learner import doctor
from grader.paths import REFERENCE, ROOT
from tests.courses import HERE


def run(*arguments, text=""):
    return subprocess.run(
        [sys.executable, "-m", "grader", *arguments], input=text, capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_doctor_names_what_it_looked_at():
    done = run("doctor", "--no-repair")
    for word in ("Python", "numpy", "BLAS", "forbidden actions", "data/mnist.npz", "ms (fork)"):
        assert word in done.stdout
    assert "[bold]" not in done.stdout
    assert done.returncode == (0 if "All is well." in done.stdout else 1)


def test_missing_layers_come_with_a_remedy(monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_WITHOUT", "seccomp")
    found = {finding.name: finding for finding in doctor.worker(HERE.withheld)}
    assert not found["forbidden actions"].fine
    assert found["open a socket"].text == "NOT blocked here"
    assert "seccomp" in found["open a socket"].remedy


@pytest.mark.parametrize("without", ["", "landlock"])
def test_a_super_users_workers_without_a_user_of_their_own_are_named(without, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_WITHOUT", without)
    found = {finding.name: finding for finding in doctor.worker(HERE.withheld)}
    assert ("user" in found) == ("no capabilities" in found["layers"].text)
    if "user" in found:
        assert found["user"].fine == (found["read the course's files"].text == "blocked")
        assert "a user of its own" in found["user"].remedy


def test_a_damaged_data_file_is_put_back(tmp_path):
    repository = tmp_path / "course"
    folder = repository / "data"
    folder.mkdir(parents=True)
    for name in ("SHA256SUMS", "hidden.npz", "mnist.npz"):
        shutil.copy(paths.DATA / name, folder / name)
    git = ["git", "-C", str(repository), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    (folder / "hidden.npz").write_bytes(b"damaged")
    looked = {finding.name: finding for finding in doctor.data(Course(repository), repair=False)}
    assert not looked["data/hidden.npz"].fine
    assert looked["data/mnist.npz"].fine
    assert all(finding.fine for finding in doctor.data(Course(repository), repair=True))
    assert all(finding.text == "verified" for finding in doctor.data(Course(repository), repair=False))


@pytest.fixture
def folder(tmp_path):
    for path in REFERENCE.glob("*.py"):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_a_breakpoint_stops_in_the_learners_code(folder):
    losses = folder / "losses.py"
    losses.write_text(losses.read_text().replace("    exps = np", "    breakpoint()\n    exps = np", 1))
    done = run("debug", "03_softmax", "--student", str(folder), text="p 'shape', logits.shape\nq\n")
    assert "('shape', (" in done.stdout
    assert "exps = np.exp(shifted)" in done.stdout
    assert done.returncode == 130


def test_debug_gives_no_points_and_writes_nothing(folder):
    before = sorted(path.name for path in folder.rglob("*"))
    done = run("debug", "relu", "--student", str(folder), "--out", str(folder))
    assert done.returncode == 0
    assert "point" not in done.stdout
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_debug_refuses_an_unknown_check(folder):
    done = run("debug", "relu", "--check", "check_nothing", "--student", str(folder))
    assert done.returncode == 2
    assert "has no check" in done.stderr
