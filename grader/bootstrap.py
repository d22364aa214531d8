"""Make `.venv` on first use and run there. Standard library only: nothing is installed yet.

`requirements/NAME.txt` lists every package with its hashes. A stamp inside `.venv` remembers which lists are installed,
so that a later start costs one comparison, and a changed list is installed before the verb runs.
"""

import atexit
import contextlib
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "chain-rule.json"
LOCK = ROOT / ".venv.lock"
#: What makes the environment: it stays when the environment is removed, from inside as well.
BASE = getattr(sys, "_base_executable", None) or sys.executable
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

#: Set to any value where the course's packages are provided by other means (a container image, a system package).
OWN_ENVIRONMENT = "CHAIN_RULE_NO_VENV"

#: Runs a checkout's command line, for an interpreter that is given no path.
START = "import sys; sys.path.insert(0, {root!r}); from grader.bootstrap import run; run(sys.argv[1:])"

#: Stands in the stamp in place of a list's hash while that list is being installed: whoever finds it there starts afresh.
UNFINISHED = "unfinished"
#: Set in a process that runs in an environment made again, so that none is made a third time.
AGAIN = "CHAIN_RULE_MADE_AGAIN"
_REMEDY = "Remedy: install uv, or your system's package for venv (on Debian and Ubuntu: apt install python3-venv)."


class SetupFailed(Exception):
    """The environment could not be made; the message says why and what to do."""


def enter(arguments: list[str]) -> None:
    """Return if this process already runs in a complete environment; otherwise make it and run there instead."""
    if provided():
        return
    try:
        changed = ensure(["base"])
    except SetupFailed as failure:
        sys.exit(f"error: {failure}")
    except KeyboardInterrupt:
        sys.exit("\nStopped while setting up. Run the same command to continue.")
    if inside() and not changed:
        return
    command = [str(PYTHON), "-P", "-c", START.format(root=str(ROOT)), *arguments]
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}}
    become(command, environment)


def provided() -> bool:
    """Whether the packages come by other means: somebody said so, or the engine was installed and brings no lists."""
    return bool(os.environ.get(OWN_ENVIRONMENT)) or not (ROOT / "requirements").is_dir()


def become(command: list[str], environment: dict[str, str]) -> NoReturn:
    """Run a command in place of this one."""
    if os.name == "nt":  # exec on Windows returns to the shell before the new process ends
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    os.execve(command[0], command, environment)


def run(arguments: list[str]) -> None:
    """Run the verb in this process; an environment that lost one of its packages is made again first, once."""
    ended: list[object] = []

    @atexit.register  # as the first, so it is called last: to take apart what is loaded takes a twentieth of a short grade
    def leave() -> None:
        with contextlib.suppress(AttributeError, OSError, ValueError):  # no stream, or nobody reads it: Python itself says so
            print(end="", file=sys.stderr, flush=True)
            print(end="", flush=True)
            if ended and type(ended[0]) is int:
                os._exit(ended[0])

    try:
        from grader.cli import main

        main(arguments)
    except SystemExit as end:
        ended.append(end.code)
        raise
    except ModuleNotFoundError as lost:
        name = (lost.name or "?").partition(".")[0].replace("_", "-")  # "markdown-it" stands for "markdown-it-py"
        mends = inside() and os.name != "nt" and not provided() and AGAIN not in os.environ
        if not mends or f"\n{name}" not in "\n" + (ROOT / "requirements" / "base.txt").read_text():
            raise
        say(f"{name} is missing in .venv.")
        STAMP.write_text(json.dumps({"base": UNFINISHED}))
        os.environ[AGAIN] = "1"
        enter(arguments)
    except EOFError as short:  # of a compiled file that a full disk cut off; Python neither notices nor writes it again
        for compiled in (path for folder in ("grader", "tasks") for path in (ROOT / folder).rglob("*.pyc")):
            compiled.unlink(missing_ok=True)
        say(f"error: a compiled file is incomplete ({short}). Remedy: make room on the disk and run the same command again.")
        sys.exit(2)


