"""The engine as a package: what `pip install .` installs, and what it needs for that."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from grader.paths import ROOT, VERSION

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
