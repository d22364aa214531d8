"""From what an instructor downloaded to attempts: who, when, which content.

`layouts` says whose each file or folder is, the roster who that is and what is granted to them.
"""

import errno
import os
import shutil
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from grader.cohort import layouts
from grader.cohort.archive import DAMAGE, MB, is_special, safe_name
from grader.cohort.choice import Handout
from grader.cohort.layouts import HandIn
from grader.cohort.package import NoPackage, Package, printable, read_package, sentence_of
from grader.cohort.roster import Roster
from grader.cohort.times import Moment, best
from grader.course.policy import Late
from grader.errors import Refusal
from grader.files import write_atomically

_CLASS_MEMBERS = 500_000
_CLASS_BYTES = 8192 * MB
#: What the system says to a name that it does not take, or that is a file and a folder too.
_UNFIT = {errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR}


class Attempt(msgspec.Struct, frozen=True):
    """One thing handed in by one student."""

    student: str  #: key of the student, unique in the class
    name: str
    label: str  #: which attempt: "" if there is one
    origin: str  #: where it was found, relative to the class's folder
    digest: str = ""  #: of the content; empty if there is none
    problem: str = ""  #: why nothing could be graded: the submission's own fault
    when: Moment = Moment()
    notes: list[str] = []
    ids: dict[str, str] = {}  #: "email", "github", "moodle", "sis", ... as known
    due: datetime | None = None  #: a deadline of this student's own
    excused: bool = False  #: from the whole assignment
    granted: str = ""  #: why, as it is shown
    appeal: str = ""  #: that lay in it


@dataclass
class Intake:
    """All that was handed in."""

    layout: str
    attempts: list[Attempt]
    missing: list[str] = field(default_factory=list)  #: on the roster, nothing handed in: "id (name)"
    unknown: list[str] = field(default_factory=list)  #: handed in, not on the roster
    notes: list[str] = field(default_factory=list)


class Store:
    """Packages on disk by digest, so that a class of any size needs no memory for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, package: Package) -> str:
        """Keep a package; returns its digest. A file that was damaged on disk since then is written again."""
        path, content = self._path(package.digest), msgspec.msgpack.encode(package)
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content)
        return package.digest

    def get(self, digest: str) -> Package:
        """The package of that digest; a file that was damaged on disk is an error, never graded."""
        package = msgspec.msgpack.decode(self._path(digest).read_bytes(), type=Package)
        if package.digest != digest:
            raise ValueError(f"the stored submission {digest[:12]} is damaged")
        return package

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / f"{digest}.msgpack"


def take_in(
    submissions: Path, store: Store, scratch: Path, handout: Handout, late: Late, roster: Roster | None, times: Roster | None
) -> Intake:
    """Read everything that was handed in.

    submissions : a folder, or a zip of one (then `scratch` is where it is unpacked)
    handout     : what everybody was given, and is nobody's work
    times       : a course system's own list of who handed in when
    raises      : Refusal if there is nothing to read
    """
    notes: list[str] = []
    if submissions.is_file():
        submissions, notes = unpack_class(submissions, scratch)
    if not submissions.is_dir():
        raise Refusal(f"{submissions} is not a folder. Remedy: SUBMISSIONS=the folder with what was handed in.")
    layout, sources = layouts.recognise(submissions, late.zone, late.trust_commits)
    if not sources:
        raise Refusal(f"nothing was handed in: {submissions} contains no folder and no archive.")
    intake = Intake(layout, [_attempt(source, submissions, store, (roster, times), handout) for source in sources], notes=notes)
    if roster is not None:
        met = {attempt.ids.get("roster") for attempt in intake.attempts}
        intake.unknown = sorted({attempt.student for attempt in intake.attempts if "roster" not in attempt.ids})
        intake.missing = [p.id + (f" ({p.name})" if p.name else "") for p in roster.people if p.id not in met]
    intake.attempts.sort(key=lambda a: (a.student, a.when.at.timestamp() if a.when.at else 0.0, a.label, a.origin))
    return intake


def _attempt(source: HandIn, root: Path, store: Store, lists: tuple[Roster | None, Roster | None], handout: Handout) -> Attempt:
    person, listed = map(source.found_in, lists)
    when = best(told := [source.when, listed.submitted, person.submitted])
    problems = [each.problem for each in told if each.problem and not when.at]
    package, problem, notes, appeal = _package(source, root, handout)
    return Attempt(
        student=person.id or source.student,
        name=person.name or source.name or listed.name,
        label=source.label,
        origin=printable(os.path.relpath(source.paths[0], root)) if source.paths else "",
        digest=store.put(package) if package else "",
        problem=problem,
        when=when,
        notes=[printable(note) for note in (*notes, *problems)],
        ids=source.ids | ({**person.ids, "roster": person.id} if person.id else {}),
        due=person.due,
        excused=person.excused,
        granted=printable(person.note),
        appeal=appeal,
    )


def _package(source: HandIn, root: Path, handout: Handout) -> tuple[Package | None, str, list[str], str]:
    """What a hand-in holds, or why it holds nothing; what was left out; and the appeal in it."""
    appeal = ""
    try:
        package, notes = read_package(source.paths, handout, source.names)
        return msgspec.structs.replace(package, appeal=""), "", notes, package.appeal
    except NoPackage as error:
        appeal = error.appeal
        told = sentence_of(error) if source.paths else "no file was handed in; text typed into the course system is not graded"
    except Exception as error:  # whatever somebody hands in ends nobody else's grading
        told = f"what was handed in cannot be read ({type(error).__name__}: {sentence_of(error, root)[:120]})"
    return None, told, [], appeal


def unpack_class(archive: Path, folder: Path) -> tuple[Path, list[str]]:
    """Unpack the zip that a course system made of a whole class; ordinary files only, inside the folder only.

    returns : the folder of the class, and notes on what was left out
    """
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier run unpacked may be gone from the zip
    notes = []
    try:
        folder.mkdir(parents=True)
        with zipfile.ZipFile(archive) as zipped:
            members = zipped.infolist()
            if len(members) > _CLASS_MEMBERS or sum(m.file_size for m in members) > _CLASS_BYTES:
                raise Refusal(f"{archive} is too large for a class. Remedy: unpack it yourself and give the folder.")
            for member in members:
                name = safe_name(member.filename)
                if name is None or member.is_dir() or is_special(member):
                    continue
                if reason := _unpack(zipped, member, folder / name):
                    notes.append(f"{archive.name}: {name[:200]!r} in it cannot be unpacked ({reason}): left out")
    except (*DAMAGE, RuntimeError) as error:
        raise Refusal(f"{archive} cannot be unpacked ({error}). Remedy: unpack it yourself and give the folder.") from None
    entries = [entry for entry in folder.iterdir() if entry.name != "__MACOSX"]
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder, notes


def _unpack(zipped: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> str:
    """Unpack one file of the class's zip; returns why not, if it is for its name alone."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipped.open(member) as source, open(target, "wb") as out:
            shutil.copyfileobj(source, out)  # no more than the size in the header, which was counted
    except RecursionError:
        return "folders are nested too deeply"
    except OSError as error:
        if error.errno not in _UNFIT:
            raise
        return str(error.strerror)
    return ""
