"""One submission as data: its Python files by path, found wherever they lie in what was handed in.

The same bytes give the same digest on every machine; the digest is what the journal remembers and what a cluster checks.
"""

import hashlib
import json
import os
import re
import stat
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import msgspec

from grader.cohort.archive import MB, ArchiveLimits, BadArchive, Contents, is_archive, read_archive
from grader.cohort.choice import Handout, choose, names_like_modules
from grader.course.skeleton import KIT_MARK, SKELETON
from grader.submission import MAX_BYTES, file_of, fitting
from grader.text import clean

#: Folders that no submission needs: what tools leave behind, and other people's packages.
SKIPPED = frozenset(
    {"__MACOSX", "__pycache__", "site-packages", "node_modules", "venv", "env", ".venv", ".git", ".ipynb_checkpoints"}
)
_LIMITS = ArchiveLimits()  #: of a folder as well
#: What one submission may hold once it is found.
MOST_FILES = 200
#: Bytes of a name and of a path that a file system takes, with those of the folder where it will be laid out before it.
_LONGEST_NAME, _LONGEST_PATH = 255, 500
#: The first line of a notebook's cell that holds a module: `# losses.py`, `%%writefile student/losses.py`.
_NAMES_MODULE = re.compile(r"(?:#|%%(?:write)?file)\s*(?:-a\s+)?(?:\S*/)?(\w+\.py)[ \t]*$", re.MULTILINE)
#: appeal.txt, what a student says against a grade, beside the modules or alone; also as browsers and Canvas number it.
_APPEAL = re.compile(r"appeal[ -]?(?:\d+|\(\d+\))?\.txt", re.IGNORECASE)
APPEAL_ALONE = "nothing but an appeal was handed in"
_MOST_APPEAL = 10_000  #: characters
_DEPTH = 2  #: an archive in an archive is opened, one in that is not


class Package(msgspec.Struct, frozen=True):
    """A submission's Python files."""

    files: dict[str, bytes]  #: path below the package's root -> content
    appeal: str = ""  #: which is no part of the digest: nothing is graded again for it

    @property
    def digest(self) -> str:
        """SHA-256 over paths and contents, in order of path."""
        total = hashlib.sha256(b"package 1\n")
        for path in sorted(self.files):
            content = self.files[path]
            total.update(f"{len(path.encode())} {len(content)}\n".encode() + path.encode() + content)
        return total.hexdigest()

    def write(self, folder: Path) -> None:
        """Lay the files out in an empty folder (paths were made safe when they were read)."""
        for path, content in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


class NoPackage(Exception):
    """What was handed in holds no submission; the message is a sentence for its author."""

    appeal = ""  #: that was handed in all the same


def read_package(paths: list[Path], handout: Handout, names: dict[str, str] | None = None) -> tuple[Package, list[str]]:
    """The submission in a folder, an archive, or some files, with notes on what was graded and what was left out.

    handout : what everybody was given, and is nobody's work
    names   : what a file is to be called, where that is not its own name
    raises  : NoPackage
    """
    contents = Contents()
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            _read_folder(path, contents)
        else:
            _read_file(path, (names or {}).get(path.name, path.name), contents)
    _take_appeal(contents)
    try:
        package, notes = _find(contents, handout, _DEPTH)
    except NoPackage as error:
        error.appeal = contents.appeal
        raise
    return msgspec.structs.replace(package, appeal=contents.appeal), notes


def printable(text: str) -> str:
    """A name or a sentence on one line, with an escape for what is invisible or not text: `\\x1b`, `\\udcff`."""
    return "".join(c if c.isprintable() or c == "\xa0" else c.encode("unicode_escape").decode() for c in text)


#: A folder at the beginning of an absolute path.
_FOLDERS = re.compile(r"(?<![\w.~:/-])(?:[A-Za-z]:[\\/]|~?/)(?:[^\s'\":,;()\\/]+[\\/])+")


