"""The table of SECURITY.md: every attack as the super-user and as an ordinary user, with all layers and without each.

    python -m tests.hostile.table [--quick] [--write]

Works on a copy of the course, because without a layer some attacks do reach it. The grader is a process of its own, whose
end an attack may bring about: the next one goes on with the attack after it. Prints a line for each attack that does more
than it should, and the table; exits with 1 if with all layers any attack did anything.
"""

import argparse
import json
import os
import pwd
import selectors
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.paths import ROOT
from grader.worker.inside.landlock import NEWEST_VARIABLE
from grader.worker.outside.pool import WITHOUT_VARIABLE
from tests.hostile.harness import ATTACKS, FOLDERS, TRACES, attacks

#: Row -> what the environment says. The last is the separate process and its protocol alone.
COLUMNS = {
    "all layers": {},
    "Landlock ABI 5": {NEWEST_VARIABLE: "5"},
    "Landlock ABI 1": {NEWEST_VARIABLE: "1"},
    "no Landlock": {NEWEST_VARIABLE: "0"},
    "no seccomp": {WITHOUT_VARIABLE: "seccomp"},
    "no limits": {WITHOUT_VARIABLE: "limits"},
    "no privilege drop": {WITHOUT_VARIABLE: "privileges"},
    "not hidden": {WITHOUT_VARIABLE: "dumpable"},
    "process alone": {WITHOUT_VARIABLE: "landlock,seccomp,privileges,dumpable"},
}
#: Without a layer that keeps it in, an attack on processes by number could reach others than ours.
_COPIED = ("grader", "tasks", "reference", "data", "tests/hostile", "tests/courses.py", "CHANGELOG.md", "pyproject.toml")
_ORDINARY = "nobody"
_SECONDS = 120

_MANY = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from grader.worker.outside.pool import WorkerPool
from tests.courses import HERE
from tests.hostile.harness import SECRET, attacks, run
os.environ[SECRET] = "x"
found = {{attack.name: attack for attack in attacks()}}
with WorkerPool(HERE.withheld) as pool:
    for name in {names!r}:
        print("BEGIN" + name, flush=True)
        try:
            faults = run(found[name], pool, Path({out!r})).faults
        except Exception as error:
            faults = [f"stopped the grade: {{type(error).__name__}}: {{error}}"]
        print("END" + json.dumps(faults), flush=True)
"""


def main() -> int:
    """Run the table, print it, and write it into SECURITY.md if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="with all layers and with none")
    parser.add_argument("--write", action="store_true", help="put the table into SECURITY.md")
    parser.add_argument("--only", nargs="*", help="names of attacks")
    options = parser.parse_args()
    columns = {name: COLUMNS[name] for name in (("all layers", "process alone") if options.quick else COLUMNS)}
    chosen = [attack.name for attack in attacks() if not options.only or attack.name in options.only]
    table: dict[str, dict[str, dict[str, list[str]]]] = {}
    for user in _users():
        with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
            copy = _copy(Path(folder), user)
            for column, settings in columns.items():
                print(f"{user}, {column}: ", end="", flush=True)
                found = _faults(copy, chosen, user, settings)
                table.setdefault(user, {})[column] = {name: faults for name, faults in found.items() if faults}
                print(f"{len(table[user][column])} of {len(chosen)} did more than they should", flush=True)
                for name, faults in table[user][column].items():
                    print(f"    {name}: {'; '.join(faults)[:200]}", flush=True)
                _restore(copy, user)
    text = markdown(table, len(chosen))
    print("\n" + text)
    if options.write:
        write(text)
    return int(any(columns["all layers"] for columns in table.values()))


def _users() -> list[str]:
    """Whoever runs this; for a super-user an ordinary one as well."""
    if os.getuid() != 0:
        return [pwd.getpwuid(os.getuid()).pw_name]
    return ["root", _ORDINARY]


def _copy(folder: Path, user: str) -> Path:
    root = folder / "course"
    for name in _COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target)
    _restore(root, user)
    os.chmod(folder, 0o755)
    return root


