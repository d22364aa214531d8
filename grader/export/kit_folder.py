"""The folder that learners are given: everything they need, and nothing that gives the answers away."""

import hashlib
import os
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import jinja2
import msgspec

from grader.cli import VERBS, module_of
from grader.cohort.course_copy import below
from grader.course.course import SUMS, Course
from grader.course.fingerprint import GRADER
from grader.course.skeleton import KIT_MARK, SKELETON, STEPS, build, read_claims, steps
from grader.course.stage import ORACLE, TOOLBOX
from grader.diagnosis.answer_table import TABLE, stale_tables
from grader.errors import Refusal
from grader.export import kit_update
from grader.export.kit_list import STUDENT, KitList, encode
from grader.files import replacing
from grader.paths import REQUIREMENTS
from grader.report import site

_TEMPLATES = Path(__file__).with_name("kit")
#: Of a stage's folder and of what stages share, learners get all but these.
_NOT_OF_TASKS = {"misconceptions.py", "conftest.py", ORACLE, "pictures/handouts"}
#: Of the grader they get all but the teachers' verbs and these packages, which build and test the course.
LEFT_OUT = ("check_tasks",)
TEACHERS_VERBS_IN_A_KIT = {"export"}


def make_kit(course: Course, out: Path) -> list[str]:
    """Write a kit; returns sentences on what was done. A new folder appears as a whole or not at all.

    out    : a folder: absent, empty, a git repository without a file, or a kit, which is updated; or a .zip
    raises : Refusal if something else is there
    """
    if out.suffix == ".zip":
        return _make_zip(course, out)
    if os.path.lexists(out / KIT_MARK):
        return update_kit(course, out)
    there = [path.name for path in out.iterdir()] if out.is_dir() else [out.name] if os.path.lexists(out) else []
    if there and there != [".git"]:
        raise Refusal(f"{out} exists and is not a kit. Remedy: OUT=another folder, or a clone without any file yet.")
    files = contents(course)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kit-", dir=out if out.is_dir() else out.parent) as name:  # maybe a disk of its own
        folder = Path(name) / "kit"
        for path, content in with_list(files).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        if out.is_dir():
            for entry in sorted(folder.iterdir()):
                entry.replace(out / entry.name)
        else:
            folder.replace(out)
    return [f"{out}: {len(files) + 1} files. Learners start with `make grade` in it."]


def update_kit(course: Course, kit: Path) -> list[str]:
    """Bring a kit up to this course, keeping what somebody wrote in it; returns sentences on what was done.

    raises : Refusal if it is not a kit, or if one of its folders is a link
    """
    if not os.path.lexists(kit / KIT_MARK):
        raise Refusal(f"{kit} is not a kit: it has no {KIT_MARK}. Remedy: make update KIT=the folder that make kit made.")
    return kit_update.lay_over(kit, contents(course), read_claims(course.tasks))


def with_list(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files and the list of them."""
    return files | {KIT_MARK: encode(KitList.of(files))}


def _make_zip(course: Course, out: Path) -> list[str]:
    if os.path.lexists(out) and not _is_zipped_kit(out):
        raise Refusal(f"{out} exists and is not a kit. Remedy: OUT=another file, or remove it.")
    files = with_list(contents(course))
    with replacing(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(f"{out.stem}/{path}", time.localtime()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(entry, files[path])
    return [f"{out}: {len(files)} files. Learners start with `make grade` in it."]


def _is_zipped_kit(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.count("/") == 1 and name.endswith(f"/{KIT_MARK}") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def contents(course: Course) -> dict[str, bytes]:
    """Every file of a kit but the list of them: path -> content.

    raises : Refusal if the mistakes would be recognised by what they answered some time ago
    """
    if stale := stale_tables(course):
        raise Refusal(
            f"{', '.join(stale)}: {TABLE} does not belong to the present checks and mistakes. Remedy: make check-tasks ARGS=--tables"
        )
    return dict(sorted(_contents(course)))


def _contents(course: Course) -> Iterator[tuple[str, bytes]]:
    # The skeleton as it is now, never the instructor's own student/.
    claims = read_claims(course.tasks)
    for file, text in build(course.reference, claims).items():
        for place in (STUDENT, SKELETON):
            yield f"{place}/{file}", text.encode()
    yield f"{SKELETON}/{STEPS}", msgspec.json.format(msgspec.json.encode(steps(course, claims)))
    for stage in [*(path.parent for path in course.tasks.glob("*/task.toml")), course.tasks / TOOLBOX]:
        yield from _below(stage, f"tasks/{stage.name}", _NOT_OF_TASKS)
    teachers = {verb for verb, (group, _) in VERBS.items() if group != "Learn"} - TEACHERS_VERBS_IN_A_KIT
    parts = {GRADER / "verbs" / "templates", *(GRADER / name for name in LEFT_OUT)}
    yield from _below(GRADER, "grader", parts | {module_of(verb) for verb in teachers})
    yield from _pages(course)
    yield from _data(course)
    for path in filter(Path.is_file, map(REQUIREMENTS.joinpath, ("base.in", "base.txt", "notebook.txt"))):
        yield f"requirements/{path.name}", path.read_bytes()
    for file in ("LICENSE", ".gitignore", ".vscode/settings.json", ".vscode/launch.json", "tasks/conftest.py"):
        if (path := course.folder / file).is_file():
            yield file, path.read_bytes()
    yield from _templates(course)


def _templates(course: Course) -> Iterator[tuple[str, bytes]]:
    """What every kit has, in the course's own words where its name ends in .j2."""
    elsewhere = {"grade.yml": ".github/workflows/grade.yml", "autograder.in": "autograder.py"}
    words = {"about": course.about, "stage": course.stages[min(2, len(course.stages) - 1)].id}
    words["toolbox"] = [path.stem for path in (course.tasks / TOOLBOX).glob("*.py")]
    for path in filter(Path.is_file, _TEMPLATES.iterdir()):
        name, text = path.name.removesuffix(".j2"), path.read_bytes().decode()
        if name != path.name:
            text = jinja2.Template(text, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True).render(words)
        yield elsewhere.get(name, name), text.encode()


def _data(course: Course) -> Iterator[tuple[str, bytes]]:
    """The open files, and the checksums of those among them that the course lists."""
    found = {name: (course.data / name).read_bytes() for name in course.about.data.open}
    listed = [name for name in course.checksums() if name in found]
    sums = "".join(f"{hashlib.sha256(found[name]).hexdigest()}  {name}\n" for name in listed).encode()
    yield from ((f"data/{name}", content) for name, content in (found | ({SUMS: sums} if sums else {})).items())


def _pages(course: Course) -> Iterator[tuple[str, bytes]]:
    """The course's pages, where a grade would make them, and what they are made of besides the handouts."""
    beside = [(course.tasks / page).resolve() for page in course.about.pages]
    figures = [path for page in beside for path in page.parent.glob(f"{page.stem}*")]
    for path in dict.fromkeys((*course.tasks.resolve().glob("course.toml"), *figures)):
        yield path.relative_to(course.folder.resolve()).as_posix(), path.read_bytes()
    for name, text in site.files(course).items():
        yield f"build/{site.SITE}/{name}", text.encode()


def _below(folder: Path, name: str, left_out: Iterable[str | Path]) -> Iterator[tuple[str, bytes]]:
    """The files below a folder, renamed; some files and folders are left out."""
    gone = {folder / each for each in left_out}
    return ((inside, path.read_bytes()) for inside, path in below(folder, name).items() if not gone & {path, *path.parents})