def sentence_of(error: BaseException, *folders: Path) -> str:
    """What an exception says, on one line and with no folder of this machine.

    folders : whose paths may have blanks in them, so that they could not be told from other words
    """
    text = str(error)[:2000]
    known = (*folders, Path(tempfile.gettempdir()), Path(os.path.expanduser("~")))
    for folder in (str(path) for path in known if path.is_absolute() and len(path.parts) > 1):
        text = text.replace(folder + os.sep, "").replace(folder, "...")
    return printable(" ".join(_FOLDERS.sub("", text).split()))[:300]


def wanted(path: str) -> bool:
    """Whether a path may tell of a submission: Python files, notebooks, archives, appeals, a kit's mark, not what tools leave."""
    parts = PurePosixPath(path).parts
    if any(part in SKIPPED for part in parts[:-1]) or parts[-1].startswith("._"):
        return False
    beside = parts[-1] == KIT_MARK or _APPEAL.fullmatch(parts[-1]) is not None
    return path.endswith((".py", ".ipynb")) or beside or is_archive(b"", path)


def _read_folder(root: Path, contents: Contents) -> None:
    count = total = 0

    def unreadable(error: OSError) -> None:
        inside = os.path.relpath(error.filename, root) if error.filename != str(root) else root.name
        contents.notes.append(f"the folder {inside!r} cannot be read ({error.strerror}): left out")

    for folder, names, files in os.walk(root, onerror=unreadable, followlinks=False):
        names[:] = sorted(name for name in names if name not in SKIPPED)
        for name in sorted(files):
            count += 1
            if count > _LIMITS.members:
                raise NoPackage(f"the folder contains more than {_LIMITS.members} files")
            relative = (Path(folder) / name).relative_to(root).as_posix()
            if wanted(relative):
                total += _read_file(Path(folder) / name, relative, contents)
                if total > _LIMITS.total_bytes:
                    raise NoPackage(f"the folder contains more than {_LIMITS.total_bytes // MB} MB")


def _read_file(path: Path, name: str, contents: Contents) -> int:
    """Add one ordinary file; a link, a pipe or a device is noted and never opened."""
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
                content = file.read(max(_LIMITS.file_bytes, _LIMITS.packed_bytes) + 1)
            if len(content) <= (_LIMITS.packed_bytes if is_archive(content, name) else _LIMITS.file_bytes):
                contents.files[name] = content
                return len(content)
            why = f"has more than {_LIMITS.file_bytes // MB} MB"
        else:
            why = "is a link or not an ordinary file"
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    contents.notes.append(f"{name!r} {why}: left out")
    return 0


def _find(contents: Contents, handout: Handout, depth: int) -> tuple[Package, list[str]]:
    """The submission in the files themselves, or in the one archive among them if nothing is written in these."""
    choice = choose({path: text for path, text in contents.files.items() if len(path) <= _LONGEST_PATH}, handout)
    if choice is None and _read_notebooks(contents, handout.modules):
        choice = choose(contents.files, handout)
    archives = [path for path, content in contents.files.items() if is_archive(content, path)]
    if len(archives) == 1 and depth > 0 and (choice is None or not choice.written):
        try:
            return _find(_opened(contents, archives[0]), handout, depth - 1)
        except NoPackage:
            if choice is None:
                raise
    if choice is None:
        raise NoPackage(_nothing_found(contents, archives, handout.modules))
    package = _take(contents, choice.folder)
    return package, [*choice.notes, *contents.notes]


