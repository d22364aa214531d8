"""A submission: the text of a learner's modules, read once, and never imported by the process that reads it."""

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import Refusal

MAX_FILES = 200
MAX_BYTES = 1_000_000  #: of all modules together
MAX_DEPTH = 6

#: Folders that hold other people's code, not the learner's.
_SKIPPED = {"__pycache__", "site-packages", "node_modules"}


class NotASubmission(Refusal):
    """The folder holds none of the course's modules, or cannot be read; the text is one sentence for people."""


@dataclass(frozen=True)
class Substitutes:
    """What a worker puts in the place of a submission's own.

    names : "module.Class", "module.function", "module.Class.method"
    texts : module of the course's toolbox -> source
    """

    names: tuple[str, ...]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Submission:
    """The modules a worker is built from.

    name     : what to call it, such as the folder's name
    modules  : "layers" or "helpers.tools" (or "helpers.__init__") -> source text
    problems : module -> one sentence on why it could not be read
    folder   : where it came from, if it came from a folder
    put_in   : what takes the place of some of it, when it is loaded
    """

    name: str
    modules: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    put_in: Substitutes | None = None

    def fingerprint(self) -> str:
        """SHA-256 of all names and texts; equal for equal code, whatever the folder is called."""
        digest = hashlib.sha256()
        for part in (self.modules, self.problems):
            for name in sorted(part):
                for text in (name, part[name]):
                    data = text.encode("utf-8", "surrogatepass")
                    digest.update(len(data).to_bytes(8, "little") + data)
        return digest.hexdigest()

    def replaced(self, modules: dict[str, str], name: str = "") -> "Submission":
        """The same submission with some modules' texts replaced or added, cut off from its folder."""
        return Submission(name or self.name, {**self.modules, **modules}, dict(self.problems), None)


def file_of(module: str) -> str:
    """The file of a module, relative to the submission: "helpers.tools" -> "helpers/tools.py"."""
    return module.replace(".", "/") + ".py"


