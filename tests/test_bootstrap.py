"""The environment sets itself up, is left alone when complete, and says in one sentence why it cannot be made."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from grader import __main__
from grader.paths import ROOT


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """The module, in a course of its own whose only requirement list is empty."""
    course = tmp_path / "a course"
    (course / "grader").mkdir(parents=True)
    (course / "requirements").mkdir()
    (course / "requirements" / "base.txt").write_text("")
    shutil.copy(ROOT / "grader" / "bootstrap.py", course / "grader" / "bootstrap.py")
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", course / "grader" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.delenv(module.OWN_ENVIRONMENT, raising=False)
    monkeypatch.setenv(module.AGAIN, "")  # so that it is taken away after the test
    monkeypatch.delenv(module.AGAIN)
    return module


def test_makes_the_environment_once(bootstrap, capfd):
    assert bootstrap.missing(["base"]) == ["base"]
    assert bootstrap.ensure(["base"]) is True
    assert bootstrap.PYTHON.exists()
    assert bootstrap.ensure(["base"]) is False
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("Setting up the environment") == 1
    assert not bootstrap.LOCK.exists()


def test_installs_again_when_the_list_changes(bootstrap):
    bootstrap.ensure(["base"])
    (bootstrap.ROOT / "requirements" / "base.txt").write_text("# changed\n")
    assert bootstrap.missing(["base"]) == ["base"]
    assert bootstrap.ensure(["base"]) is True
    assert bootstrap.missing(["base"]) == []


@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"base": "other"}'])
def test_a_damaged_stamp_counts_as_not_installed(bootstrap, stamp):
    bootstrap.ensure(["base"])
    bootstrap.STAMP.write_text(stamp)
    assert bootstrap.missing(["base"]) == ["base"]
    assert bootstrap.ensure(["base"]) is True


def test_a_half_made_environment_is_made_afresh(bootstrap, capfd):
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.write_text("not an interpreter")
    assert bootstrap.ensure(["base"]) is True
    assert "making a new one" in capfd.readouterr().err
    assert json.loads(bootstrap.STAMP.read_text()).keys() == {"base"}


def test_an_interrupted_installation_is_made_afresh(bootstrap, monkeypatch, capfd):
    def stopped(name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_install", stopped)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.ensure(["base"])
    half = bootstrap.VENV / "half-unpacked"
    half.touch()
    assert bootstrap.ensure(["base"]) is True
    assert not half.exists()
    assert "making a new one" in capfd.readouterr().err


def test_an_environment_that_lost_a_package_is_made_again_once(bootstrap, monkeypatch):
    (bootstrap.ROOT / "requirements" / "base.txt").write_text("markdown-it-py==4.3.0\n")
    bootstrap.VENV.mkdir()
    entered = []
    monkeypatch.setattr(bootstrap, "inside", lambda: True)
    monkeypatch.setattr(bootstrap, "enter", entered.append)

    def verb(arguments):
        raise ModuleNotFoundError("no module", name=arguments[0])

    monkeypatch.setattr("grader.cli.main", verb)
    bootstrap.run(["markdown_it.token"])
    assert entered == [["markdown_it.token"]]
    for name in ("tensorflow", "markdown_it"):  # none of the list's; one that stays missing
        with pytest.raises(ModuleNotFoundError):
            bootstrap.run([name])
    assert bootstrap.missing(["base"]) == ["base"]


def test_ctrl_c_before_the_verbs_are_loaded_is_told_by_the_status(monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("grader.bootstrap.enter", interrupted)
    with pytest.raises(SystemExit) as end:
        __main__.main()
    assert end.value.code == 130


def test_what_a_full_disk_cut_off_is_compiled_again(bootstrap, monkeypatch, capfd):
    compiled = [bootstrap.ROOT / folder / "__pycache__" / "x.pyc" for folder in ("grader", "tasks")]
    for path in compiled:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"short")

    def verb(*_, **__):
        try:
            raise EOFError("marshal data too short")
        except EOFError as short:  # as click does it
            raise click.Abort from short

    monkeypatch.setattr("grader.cli.commands.main", verb)
    with pytest.raises(SystemExit) as end:
        bootstrap.run([])
    assert end.value.code == 2
    assert "a compiled file is incomplete (marshal data too short). Remedy: make room" in capfd.readouterr().err
    assert not any(path.exists() for path in compiled)


def test_packages_are_left_alone_where_there_is_no_list_of_them(bootstrap, monkeypatch):
    assert not bootstrap.provided()
    shutil.rmtree(bootstrap.ROOT / "requirements")
    bootstrap.enter(["grade"])
    assert not bootstrap.VENV.exists()


def test_a_pip_that_cannot_install_elsewhere_is_passed_over(bootstrap, monkeypatch):
    """Then the environment gets a pip of its own."""
    asked = []

    def run(command):
        asked.append(command[1:3])
        return subprocess.CompletedProcess(command, int("ensurepip" not in command or broken), "", "")

    broken = False
    monkeypatch.setattr(bootstrap, "_run", run)
    assert bootstrap._pip() == [str(bootstrap.PYTHON), "-m", "pip"]
    assert asked[-1] == ["-m", "ensurepip"]
    broken = True
    with pytest.raises(bootstrap.SetupFailed, match=r"no pip .*Remedy: .*python3-venv"):
        bootstrap._pip()


def test_no_network_is_one_sentence_with_a_remedy(bootstrap):
    package = f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n"
    (bootstrap.ROOT / "requirements" / "base.txt").write_text(package)
    with pytest.raises(bootstrap.SetupFailed, match=r"could not be (installed|downloaded).*Remedy: "):
        bootstrap.ensure(["base"])
    assert bootstrap.missing(["base"]) == ["base"]
    assert bootstrap.STAMP.read_text() == "{}"  # what was installed before is still known
    assert not bootstrap.LOCK.exists()


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("Failed to establish a new connection: [Errno -2]", "needs a network connection"),
        ("ERROR: Hash mismatch\n[notice] a new release of pip", "Hash mismatch"),
    ],
)
def test_failures_are_explained(bootstrap, output, words):
    sentence = bootstrap.explain("base", output)
    assert words in sentence
    assert "Remedy: " in sentence


def test_a_lock_whose_owner_is_gone_is_taken_over(bootstrap):
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    bootstrap.LOCK.write_text(str(finished.pid))
    assert bootstrap.ensure(["base"]) is True


def test_a_missing_list_says_how_to_restore_it(bootstrap):
    (bootstrap.ROOT / "requirements" / "base.txt").unlink()
    with pytest.raises(bootstrap.SetupFailed, match="git checkout -- requirements"):
        bootstrap.ensure(["base"])


def test_only_the_standard_library_is_imported_before_the_environment_exists():
    """With site-packages off, the modules that run first must still import."""
    code = "import sys; sys.path.insert(0, '.'); import grader.bootstrap; print('ok')"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "ok\n", done.stderr


def test_requirement_lists_are_hashed_and_name_no_address():
    for path in sorted(Path(ROOT / "requirements").glob("*.txt")):
        text = path.read_text()
        assert "://" not in text
        pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert pins
        assert all("==" in line and line.endswith("\\") for line in pins)


def test_exec_keeps_arguments_as_they_are(bootstrap, monkeypatch):
    bootstrap.ensure(["base"])
    seen = {}
    monkeypatch.setattr(os, "execve", lambda path, command, environment: seen.update(command=command, env=environment))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    bootstrap.enter(["grade", "--student", "a b"])
    assert seen["command"][0] == str(bootstrap.PYTHON)
    assert seen["command"][-3:] == ["grade", "--student", "a b"]
    assert "PYTHONDONTWRITEBYTECODE" not in seen["env"]


def test_the_line_that_starts_a_checkout_starts_it():
    from grader.bootstrap import START

    done = subprocess.run(
        [sys.executable, "-P", "-c", START.format(root=str(ROOT)), "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: python -m grader" in done.stdout


@pytest.mark.parametrize(("status", "ends"), [("7", 7), ("None", 0), ("'said'", 1)])
def test_a_process_ends_at_once_with_its_status_and_all_that_it_printed(status, ends):
    code = f"""
import atexit, sys, threading, time
from grader import bootstrap, cli
def verb(words):
    print("said", end=" ")
    atexit.register(print, "at last")
    threading.Thread(target=lambda: (time.sleep(0.05), print("by a thread", end=" "))).start()
    sys.exit({status})
cli.main = verb
class Kept:
    __del__ = lambda self: print("taken apart")
kept = Kept()
bootstrap.run([])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    taken_apart = "" if status == "7" else "taken apart\n"
    assert (done.returncode, done.stdout) == (ends, f"said by a thread at last\n{taken_apart}")