def _read_notebooks(contents: Contents, modules: Sequence[str]) -> bool:
    """Add the modules that stand in cells of notebooks, IPython's commands as comments; whether there are any."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(path for path in contents.files if path.endswith(".ipynb")):
        try:
            cells = json.loads(contents.files[path])["cells"]
            texts = ["".join(cell["source"]).strip() for cell in cells if cell["cell_type"] == "code"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            contents.notes.append(f"{path!r} is not a notebook that can be read ({type(error).__name__})")
            continue
        for text in texts:
            if (named := _NAMES_MODULE.match(text)) and named[1].removesuffix(".py") in modules:
                plain = re.sub(r"^[%!]", r"# \g<0>", text, flags=re.MULTILINE)
                found[str(PurePosixPath(path).with_name(named[1]))].append(f"{plain}\n\n")
    contents.files |= {path: "".join(texts).encode("utf-8", "replace") for path, texts in found.items()}
    contents.notes += [f"{path!r} was read from cells of a notebook" for path in sorted(found)]
    return bool(found)


def _opened(contents: Contents, path: str) -> Contents:
    try:
        inner = read_archive(contents.files[path], wanted)
    except BadArchive as error:
        raise NoPackage(f"{PurePosixPath(path).name!r} cannot be used: {error}") from None
    inner.notes = contents.notes + inner.notes
    _take_appeal(inner)
    contents.appeal = inner.appeal = contents.appeal or inner.appeal
    return inner


def _take_appeal(contents: Contents) -> None:
    """Take the appeals out of what was handed in; the one that lies nearest to the top counts."""
    paths = sorted((p for p in contents.files if _APPEAL.fullmatch(PurePosixPath(p).name)), key=lambda p: (p.count("/"), p))
    texts = [clean(contents.files.pop(path).decode("utf-8-sig", "replace"), _MOST_APPEAL).strip() for path in paths]
    contents.appeal = next(filter(None, texts), "")


def _take(contents: Contents, root: str) -> Package:
    prefix = "" if root == "." else root + "/"
    below = {p[len(prefix) :]: c for p, c in contents.files.items() if p.startswith(prefix) and p.endswith(".py")}
    unfit = {path: reason for path in below if (reason := _unfit(path))}
    contents.notes += [f"{path[:80]!r} {reason}: left out" for path, reason in unfit.items()]
    files = {path: content for path, content in below.items() if path not in unfit}
    if len(files) > MOST_FILES:
        raise NoPackage(f"the submission has {len(files)} Python files; {MOST_FILES} are allowed")
    fits = fitting({path: len(content) for path, content in files.items()})
    limit = f"all modules together may have {MAX_BYTES // 1_000_000} MB"
    contents.notes += [f"{path[:80]!r} is left out: {limit}" for path in sorted(files) if path not in fits]
    return Package({path: files[path] for path in sorted(fits)})


def _unfit(path: str) -> str:
    """Why a file of that path cannot be laid out in a folder; empty if it can."""
    *folders, _ = parts = path.split("/")
    try:
        path.encode()
    except UnicodeEncodeError:
        return "has a name that is not UTF-8"
    if len(path.encode()) > _LONGEST_PATH or max(len(part.encode()) for part in parts) > _LONGEST_NAME:
        return "has a name that is too long"
    if any(part.lower().endswith(".py") for part in folders):  # which may be a file as well, and holds no module
        return "lies in a folder that is called like a Python file"
    return ""


def _nothing_found(contents: Contents, archives: list[str], modules: Sequence[str]) -> str:
    if contents.appeal and not contents.files:
        return APPEAL_ALONE
    if len(archives) > 1:
        return f"{len(archives)} archives were handed in and no module of the course beside them"
    pythons = sorted(path for path in contents.files if path.endswith(".py"))
    if any(SKELETON in PurePosixPath(path).parts[:-1] for path in pythons):
        return f"the only modules lie in {SKELETON}/, which is never graded: the work belongs in student/"
    for module, name in names_like_modules(pythons, modules).items():
        return f"none of the course's modules is there: {name[:80]!r} has to be called {file_of(module)}"
    if not pythons and any(path.endswith(".ipynb") for path in contents.files):
        return f"no cell of the notebook names its module in its first line (# {modules[0]}.py)"
    if pythons:
        names = [printable(PurePosixPath(path).name)[:80] for path in pythons]
        return f"none of the course's modules ({modules[0]}.py, ...) is there, only {', '.join(sorted(names)[:3])}"
    left = f"; {contents.notes[0]}" if contents.notes else ""
    return f"no Python file was handed in{left}"
