"""How course systems lay out what was handed in: each entry of a folder is read by the first layout that its name fits."""

import os
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from grader.cohort import archive
from grader.cohort.extras import need
from grader.cohort.package import SKIPPED, printable
from grader.cohort.roster import Person, Roster, first_last
from grader.cohort.times import Moment, last_commit, local_time, moment
from grader.errors import Refusal

LAYOUTS: list[dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["layout"]
GRADESCOPE = "submission_metadata.yml"
_AGAIN = re.compile(r"-\d+(?=\.py$)")  #: Canvas says layers-1.py if an earlier attempt had a layers.py
_RECEIPT = re.compile(r"\ufeff?Name: (.+) \(([^()]+)\)[ \r]*\n")  #: the first line of the .txt that Blackboard adds to an attempt
_ATTEMPT = re.compile(r"^(?:attempt|try|submission|version|v)?[-_ ]?\d{1,4}$", re.IGNORECASE)
#: A roster, a readme: nobody's submission.
_BESIDE = {".csv", ".toml", ".md", ".txt", ".yml", ".yaml", ".json", ".html"}


class HandIn(msgspec.Struct, frozen=True):
    """One attempt before it is read: whose it is and which files hold it."""

    student: str
    paths: list[Path]
    names: dict[str, str] = {}  #: file name -> the name that the student gave it, where the two differ
    name: str = ""
    label: str = ""
    when: Moment = Moment()
    ids: dict[str, str] = {}
    aliases: list[str] = []  #: what else this student may be called, the most telling first

    def found_in(self, people: Roster | None) -> Person:
        """Who that is on a list: nobody, without an id, if on none."""
        numbers = [self.ids[system] for system in ("canvas", "moodle", "brightspace") if system in self.ids]
        keys = (*self.aliases, *(key for key in (*self.ids.values(), self.student) if key not in numbers), self.name)
        return (people.find(*keys, numbers=numbers, name=self.name) if people else None) or Person("")


def recognise(folder: Path, zone: tzinfo | None = None, trust_commits: bool = False) -> tuple[str, list[HandIn]]:
    """The names of the layouts that were met, and all sources; `zone` is that of times that have none."""
    found: defaultdict[str, list[HandIn]] = defaultdict(list)
    for layout, those in _read(folder, zone, trust_commits):
        found[layout] += map(_printable, those)
    told = [source for sources in found.values() for source in sources]
    systems = Counter(student for student, _ in {(source.student, next(iter(source.ids), "")) for source in told})
    for place, source in enumerate(told):
        if systems[source.student] > 1 and source.ids:  # one number in two systems is two students
            told[place] = msgspec.structs.replace(source, student=f"{next(iter(source.ids))} {source.student}")
    return ", ".join(name for name, sources in found.items() if sources), told


def _read(folder: Path, zone: tzinfo | None, trust_commits: bool) -> Iterator[tuple[str, list[HandIn]]]:
    entries = _listed(folder)
    yield "Gradescope export", (export := _gradescope(folder) if (folder / GRADESCOPE).is_file() else [])
    taken = {path for source in export for path in source.paths}
    for layout, theirs in zip(LAYOUTS, shared := _shared_out([entry for entry in entries if entry not in taken])):
        yield f"{layout['name']} download", _downloaded(layout, theirs, zone)
    taken |= {entry for theirs in shared for entry in theirs}
    yield "clones", (clones := _clones([entry for entry in entries if entry not in taken], trust_commits))
    taken |= {path for source in clones for path in source.paths}
    yield "folders and archives", _plain([entry for entry in entries if entry not in taken], zone)


def _shared_out(entries: list[Path]) -> list[dict[Path, re.Match[str]]]:
    """The entries of each layout. Students name files, also as another system would somebody else's: the form of most goes first."""
    fits = [{e: match for e in entries if (match := re.fullmatch(layout["pattern"], e.name, re.DOTALL))} for layout in LAYOUTS]
    taken: set[Path] = set()
    for place in sorted(range(len(fits)), key=lambda place: len(fits[place]), reverse=True):
        fits[place] = {entry: match for entry, match in fits[place].items() if entry not in taken}
        taken |= fits[place].keys()
    return fits


def _printable(source: HandIn) -> HandIn:
    """All that is told of a source as text that can be written; its files keep the names that they have."""
    student, name, label = map(printable, (source.student, source.name, source.label))
    ids = {key: printable(value) for key, value in source.ids.items()}
    return msgspec.structs.replace(source, student=student, name=name, label=label, ids=ids)


def _downloaded(layout: dict[str, str], entries: dict[Path, re.Match[str]], zone: tzinfo | None) -> list[HandIn]:
    """One hand-in for each attempt."""
    attempts: defaultdict[tuple[str, ...], dict[Path, dict[str, str]]] = defaultdict(dict)
    for entry, match in entries.items():
        groups = dict.fromkeys(("id", "name", "head", "time", "late", "number", "rest", "text"), "") | match.groupdict("")
        attempts[groups["id"], groups["name"], groups["head"], groups["time"]][entry] = groups
    # A system that marks somebody as late tells of the others that they are not.
    in_time = Moment(source=layout["name"] if any(match.groupdict().get("late") for match in entries.values()) else "")
    return [_attempt(layout, those, in_time, zone) for _, those in sorted(attempts.items())]


def _attempt(layout: dict[str, str], entries: dict[Path, dict[str, str]], when: Moment, zone: tzinfo | None) -> HandIn:
    first, *_ = entries.values()
    student, name, time = first["id"], first["name"], first["time"]
    for path in (path for path, groups in entries.items() if groups["text"] == ".txt" and path.is_file()):
        if told := _RECEIPT.match(path.read_bytes()[:500].decode("utf-8", "replace")):
            name, student = told[1], told[2]
    names = _names(entries)
    if any(groups["late"] for groups in entries.values()):
        when = Moment(source=layout["name"], late=True)
    return HandIn(
        student,
        [path for path in entries if path.name in names],
        names,
        first_last(name),
        label=at.isoformat() if (at := local_time(time)) else "",
        when=moment(time, f"{layout['name']}'s file name", zone) if time else when,
        ids={layout["system"]: student},
    )


def _names(entries: dict[Path, dict[str, str]]) -> dict[str, str]:
    """File -> what the student called it; of two that Canvas made of one name the later upload counts."""
    names: dict[str, str] = {}
    for path, groups in sorted(entries.items(), key=lambda entry: int(entry[1]["number"] or 0)):
        if not groups["text"]:
            called = groups["rest"] or path.name
            if groups["number"] and _AGAIN.search(called):  # no module has a hyphen in its name
                called = _AGAIN.sub("", called)
                names = {file: other for file, other in names.items() if other != called}
            names[path.name] = called
    return names


def _may_be_a_clone(folder: Path, unreadable: bool) -> bool:
    """Whether it is a folder with a repository in it; `unreadable` where nobody can look into it."""
    try:
        return folder.is_dir() and not folder.is_symlink() and ".git" in os.listdir(folder)
    except OSError:
        return unreadable


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
                    when=moment(str(record.get(":created_at") or ""), "Gradescope", UTC),
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


def _clones(entries: list[Path], trust: bool) -> list[HandIn]:
    """Clones are called ASSIGNMENT-USER: what all names begin with is the assignment, unless the roster knows better."""
    unreadable = any(_may_be_a_clone(entry, False) for entry in entries)  # one that cannot be looked into is as the others
    folders = [entry for entry in entries if _may_be_a_clone(entry, unreadable)]
    dashes = [[at + 1 for at, mark in enumerate(folder.name) if mark == "-"] for folder in folders]
    heads = [{folder.name[:at] for at in those} for folder, those in zip(folders, dashes)]
    prefix = len(max(set.intersection(*heads), key=len, default="")) if len(folders) > 1 else 0
    sources = []
    for folder, those in zip(folders, dashes):
        user = folder.name[prefix:]
        aliases = [folder.name[at:] for at in (0, *those) if not prefix or at <= prefix]
        sources.append(HandIn(user, [folder], ids={"github": user}, aliases=aliases, when=last_commit(folder, trust)))
    return sources


def _plain(entries: list[Path], zone: tzinfo | None) -> list[HandIn]:
    """A folder or an archive a student; several attempts as `ann--2.zip`, `ann--2026-11-01T23-10-00.zip`, `ann/2/...`."""
    found: list[tuple[str, Path, str]] = []
    for entry in entries:
        student, _, label = _stem(entry).partition("--")
        folder = entry.is_dir() and not entry.is_symlink()
        if attempts := _attempts_in(entry) if folder else []:
            found += [(student, path, _stem(path)) for path in attempts]
        elif folder or entry.suffix.lower() not in _BESIDE:
            found.append((student, entry, label))
    whens = {label: moment(label, "the file's name", zone) if local_time(label) else Moment() for _, _, label in found}
    return [HandIn(student, [path], label=label, when=whens[label]) for student, path, label in found]


def _attempts_in(folder: Path) -> list[Path]:
    """The attempts in a student's folder, if it holds nothing else."""
    try:
        inside = _listed(folder)
    except OSError:  # said where the folder itself is read
        return []
    return inside if all(_ATTEMPT.match(stem) or local_time(stem) for stem in map(_stem, inside)) else []


def _listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in SKIPPED)


def _stem(path: Path) -> str:
    """A folder's name, or a file's without the ending of an archive."""
    ends = () if path.is_dir() and not path.is_symlink() else (*archive.ENDS, ".py", ".ipynb")
    end = next((end for end in ends if path.name.lower().endswith(end)), "")
    return path.name[: len(path.name) - len(end)]
