"""How course systems lay out what was handed in; each reader turns a folder into `HandIn`s."""

import os
import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from grader.cohort.extras import need
from grader.cohort.package import SKIPPED, printable
from grader.cohort.roster import parse_time
from grader.errors import Refusal
from grader.paths import MODULES

GRADESCOPE = "submission_metadata.yml"
_MOODLE = re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?$", re.DOTALL)
_ATTEMPT = re.compile(r"^(?:attempt|try|submission|version|v)?[-_ ]?\d{1,4}$", re.IGNORECASE)
#: A roster, a readme: nobody's submission.
_BESIDE = {".csv", ".toml", ".md", ".txt", ".yml", ".yaml", ".json", ".html"}
_ARCHIVE_ENDS = (".tar.gz", ".tar.bz2", ".tar.xz", ".zip", ".tgz", ".tbz2", ".txz", ".tar", ".7z", ".rar", ".py")


class HandIn(msgspec.Struct, frozen=True):
    """One attempt before it is read: whose it is and which files hold it."""

    student: str
    paths: list[Path]
    names: dict[str, str] = {}  #: file name -> the name that the student gave it, where the two differ
    name: str = ""
    label: str = ""
    submitted: datetime | None = None
    ids: dict[str, str] = {}

    def keys(self) -> list[str]:
        """By what the roster may know this student, the most telling first."""
        return [*self.ids.values(), self.student, self.name]


def recognise(folder: Path) -> tuple[str, list[HandIn]]:
    """The layout's name, and its sources in order of name."""
    layout, sources = _recognise(folder)
    return layout, [_printable(source) for source in sources]


def _printable(source: HandIn) -> HandIn:
    """All that is told of a source as text that can be written; its files keep the names that they have."""
    student, name, label = map(printable, (source.student, source.name, source.label))
    ids = {key: printable(value) for key, value in source.ids.items()}
    return msgspec.structs.replace(source, student=student, name=name, label=label, ids=ids)


def _recognise(folder: Path) -> tuple[str, list[HandIn]]:
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.name not in SKIPPED)
    if (folder / GRADESCOPE).is_file():
        return "Gradescope export", _gradescope(folder)
    folders = [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]
    if any(_MOODLE.match(entry.name) for entry in entries):
        return "Moodle download", _moodle(entries)
    if len(folders) > 1 and all(_may_be_a_clone(entry) for entry in folders):
        return "GitHub Classroom clones", _classroom(folders)
    return "folders and archives", _plain(entries)


def _may_be_a_clone(folder: Path) -> bool:
    """Whether a repository is in it, as far as it can be looked into: one unreadable folder makes no other layout."""
    try:
        return ".git" in os.listdir(folder)
    except OSError:
        return True


def _gradescope(folder: Path) -> list[HandIn]:
    """`submission_metadata.yml` names each folder's submitters; a group's work counts for each of them."""
    sources = []
    for key, record in sorted(_read_yaml(folder / GRADESCOPE).items()):
        if not isinstance(record, dict) or not isinstance(record.get(":submitters"), list):
            raise Refusal(f"{GRADESCOPE} has no list of submitters for {key!r}. Remedy: export the submissions again.")
        for person in record[":submitters"]:
            sid, email = (str(person.get(field) or "") for field in (":sid", ":email"))
            name = str(person.get(":name") or "")
            sources.append(
                HandIn(
                    student=sid or email or name or str(key),
                    paths=[folder / str(key)] if (folder / str(key)).is_dir() else [],
                    name=name,
                    submitted=_moment(record.get(":created_at")),
                    ids={k: v for k, v in (("sid", sid), ("email", email)) if v},
                )
            )
    return sources


def _read_yaml(path: Path) -> dict[str, Any]:
    yaml = need("yaml", "a Gradescope export")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(path.read_text("utf-8"), Loader=loader)  # a safe loader: plain data only
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refusal(f"{path} cannot be read: {' '.join(str(error).split())[:120]}. Remedy: export again.") from None
    if not isinstance(data, dict):
        raise Refusal(f"{path} lists no submissions. Remedy: export the submissions again.")
    return data


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return parse_time(str(value)) if value else None


def _moodle(entries: list[Path]) -> list[HandIn]:
    """`Full Name_12345_assignsubmission_file_` as a folder, or before the name of each of a student's files."""
    by_student: defaultdict[tuple[str, str], dict[Path, str]] = defaultdict(dict)
    for entry in entries:
        if match := _MOODLE.match(entry.name):
            by_student[match["id"], match["name"]][entry] = match["rest"] or entry.name
    sources = []
    for (number, name), files in sorted(by_student.items()):
        names = {path.name: called for path, called in files.items() if path.is_file()}
        sources.append(HandIn(number, list(files), names, name, ids={"moodle": number}))
    return sources


def _classroom(folders: list[Path]) -> list[HandIn]:
    """Clones are called ASSIGNMENT-USER: what all names begin with is the assignment."""
    names = [folder.name for folder in folders]
    heads = [{name[: at + 1] for at, mark in enumerate(name) if mark == "-"} for name in names]
    prefix = max(set.intersection(*heads), key=len, default="")
    return [HandIn(f.name[len(prefix) :], [f], ids={"github": f.name[len(prefix) :]}) for f in folders]


def _plain(entries: list[Path]) -> list[HandIn]:
    """A folder or an archive a student; several attempts as `ann--2.zip`, `ann--2026-11-01T23-10-00.zip`, `ann/2/...`."""
    sources: list[HandIn] = []
    for entry in entries:
        stem = _stem(entry)
        student, _, label = stem.partition("--")
        if entry.is_dir() and not entry.is_symlink():
            attempts = _attempts_in(entry)
            if attempts:
                for path in attempts:
                    stem = _stem(path)
                    sources.append(HandIn(student, [path], label=stem, submitted=parse_time(stem)))
                continue
        elif entry.suffix.lower() in _BESIDE:
            continue
        sources.append(HandIn(student, [entry], label=label, submitted=parse_time(label) if label else None))
    return sources


def _attempts_in(folder: Path) -> list[Path]:
    """The attempts in a student's folder, if it holds nothing else."""
    try:
        inside = sorted(p for p in folder.iterdir() if not p.name.startswith(".") and p.name not in SKIPPED)
    except OSError:  # said where the folder itself is read
        return []
    if len(inside) < 1 or any(p.suffix == ".py" and p.stem in MODULES for p in inside):
        return []
    return inside if all(_ATTEMPT.match(stem) or parse_time(stem) for stem in map(_stem, inside)) else []


def _stem(path: Path) -> str:
    """A folder's name, or a file's without the ending of an archive."""
    ends = () if path.is_dir() and not path.is_symlink() else _ARCHIVE_ENDS
    end = next((end for end in ends if path.name.lower().endswith(end)), "")
    return path.name[: len(path.name) - len(end)]