def read_submission(folder: Path, asked: Sequence[str] = ()) -> Submission:
    """Read all Python files below a folder, following no symbolic link and running nothing.

    asked  : modules of which one has to be there; without them a folder without any is a submission, too
    raises : NotASubmission, with a sentence that says what to do
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise NotASubmission(f"{folder} {what}: name a folder that contains {', '.join(asked[:3])}.py and so on.")
    root = folder.resolve()
    paths, problems = _python_files(root)
    if len(paths) > MAX_FILES:
        raise NotASubmission(f"{folder} contains more than {MAX_FILES} Python files: name the folder of the submission itself.")
    modules: dict[str, str] = {}
    fits = fitting({str(path): _size(path) for path in paths})
    for path in paths:
        relative = path.relative_to(root)
        name = ".".join(relative.with_suffix("").parts)
        try:
            modules[name] = _read(path, str(path) in fits)
        except _Unreadable as reason:
            problems[name] = f"{relative.as_posix()} {reason}"
    problems |= _renamed(root, [name for name in asked if name not in {*modules, *problems}])
    if asked and not any(name in modules or name in problems for name in asked):
        none = f"it contains none of {', '.join(map(file_of, asked))}"
        raise NotASubmission(f"{folder} is not a submission: {none}. Name the folder that contains them.")
    return Submission(os.fsencode(folder.name or root.name).decode("utf-8", "replace"), modules, problems, root)


#: What ends the name of a file's copy: `losses (1)`, `losses-1`, `losses copy`, `losses.py.py`.
_OF_A_COPY = re.compile(r"(?:[ _.-]*(?:\(\d+\)|\d+|copy|kopie|copie|copia|final|new|old)|\.py)$")

_LONGEST_STEM = 60


def lookalikes(stems: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
    """Module -> name (without `.py`) of a file that may be meant for it, for those wanted that there is one for."""
    found: dict[str, str] = {}
    for stem in sorted(stem for stem in stems if len(stem) <= _LONGEST_STEM):
        name, longer = stem.casefold().strip().removeprefix("copy of "), ""
        while name != longer:
            name, longer = _OF_A_COPY.sub("", name), name
        found.setdefault(name, stem)
    return {module: found[module] for module in wanted if module in found}


class _Unreadable(Exception):
    pass


def _renamed(folder: Path, missing: Sequence[str]) -> dict[str, str]:
    """Module -> a sentence, for each missing one that is there, misnamed."""
    alike = lookalikes((path.stem for path in folder.iterdir() if path.suffix == ".py"), missing)
    sentence = "{0} is not there; {1!r} has to be called {0}."
    return {module: sentence.format(file_of(module), f"{stem}.py") for module, stem in alike.items()}


def fitting(sizes: Mapping[str, int]) -> set[str]:
    """Which of some files are taken: the smallest first, as long as they have at most MAX_BYTES together."""
    kept: set[str] = set()
    total = 0
    for name in sorted(sizes, key=lambda name: (sizes[name], name)):
        total += sizes[name]
        if total > MAX_BYTES:
            break
        kept.add(name)
    return kept


def _size(path: Path) -> int:
    """Bytes of an ordinary file; of anything else none are read, and reading says why."""
    try:
        found = path.lstat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _python_files(root: Path) -> tuple[list[Path], dict[str, str]]:
    """Files that could be modules, in a fixed order, and the folders that cannot be read: their name -> a sentence."""
    found: list[Path] = []
    problems: dict[str, str] = {}
    pending = [(root, 0)]
    while pending and len(found) <= MAX_FILES:
        here, depth = pending.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as reason:
            if here == root:
                raise NotASubmission(f"{root} cannot be read: {reason.strerror}. Remedy: chmod u+rx it.") from None
            relative = here.relative_to(root)
            problems[".".join(relative.parts)] = f"{relative.as_posix()} cannot be read: {reason.strerror}."
            continue
        for entry in entries:
            stem = entry.name.removesuffix(".py")
            if entry.name.endswith(".py") and stem.isidentifier() and not entry.is_dir(follow_symlinks=False):
                found.append(Path(entry.path))
            elif entry.is_dir(follow_symlinks=False) and entry.name.isidentifier() and depth < MAX_DEPTH:
                own_environment = os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
                if entry.name not in _SKIPPED and not own_environment:
                    pending.append((Path(entry.path), depth + 1))
    return sorted(found), problems


def _read(path: Path, fits: bool) -> str:
    try:
        data = _bytes(path, fits)
    except OSError as reason:
        raise _Unreadable(f"cannot be read: {reason.strerror or reason}.") from None
    return _text(data).replace("\r\n", "\n").replace("\r", "\n")


def _bytes(path: Path, fits: bool) -> bytes:
    if path.is_symlink():
        raise _Unreadable("is a symbolic link: put the file itself there.")
    # O_NONBLOCK: opening a pipe of that name must not wait for somebody to write into it.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise _Unreadable("is not an ordinary file.")
        data = file.read(MAX_BYTES + 1) if fits else b""
    if max(len(data), found.st_size) > MAX_BYTES:
        raise _Unreadable(f"is larger than {MAX_BYTES // 1_000_000} MB.")
    if not fits:
        raise _Unreadable(f"is left out: all modules together may have {MAX_BYTES // 1_000_000} MB.")
    return data


#: A coding line (PEP 263), in one of the first two lines; what says UTF-8; encodings in which ASCII is itself.
_CODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF_8 = re.compile(r"utf-?8(-.*)?")
_LIKE_ASCII = ("ascii", "us-ascii", "latin", "iso-8859", "iso8859", "cp125", "windows-125")


def _text(data: bytes) -> str:
    """The text of a module, in UTF-8 alone: some of Python's other encodings fail, take for ever, or hide what is there."""
    named = _declared(data)
    same = data.isascii() and named.startswith(_LIKE_ASCII)
    if named and not same and not _UTF_8.fullmatch(named):
        raise _Unreadable(f"names the encoding {named[:40]} in its coding line: save it as UTF-8 without that line.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Unreadable("is not text in UTF-8: save it again with that encoding.") from None


def _declared(data: bytes) -> str:
    """The encoding that a coding line names, in small letters with hyphens; empty if there is none."""
    for line in data.removeprefix(codecs.BOM_UTF8).splitlines()[:2]:
        if found := _CODING.match(line):
            return found[1].decode("ascii").lower().replace("_", "-")
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
    return ""
