"""The engine as a package: what `pip install .` installs, and what it needs for that."""

import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from grader.paths import ROOT, VERSION
from tests.command_line import asked

INSTALLED = "import sys; sys.path.insert(0, {!r}); from grader.cli import main; main()"  # as the command chain-rule does
BUILD = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built once, of a copy: setuptools leaves its own files beside what it packs."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("grader", "requirements"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


def test_the_wheel_holds_the_engine_alone(wheel):
    about = f"chain_rule-{VERSION}.dist-info"
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if not name.startswith(about)}
    rooms = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "grader").rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    lists = {f"grader/requirements/{name}" for name in ("base.in", "base.txt")}
    assert names == rooms | lists


def test_the_wheel_alone_grades_as_the_checkout_does(wheel, tmp_path, monkeypatch):
    monkeypatch.setenv("CHAIN_RULE_MEMORY", str(tmp_path / "memory"))
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    course = tmp_path / "course"
    assert asked("new-course", course).exit_code == 0
    installed, checkout = (_graded(course, engine, tmp_path / engine.name) for engine in (tmp_path / "installed", ROOT))
    assert installed == checkout
    assert installed["score"] == 100


def _graded(course, engine, out):
    """What results.json holds of a grade of the reference by one of two engines, without its seconds."""
    command = [sys.executable, "-P", "-c", INSTALLED.format(str(engine)), "--course", course, "grade", "--out", out]
    done = subprocess.run([*command, "--student", course / "reference"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((out / "results.json").read_text("utf-8"))
    for timed in (record, *record["stages"], *(check for stage in record["stages"] for check in stage["checks"])):
        for name in ("seconds", "finished", "limits"):
            timed.pop(name, None)
    return record


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < 600_000


def test_it_needs_what_the_learners_list_names_and_brings_one_command(wheel):
    wanted = (ROOT / "requirements" / "base.in").read_text("utf-8").split()
    about = f"chain_rule-{VERSION}.dist-info"
    with zipfile.ZipFile(wheel) as packed:
        metadata = packed.read(f"{about}/METADATA").decode().splitlines()
        scripts = packed.read(f"{about}/entry_points.txt").decode().split()
    assert [line.removeprefix("Requires-Dist: ") for line in metadata if line.startswith("Requires-Dist: ")] == wanted
    assert scripts == ["[console_scripts]", "chain-rule", "=", "grader.cli:main"]
