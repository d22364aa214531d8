"""What a grade depends on, as hashes: equal fingerprints, equal results.

Nothing here imports NumPy or the engine: an unchanged submission is recognised before anything heavy is loaded.
"""

import hashlib
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.paths import DATA, REFERENCE, ROOT, TASKS

#: Of the grader's own files, those that can change what a grade says.
_GRADER_SUFFIXES = {".py", ".j2", ".css", ".toml", ".ini"}


def course(tasks: Path = TASKS) -> str:
    """SHA-256 of the tasks and the grader."""
    own = (p for p in (ROOT / "grader").rglob("*") if p.suffix in _GRADER_SUFFIXES)
    return _of_files([*tasks.glob("*/*.toml"), *tasks.glob("*/*.py"), *own])


def reference(folder: Path | None = REFERENCE) -> str:
    """SHA-256 of the reference, which names the mistakes; nothing where there is none."""
    return _of_files(folder.glob("*.py")) if folder is not None and folder.is_dir() else ""


def data() -> str:
    """SHA-256 of the list of checksums, as `grader.mnist.fingerprint` gives it; nothing where it is missing.

    The files themselves are verified against the list whenever they are read; their size and date stand for them here.
    """
    try:
        listed = (DATA / "SHA256SUMS").read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(listed).hexdigest()


def data_state() -> str:
    """Sizes and dates of the data files: changes when one is damaged or restored."""
    return ",".join(f"{p.name}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in sorted(DATA.glob("*.npz")))


def environment() -> dict[str, str]:
    """What the numbers of a training run depend on besides code, data and seed."""
    return {
        "python": platform.python_version(),
        "numpy": numpy_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "cpus": str(os.cpu_count()),
    }


def numpy_version() -> str:
    """NumPy's version, read from the name of its metadata folder, without importing it."""
    for entry in sys.path:
        found = sorted(Path(entry).glob("numpy-*.dist-info")) if entry else []
        if found:
            return found[-1].name.removeprefix("numpy-").removesuffix(".dist-info")
    return ""


def dependencies(tasks: Path = TASKS, reference_folder: Path | None = REFERENCE) -> dict[str, str]:
    """Fingerprints of all that a result depends on besides submission and seed."""
    about = environment()
    return {
        "course": course(tasks),
        "reference": reference(reference_folder),
        "data": data(),
        "data_state": of_text(data_state()),
        "environment": of_text(*(f"{name}={about[name]}" for name in sorted(about))),
    }


def key(submission: str, seed: int, parts: Mapping[str, str], *more: str) -> str:
    """The name of everything that a result depends on.

    submission : fingerprint of all its modules
    parts      : from `dependencies`
    more       : what else distinguishes one run from another
    """
    named = [text for name in sorted(parts) for text in (name, parts[name])]
    return of_text(submission, str(seed), *named, *more)


def of_text(*parts: str) -> str:
    """SHA-256 of some texts, their borders included."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


def _of_files(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
