"""The folder that learners are given: everything they need, and nothing that gives the answers away."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from grader.cli import VERBS, module_of
from grader.course.course import Course
from grader.course.fingerprint import GRADER
from grader.course.skeleton import SKELETON, build, read_claims
from grader.course.stage import TOOLBOX
from grader.errors import Refusal

#: Written into a kit, so that it may be replaced by the next one, unless somebody works in it; nothing else ever is.
MARK = ".kit"
_TEMPLATES = Path(__file__).with_name("kit")
#: Of a stage's folder learners get all but these.
_NOT_OF_A_STAGE = {"misconceptions.py", "__pycache__", "conftest.py"}
#: Of the grader they get all but the teachers' verbs and these packages, which build and test the course.
LEFT_OUT = ("check_tasks",)
TEACHERS_VERBS_IN_A_KIT = {"export"}


def make_kit(course: Course, out: Path) -> list[str]:
    """Write a kit; returns its files, relative. The folder appears as a whole or not at all.

    raises : Refusal if something else is there, or a kit in which somebody works
    """
    if out.exists():
        _check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kit-", dir=out.parent) as name:
        folder = Path(name) / "kit"
        _fill(course, folder)
        if out.exists():
            shutil.rmtree(out)
        folder.replace(out)
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def _check_replaceable(out: Path) -> None:
    """Refuse what is no kit, and a kit that holds more than the next one brings back."""
    if not (out / MARK).exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refusal(f"{out} is there and is no kit. Remedy: OUT=another folder, or remove it.")
    remedy = "Remedy: OUT=a new folder; copy from there what you want to replace."
    if os.path.lexists(out / ".git"):
        raise Refusal(f"{out} is a git repository, whose history would be lost. {remedy}")
    if _contents(out / "student") != _contents(out / SKELETON):
        raise Refusal(f"{out / 'student'} holds work that is not the kit's own and would be lost. {remedy}")


def _contents(folder: Path) -> dict[str, bytes]:
    """What lies in a folder by relative path; a folder or a link counts by its name."""
    found = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    texts = [path.read_bytes() if path.is_file() and not path.is_symlink() else b"" for path in found]
    return dict(zip([path.relative_to(folder).as_posix() for path in found], texts))


def _fill(course: Course, folder: Path) -> None:
    folder.mkdir()
    # The skeleton as it is now, never the instructor's own student/.
    texts = build(course.reference, read_claims(course.tasks))
    for place in ("student", SKELETON):
        (folder / place).mkdir()
        for file, text in texts.items():
            (folder / place / file).write_bytes(text.encode())
    for stage in [*(path.parent for path in sorted(course.tasks.glob("*/task.toml"))), course.tasks / TOOLBOX]:
        shutil.copytree(stage, folder / "tasks" / stage.name, ignore=shutil.ignore_patterns(*_NOT_OF_A_STAGE))
    shutil.copytree(GRADER, folder / "grader", ignore=_not_of_the_grader)
    (folder / "data").mkdir()
    for file in ("mnist.npz", "README.md"):
        shutil.copyfile(course.data / file, folder / "data" / file)
    sums = f"{hashlib.sha256((course.data / 'mnist.npz').read_bytes()).hexdigest()}  mnist.npz\n"
    (folder / "data" / "SHA256SUMS").write_text(sums, "ascii")
    (folder / "requirements").mkdir()
    for file in ("base.in", "base.txt"):
        shutil.copyfile(GRADER.parent / "requirements" / file, folder / "requirements" / file)
    for file in ("Makefile", "README.md"):
        shutil.copyfile(_TEMPLATES / file, folder / file)
    for file in ("LICENSE", ".gitignore"):
        shutil.copyfile(GRADER.parent / file, folder / file)
    workflow = folder / ".github" / "workflows" / "classroom.yml"
    workflow.parent.mkdir(parents=True)
    shutil.copyfile(_TEMPLATES / "classroom.yml", workflow)
    (folder / MARK).write_text("Made by `make kit`; the next one replaces this folder, unless somebody works in it.\n")


def _not_of_the_grader(folder: str, names: list[str]) -> set[str]:
    teachers = {verb for verb, (group, _) in VERBS.items() if group != "Learn"} - TEACHERS_VERBS_IN_A_KIT
    left_out = {GRADER.joinpath(*name.split(".")) for name in LEFT_OUT} | {
        module_of(verb).resolve() for verb in teachers
    }
    return {name for name in names if name == "__pycache__" or Path(folder, name).resolve() in left_out}
