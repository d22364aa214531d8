"""A kit that was handed out, brought up to the course as it is now: nothing that somebody wrote is lost."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from grader.course.skeleton import KIT_MARK, SKELETON, Claims
from grader.course.source_spans import SkeletonError
from grader.errors import Refusal
from grader.export.kit_list import STUDENT, KitList, encode, read_list
from grader.export.kit_stubs import add_stubs
from grader.files import write_atomically
from grader.report.words import plural

#: Where the files go that a kit without a list had: nobody knows which of them were changed.
BACKUP = ".kit-backup"
_BOM = "\ufeff"
_MOST_TOLD = 8


@dataclass
class _Changes:
    """What was done so far; paths are relative to the kit."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  #: sentences on single files


def lay_over(kit: Path, new: Mapping[str, bytes], claims: Claims) -> list[str]:
    """Write the files of a new kit over an older one; returns sentences on what was done.

    A file that is as the older kit listed it is replaced, or removed if the new kit has none of that name. A changed one
    is renamed and kept. In student/ only files that nobody touched are replaced, and new stubs are added to others.

    raises : Refusal, before anything is changed, if a folder of the kit is a link
    """
    old = read_list(kit)
    listed = KitList.of(new, old)
    known = old.files if old else {}
    _check_folders(kit, [*new, *known])
    done = _Changes()
    for path in new:  # first: what is new in the skeleton is seen by the one that is replaced below
        if _is_students(path):
            _lay_in_student(kit, path, new, old, claims, done)
    for path in new:
        if not _is_students(path):
            _lay(kit, path, new[path], old, done)
    for path in known:
        if path not in new and not _is_students(path):
            _take_away(kit, path, old, done)
    _set_aside_stages(kit, _stages(known) - _stages(new), done)
    write_atomically(kit / KIT_MARK, encode(listed))
    return _sentences(kit, old, listed, done)


def _is_students(path: str) -> bool:
    return path.startswith(f"{STUDENT}/")


def _check_folders(kit: Path, paths: list[str]) -> None:
    """Refuse a kit from which a file would be written, or removed, somewhere else."""
    folders = {kit / parent for path in paths for parent in Path(path).parents} - {kit} | {kit / BACKUP}
    for folder in sorted(folders):
        if folder.is_symlink() or (os.path.lexists(folder) and not folder.is_dir()):
            raise Refusal(f"{folder} is a link, or not a folder. Remedy: put the kit's own folder there, or make a new kit.")


def _lay(kit: Path, path: str, content: bytes, old: KitList | None, done: _Changes) -> None:
    """Put one file of the course in its place; what is there and changed is kept beside it."""
    target = kit / path
    there = _read(target)
    if there is not None and there.replace(b"\r\n", b"\n") == content.replace(b"\r\n", b"\n"):
        done.same.append(path)
        return
    if not os.path.lexists(target):
        done.added.append(path)
    else:
        done.replaced.append(path)
        if old is None:
            kept = _free(kit / BACKUP / path)
            kept.parent.mkdir(parents=True, exist_ok=True)
            target.rename(kept)
        elif there is None or not old.holds(path, there):
            kept = _free(target.with_name(f"{target.name}.orig"))
            target.rename(kept)
            done.told.append(f"{path} was changed: your version is kept as {kept.relative_to(kit).as_posix()}.")
    write_atomically(target, content)


def _take_away(kit: Path, path: str, old: KitList | None, done: _Changes) -> None:
    """Remove a file that the course has no more, if it is as it was written, and the folders that are empty then."""
    target = kit / path
    there = _read(target)
    if there is None and not os.path.lexists(target):
        return
    if old is None or there is None or not old.holds(path, there):
        done.told.append(f"{path} is no longer part of the course. Yours was changed, so it stays.")
        return
    target.unlink()
    done.removed.append(path)
    for folder in target.parents:
        if folder == kit or any(entry.name != "__pycache__" for entry in folder.iterdir()):
            break
        for left in folder.glob("__pycache__/*.pyc"):  # made by Python from what was removed
            left.unlink()
        with suppress(OSError):  # something else lies in it, and stays
            (folder / "__pycache__").rmdir()
        with suppress(OSError):
            folder.rmdir()