def inside() -> bool:
    """Whether this interpreter is the environment's own."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def ensure(names: list[str]) -> bool:
    """Install the named requirement lists if they are not installed yet; True if anything was done.

    names  : such as ["base"] or ["base", "test"]
    raises : SetupFailed, with cause and remedy
    """
    if not missing(names):
        return False
    with _lock():
        wanted = missing(names)  # another process may have done the work meanwhile
        if not wanted:
            return False
        say("Setting up the environment in .venv (once; half a minute with a good connection) ...")
        _make_venv()
        for name in wanted:
            before = _read_stamp()
            STAMP.write_text(json.dumps({**before, name: UNFINISHED}))
            try:
                _install(name)
            except SetupFailed:
                STAMP.write_text(json.dumps(before))  # an installer that fails removes what it began
                raise
            STAMP.write_text(json.dumps({**before, name: _digest(name)}, indent=1))
        say("The environment is ready.")
    return True


def missing(names: list[str]) -> list[str]:
    """Those of the named lists that are not installed as they stand in `requirements/`."""
    stamp = _read_stamp() if PYTHON.exists() else {}
    return [name for name in names if stamp.get(name) != _digest(name)]


def say(text: str) -> None:
    """Progress goes to stderr: stdout belongs to the verb."""
    print(text, file=sys.stderr, flush=True)


def _digest(name: str) -> str:
    path = ROOT / "requirements" / f"{name}.txt"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SetupFailed(
            f"requirements/{name}.txt cannot be read ({error.strerror}). Remedy: git checkout -- requirements"
        ) from None


def _read_stamp() -> dict[str, str]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}  # not made, or half made: everything counts as missing and is installed again
    return stamp if isinstance(stamp, dict) else {}


def _make_venv() -> None:
    if PYTHON.exists() and UNFINISHED not in _read_stamp().values() and _works(PYTHON):
        return
    if VENV.exists():
        say("The environment in .venv is incomplete or its Python is gone: making a new one.")
        shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    for command in ([uv, "venv", "--quiet", "--python", BASE], [BASE, "-m", "venv", "--without-pip"])[not uv :]:
        made = _run([*map(str, command), str(VENV)])
        if made.returncode == 0 and _works(PYTHON):
            return
    why = last_line(made.stdout + made.stderr) or "python -m venv failed"
    raise SetupFailed(f"no virtual environment could be made: {why}. {_REMEDY}")


def _works(python: Path) -> bool:
    try:
        return _run([str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).returncode == 0
    except OSError:  # not executable, or for another kind of machine
        return False


def _install(name: str) -> None:
    """Bytecode is left to the first import of each module: most of what the packages bring is never imported."""
    wanted = ["--require-hashes", "-r", str(ROOT / "requirements" / f"{name}.txt")]
    if (uv := shutil.which("uv")) and _run([uv, "pip", "install", "--quiet", "--python", str(PYTHON), *wanted]).returncode == 0:
        return
    done = _run([*_pip(), "install", "--quiet", "--no-compile", "--disable-pip-version-check", *wanted])
    if done.returncode != 0:
        raise SetupFailed(explain(name, done.stdout + done.stderr))


def _pip() -> list[str]:
    """The pip of the Python that made the environment, told where to install; an environment gets its own only without one."""
    knows = "import pip, sys; sys.exit([int(n) for n in pip.__version__.split('.')[:2]] < [22, 3])"  # the option --python
    for python in dict.fromkeys((BASE, sys.executable)):
        if Path(python).exists() and _run([python, "-c", knows]).returncode == 0:
            return [python, "-m", "pip", "--python", str(PYTHON)]
    if _run([str(PYTHON), "-m", "ensurepip"]).returncode != 0:
        raise SetupFailed(f"this Python has no pip to install packages with. {_REMEDY}")
    return [str(PYTHON), "-m", "pip"]


def explain(name: str, output: str) -> str:
    """One sentence for a failed installation, from what the installer printed."""
    lowered = output.lower()
    if "no space left" in lowered:
        return "the disk is full, so the packages could not be installed. Remedy: free 500 MB and run the command again."
    signs = ["connection", "resolve host", "name resolution", "network", "timed out", "proxy", "retries exceeded", "ssl"]
    if any(sign in lowered for sign in signs):
        return (
            "the packages could not be downloaded: no package index was reached. "
            "The first run needs a network connection. Remedy: connect (or set your proxy) and run the command again."
        )
    return (
        f"the packages in requirements/{name}.txt could not be installed: {last_line(output)}. "
        "Remedy: run the command again; if that does not help, delete the folder .venv and run it again."
    )


def last_line(text: str) -> str:
    """The last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lower().startswith("[notice]")]
    return lines[-1].rstrip(".") if lines else ""


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """One installation at a time; a lock whose owner is gone is taken over."""
    for waited in itertools.count():
        try:
            with open(LOCK, "x") as file:
                file.write(str(os.getpid()))
            break
        except FileExistsError:
            if not _alive(LOCK):
                LOCK.unlink(missing_ok=True)
                continue
            if not waited:
                say("Another process is setting up the environment; waiting for it ...")
            time.sleep(0.2)
        except OSError as error:
            raise SetupFailed(
                f"{ROOT} cannot be written ({error.strerror}). Remedy: copy the course to a folder of yours."
            ) from None
    try:
        yield
    finally:
        LOCK.unlink(missing_ok=True)


def _alive(lock: Path) -> bool:
    try:
        age, pid = time.time() - lock.stat().st_mtime, lock.read_text()
        if os.name == "nt" or not pid.isdigit():
            return age < (900 if pid.isdigit() else 5)  # its owner may be about to write its number
        os.kill(int(pid), 0)
    except OSError as gone:
        return isinstance(gone, PermissionError)  # somebody else's process
    return True


if __name__ == "__main__":
    # python grader/bootstrap.py base test: install these lists (used by the Makefile for the developers' verbs)
    try:
        ensure(sys.argv[1:] or ["base"])
    except SetupFailed as failure:
        sys.exit(f"error: {failure}")