def _restore(root: Path, user: str) -> None:
    """Undo what attacks have changed in the copy."""
    shutil.copy(ROOT / "CHANGELOG.md", root / "CHANGELOG.md")
    shutil.rmtree(root / "tests" / "hostile" / "attacks", ignore_errors=True)
    shutil.copytree(ATTACKS, root / "tests" / "hostile" / "attacks", symlinks=True)
    for name in TRACES:
        for left in [*root.rglob(name), *(Path(folder) / name for folder in FOLDERS)]:
            if left.is_file():
                left.unlink()
    subprocess.run(["ipcrm", "-M", str(0x686F7374)], check=False, capture_output=True)
    if os.getuid() == 0 and user != "root":
        owner = pwd.getpwnam(user)
        for path in (root, *root.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _interpreter(user: str) -> list[str]:
    """An interpreter that the user may run: this one, or the system's with the same version and our packages."""
    if user != _ORDINARY or os.getuid() != 0:
        return [sys.executable]
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    return [sys.executable] if _reachable(os.path.realpath(sys.executable), user) else [system]


def _reachable(path: str, user: str) -> bool:
    try:
        return subprocess.run([path, "-c", ""], user=user, check=False, capture_output=True).returncode == 0
    except PermissionError:
        return False


def _faults(copy: Path, names: list[str], user: str, settings: dict[str, str]) -> dict[str, list[str]]:
    """What each attack did, in words."""
    found: dict[str, list[str]] = {}
    while len(found) < len(names):
        left = [name for name in names if name not in found]
        with tempfile.TemporaryDirectory(prefix="graded-", ignore_cleanup_errors=True) as out:
            os.chmod(out, 0o777)
            grader = _start(copy, left, user, settings, Path(out))
            current, killed = "", False
            for line in _lines(grader):
                if line is None:
                    killed = True
                    os.killpg(grader.pid, signal.SIGKILL)
                elif line.startswith("BEGIN"):
                    current = line.removeprefix("BEGIN").strip()
                elif line.startswith("END"):
                    found[current] = json.loads(line.removeprefix("END"))
            status = grader.wait()
            said = ((Path(out) / "stderr").read_text(errors="replace").strip().splitlines() or ["nothing said"])[-1]
        if not current:
            raise SystemExit(f"as {user} the grader does not start: {said}")
        if current not in found:
            ended = f"hung the grader for {_SECONDS} s" if killed else f"ended the grader (status {status}): {said[:150]}"
            found[current] = [ended]
    return found


def _start(copy: Path, names: list[str], user: str, settings: dict[str, str], out: Path) -> subprocess.Popen:
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        **settings,
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLCONFIGDIR": str(out),
    }
    program = _MANY.format(root=str(copy), names=names, out=str(out))
    options: dict[str, Any] = {"user": user, "group": pwd.getpwnam(user).pw_gid} if os.getuid() == 0 else {}
    with open(out / "stderr", "wb") as errors:
        return subprocess.Popen(
            [*_interpreter(user), "-P", "-c", program],
            env=environment,
            cwd=copy,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            **options,
        )


def _lines(grader: subprocess.Popen) -> Iterator[str | None]:
    """Lines as they are printed; None once if there was none for too long."""
    assert grader.stdout is not None
    waiting = selectors.DefaultSelector()
    waiting.register(grader.stdout, selectors.EVENT_READ)
    data = b""
    while True:
        if not waiting.select(_SECONDS):
            yield None
        more = os.read(grader.stdout.fileno(), 1 << 16)
        if not more:
            return
        *lines, data = (data + more).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)


def markdown(table: dict[str, dict[str, dict[str, list[str]]]], count: int) -> str:
    """The table, and below it which attacks a missing layer lets through."""
    users = list(table)
    lines = [f"| {count} attacks | {' | '.join(f'as {user}' for user in users)} |", "|---|" + "---|" * len(users)]
    for column in table[users[0]]:
        cells = [_cell(table[user][column], count) for user in users]
        lines.append(f"| {column} | {' | '.join(cells)} |")
    lines.append("")
    for column in table[users[0]]:
        if column != "all layers":
            names = sorted({name for user in users for name in table[user][column]})
            lines.append(f"- {column}: {', '.join(f'`{name}`' for name in names) or 'no attack succeeds'}.")
    return "\n".join(lines)


def _cell(found: dict[str, list[str]], count: int) -> str:
    points = sum(any("points" in fault for fault in faults) for faults in found.values())
    if not found:
        return "0"
    return f"{len(found)} ({points} gained points)"


def write(text: str) -> None:
    """Put the table between its marks in SECURITY.md."""
    path = ROOT / "SECURITY.md"
    before, _, rest = path.read_text().partition("<!-- table -->")
    after = rest.partition("<!-- end of table -->")[2]
    path.write_text(f"{before}<!-- table -->\n{text}\n<!-- end of table -->{after}")


if __name__ == "__main__":
    sys.exit(main())
