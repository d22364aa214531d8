"""A class is graded from a copy of the course, so that nobody who edits the course meanwhile changes a grade.

Modules, templates and check files are read as long as a class runs: a file that is edited, renamed or put back by git in
between would be half of one version and half of another. The copy holds the grader, the stages (private ones merged in),
the reference and the data; its name is the fingerprint of its content, and it stays beside the journal.
"""

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from grader.course.course import Course
from grader.course.fingerprint import of_text
from grader.course.misconceptions import HELD_OUT, RIGHT
from grader.course.stage import TOOLBOX
from grader.errors import Refusal
from grader.paths import ENGINE, REQUIREMENTS

PREFIX = "course-"
#: Set where the command line runs from a copy: its path. There is nothing to copy then.
VARIABLE = "CHAIN_RULE_COURSE_COPY"
_TRIES = 3  #: at copying a course that is being edited
_IGNORED = {"__pycache__", ".chain-rule", ".git"}


def is_copy(folder: Path) -> bool:
    """Whether the running command line was started from this copy."""
    return os.environ.get(VARIABLE) == str(folder)


def copy_course(course: Course, out: Path, private: str = "") -> Path:
    """The folder of a copy of the course under `out`, made if there is none of just this content.

    private : folder of further stages, merged in
    raises  : Refusal if the course changes meanwhile, or if both bring a file of one name for their checks to share
    """
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):  # renamed between the list and the copy
            if (made := _tried(course, out, private)) is not None:
                return made
    raise Refusal(f"the course in {course.folder} is being changed. Remedy: run the same command when nobody edits it.")


def _tried(course: Course, out: Path, private: str) -> Path | None:
    """The copy; None if the course changed while it was copied."""
    files = _files(course, private)
    wanted = _print(files)
    target = out / f"{PREFIX}{wanted[:20]}"
    if target.exists() and _print(_copied(target)) == wanted:
        return target
    part = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=out))  # for its owner alone: it holds the answers
    try:
        for name, source in files.items():
            _copy(source, part / name)
        if not _print(_copied(part)) == wanted == _print(_files(course, private)):
            return None
        if (ENGINE / ".venv").exists():  # a command in the copy uses the checkout's environment
            (part / ".venv").symlink_to((ENGINE / ".venv").resolve())
        shutil.rmtree(target, ignore_errors=True)  # one that somebody changed
        with contextlib.suppress(OSError):  # another process was faster
            part.rename(target)
        return target
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _files(course: Course, private: str) -> dict[str, Path]:
    """Name in the copy -> file, of all that grading and reporting reads."""
    found = below(ENGINE / "grader", "grader") | below(REQUIREMENTS, "requirements")
    found |= below(course.data, "data") | below(course.student, "student")
    if course.reference is not None:
        found |= below(course.reference, "reference")
    for known in (RIGHT, HELD_OUT):  # how functions of the course are written: the class page asks
        found |= below(course.folder / known, known)
    return found | stages_with(course, private)


def stages_with(course: Course, private: str) -> dict[str, Path]:
    """Name below `tasks/` -> file, of the course's stages and of private ones.

    raises : Refusal if both bring a file of one name for their checks to share
    """
    found, own = below(course.tasks, "tasks"), below(Path(private), "tasks") if private else {}
    both = sorted(name for name in own if name.startswith(f"tasks/{TOOLBOX}/") and name in found)
    if both:
        place = Path(private, both[0].removeprefix("tasks/"))
        raise Refusal(f"{place} has the name of a file of the course's own {TOOLBOX}. Remedy: give it another, or remove it.")
    return found | own


def _copied(copy: Path) -> dict[str, Path]:
    """The same list of a copy; the link to the environment is not part of it."""
    folders = ("grader", "requirements", "tasks", "data", "student", "reference", "tests")
    return {name: path for folder in folders for name, path in below(copy / folder, folder).items()}


def below(folder: Path, name: str) -> dict[str, Path]:
    """Name -> file, of a folder that is called `name`, without what tools leave behind."""
    found = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _IGNORED)
        for file in sorted(files):
            path = Path(parent, file)
            found[f"{name}/{path.relative_to(folder).as_posix()}"] = path
    return found


def _print(files: Mapping[str, Path]) -> str:
    """SHA-256 of names and contents."""
    return of_text(*(part for name in sorted(files) for part in (name, hashlib.sha256(files[name].read_bytes()).digest())))


def _copy(source: Path, target: Path) -> None:
    """Copy a file; the data, which is large, becomes another name of the same file where the system allows it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".npz":
        try:
            os.link(source, target, follow_symlinks=True)
            return
        except OSError:  # another disk, or no such links there
            pass
    shutil.copyfile(source, target)
    target.chmod(stat.S_IRUSR | stat.S_IWUSR)