def _stages(paths: Iterable[str]) -> set[str]:
    return {path.split("/")[1] for path in paths if path.startswith("tasks/") and path.endswith("/task.toml")}


def _set_aside_stages(kit: Path, gone: set[str], done: _Changes) -> None:
    """Rename the folders of stages that are gone, if something of somebody's is in them: they would count as stages."""
    for stage in sorted(gone):
        folder = kit / "tasks" / stage
        if folder.is_dir():
            kept = _free(folder.with_name(f"_{stage}"))
            folder.rename(kept)
            done.told.append(f"{stage} is no longer a stage: your files of it are in tasks/{kept.name}.")


def _lay_in_student(kit: Path, path: str, new: Mapping[str, bytes], old: KitList | None, claims: Claims, done: _Changes) -> None:
    """Bring one file of the learner's folder up to date: every line that the learner wrote stays."""
    target, skeleton = kit / path, f"{SKELETON}{path.removeprefix(STUDENT)}"
    content, there, before = new[path], _read(target), _read(kit / skeleton) or b""
    if not os.path.lexists(target):
        if old is not None and path in old.files:
            done.told.append(f"{path} was deleted, and stays deleted; {skeleton} has its stubs.")
            return
        done.added.append(path)
    elif there is None:
        done.told.append(f"{path} is not an ordinary file: left as it is; {skeleton} has the stubs.")
        return
    elif there.replace(b"\r\n", b"\n") == content:
        done.same.append(path)
        return
    elif there == before or (old is not None and old.holds(path, there)):
        done.replaced.append(path)
    else:
        names = claims.of_module(target.stem)
        try:
            content, added = _with_stubs(there, before.decode(), content.decode(), names)
        except (SkeletonError, UnicodeDecodeError) as error:
            done.told.append(f"{path} is as it was, without the new stubs of {skeleton}: {error}")
            return
        if not added:
            done.same.append(path)
            return
        done.told.append(f"{path} has new stubs: {', '.join(added)}. Every line of yours is as it was.")
    write_atomically(target, content)


def _with_stubs(mine: bytes, before: str, now: str, names: list[str]) -> tuple[bytes, list[str]]:
    """`add_stubs` for a file with its byte order mark and its line ends."""
    text = mine.decode()
    mark = _BOM if text.startswith(_BOM) else ""
    ends = "\r\n" if "\r\n" in text else "\n"
    plain, added = add_stubs(text.removeprefix(mark).replace("\r\n", "\n"), before, now, names)
    return (mark + plain.replace("\n", ends)).encode(), added


def _read(path: Path) -> bytes | None:
    """The content of an ordinary file; None for anything else."""
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def _free(path: Path) -> Path:
    """The path, or one like it that nothing has."""
    number, free = 1, path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free


def _sentences(kit: Path, old: KitList | None, new: KitList, done: _Changes) -> list[str]:
    before = "one without a list of its files" if old is None else f"that of {old.version}"
    same = old is not None and old.fingerprint == new.fingerprint
    counts = [f"{plural(len(done.replaced), 'file')} replaced", f"{len(done.added)} added", f"{len(done.removed)} removed"]
    told = [
        f"{kit}: the kit of {new.version}" + (", as before." if same else f" in place of {before}."),
        f"{', '.join(counts)}, {len(done.same)} as they were.",
    ]
    if old is None and any(not _is_students(path) for path in done.replaced):
        told.append(f"The replaced files are in {BACKUP}: it is not known which of them were changed.")
    more = len(done.told) - _MOST_TOLD
    return [*told, *done.told[:_MOST_TOLD], *([f"{more} more like these."] if more > 0 else [])]
