"""What a grade depends on, as hashes: equal fingerprints, equal results.

Nothing here imports NumPy or the engine: an unchanged submission is recognised before anything heavy is loaded.
"""

import ast
import contextlib
import functools
import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from grader.course.about import FILE, read_about
from grader.course.course import Course
from grader.course.source_spans import tree_of
from grader.course.stage import ORACLE, PICTURES, TOOLBOX, Stage
from grader.paths import ENGINE

#: Which of the grader's modules and packages can change a verdict or a number of a grade, and which only show, count or
#: carry what was graded. The longest name that fits a module counts; a module that none fits decides.
_DECIDING = "checks cohort.work course diagnosis grading running worker"  # cohort.work makes the requests of a class
_SHOWING = "bootstrap check_tasks cohort comparison course.policy export grading.early_start learner report verbs"
DECIDES = dict.fromkeys(_DECIDING.split(), True) | dict.fromkeys(_SHOWING.split(), False)
GRADER = ENGINE / "grader"
#: Of the grader's own files, those that can change what a grade says or how it looks.
_SUFFIXES = {".py", ".j2", ".css", ".mplstyle", ".toml", ".ini"}
#: The hints of a check in its task.toml, one a line as they are all written; in any other form they count as deciding.
_HINTS = re.compile(rb'\nhints = \[\n(?: *"[^\n]*",?\n)+\](?=\n)')
#: The docstring of a check, of a known mistake or of what they use, likewise; with ... in its place it stays Python.
_DOCSTRING = re.compile(rb'^((?:(?:def|class) |\))[^\n]*:\n) {4}"""(?:(?!""")[\s\S])*"""\n', re.MULTILINE)
_FILE = re.compile(r"[\w-]+\.\w+")  #: a name of a file in the text of a module


def course(tasks: Path) -> str:
    """SHA-256 of what decides a grade, other than the reference and the data: checks, mistakes, and the grader's deciding code.

    Whoever keeps results as a whole asks for it: trainings of a learner, an unchanged request. What only shows a grade
    (handouts, hints, style sheets, pages, exports, verbs) is not part of it. A class keeps them by stage and asks `stages`.
    """
    texts = {f"tasks/{name}": _HINTS.sub(b"", text) for name, text in _read(tasks, _of_tasks(tasks)).items()}
    about = read_about(tasks)
    texts[FILE] = repr((about.modules, about.data, about.fixtures, about.methods, about.classes, about.training)).encode()
    return _of_texts(texts | _read(GRADER, _own(deciding=True)))


class StagePrint(NamedTuple):
    """What the results of one stage depend on, beside the submission and the stages before it."""

    verdicts: str  #: whether its checks pass
    names: str  #: which mistakes are named where they do not


def stages(of: Course) -> dict[str, StagePrint]:
    """Of each stage for itself, in course order: who keeps results by stage makes only those again that changed.

    Hints, titles and docstrings of checks and mistakes are no part of it: they decide nothing, and are looked up when shown.
    """
    engine = _read(GRADER, _own(deciding=True))
    naming = {name: engine.pop(name) for name in sorted(engine) if name.startswith("diagnosis/")}
    ours, theirs = _of_texts(engine), _of_texts(naming) + reference(of.reference)
    known = "misconceptions.py" if of.reference else "known_answers.jsonl"  # as diagnosis does
    texts = [_read(stage.folder, stage.folder.glob(known)) for stage in of.stages]
    bank = [_of_texts({name: _DOCSTRING.sub(rb"\1    ...\n", text) for name, text in files.items()}) for files in texts]
    return {s.id: StagePrint(of_text(ours, _of_stage(of, s)), of_text(theirs, b)) for s, b in zip(of.stages, bank)}


def _of_stage(of: Course, stage: Stage) -> str:
    """Of a stage's table and checks, with all that they import; of the images if it asks for them, and of what it needs."""
    claimed, replace = of.claimed_by(), msgspec.structs.replace
    around = {claimed.get(name) for check in stage.checks for name in check.functions}
    around |= {stage.id, *(need.id for need in of.needed_by([stage]))}
    own = [replace(check, hints=(), promise="", line=0) for check in stage.checks]
    tables = [own, *(replace(s, title="", summary="", folder=Path(), checks=()) for s in of.stages if s.id in around)]
    asks = any(set(check.fixtures) - {"student", "case", "memo"} for check in stage.checks)
    read, shared = dict[Path, bytes](), [of.tasks / TOOLBOX / f"{name}.py" for name in ("__init__", "images")]
    front = [stage.checks_file, *shared[: 1 + asks]]
    while front:
        if (path := front.pop()) not in read and path.is_file():
            read[path] = _DOCSTRING.sub(rb"\1    ...\n", path.read_bytes())
            front += _asked(path, read[path])
    texts = {path.relative_to(of.tasks).as_posix(): text for path, text in read.items()}
    return of_text(_of_texts(texts), msgspec.json.encode(tables, enc_hook=str).decode(), data(of.data) if asks else "")


@functools.lru_cache(500)
def _asked(file: Path, text: bytes) -> list[Path]:
    """Where what a module imports may lie beside it, and files whose names it writes out."""
    found = list[Path]()
    with contextlib.suppress(SyntaxError, ValueError):  # who imports it says so
        for node in ast.walk(tree_of(text if file.suffix == ".py" else b"")):
            if isinstance(node, ast.ImportFrom) and node.level:
                module = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                places = [module, *(module / alias.name for alias in node.names)]
                found += [path for place in places for path in (place.with_suffix(".py"), place / "__init__.py")]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _FILE.fullmatch(node.value):
                found.append(file.with_name(node.value))
    return found


def presentation(tasks: Path) -> str:
    """SHA-256 of what shows a grade: hints, the course's words and pictures, and the grader's other code, style sheets, templates.

    A page that was written is still what would be written now only if neither this nor `course` changed.
    """
    hints = {name: b"".join(_HINTS.findall(text)) for name, text in _read(tasks, tasks.glob("*/*.toml")).items()}
    drawn = _read(tasks, [*tasks.glob(f"{TOOLBOX}/{PICTURES}/**/*.py"), *tasks.glob(FILE)])
    return _of_texts(hints | drawn | _read(GRADER, _own(deciding=False)))


def decides(file: str) -> bool:
    """Whether a file of the grader, such as "report/style.css", can change a grade: what DECIDES says of its module."""
    module = file.rpartition(".")[0].replace("/", ".").removesuffix(".__init__")
    while module and module not in DECIDES:
        module = module.rpartition(".")[0]
    return DECIDES.get(module, True)


def reference(folder: Path | None) -> str:
    """SHA-256 of the reference, which names the mistakes; nothing where there is none."""
    return _of_texts(_read(folder, folder.glob("*.py"))) if folder is not None else ""


def data(folder: Path) -> str:
    """SHA-256 of the list of checksums; nothing where it is missing.

    The files themselves are verified against the list whenever they are read; their size and date stand for them here.
    """
    try:
        listed = (folder / "SHA256SUMS").read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(listed).hexdigest()


def data_state(folder: Path) -> str:
    """Sizes and dates of the data files: changes when one is damaged or restored."""
    return ",".join(f"{p.name}:{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in sorted(folder.glob("*.npz")))


def environment() -> dict[str, str]:
    """What the numbers of a training run depend on besides code, data and seed."""
    return {
        "python": platform.python_version(),
        "numpy": numpy_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "cpus": str(os.cpu_count()),
    }


@functools.cache
def numpy_version() -> str:
    """NumPy's version, read from the name of its metadata folder, without importing it."""
    for entry in sys.path:
        found = sorted(Path(entry).glob("numpy-*.dist-info")) if entry else []
        if found:
            return found[-1].name.removeprefix("numpy-").removesuffix(".dist-info")
    return ""


def dependencies(of: Course) -> dict[str, str]:
    """Fingerprints of all that a result depends on besides submission and seed."""
    about = environment()
    return {
        "course": course(of.tasks),
        "reference": reference(of.reference),
        "data": data(of.data),
        "data_state": of_text(data_state(of.data)),
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


def of_text(*parts: str | bytes) -> str:
    """SHA-256 of some texts, their borders included."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


def _of_tasks(tasks: Path) -> list[Path]:
    """What lies in the stages, and all that their checks share but for what decides no grade."""
    found = (path for kind in ("*/*.toml", "*/*.py", "*/*.jsonl", f"{TOOLBOX}/*/**/*.py") for path in tasks.glob(kind))
    return [path for path in found if path.relative_to(tasks).parts[1] not in (PICTURES, ORACLE)]


def _own(deciding: bool) -> Iterable[Path]:
    start = len(str(GRADER)) + 1
    names = (os.path.join(top, name)[start:] for top, _, names in os.walk(GRADER) for name in names)
    found = (name for name in names if name[name.rfind(".") :] in _SUFFIXES)
    return (GRADER / name for name in found if decides(name.replace(os.sep, "/")) is deciding)


def _read(folder: Path, files: Iterable[Path]) -> dict[str, bytes]:
    """Name below the folder -> content: where the folder itself lies is nothing to a grade."""
    start = len(str(folder)) + 1
    return {str(path)[start:].replace(os.sep, "/"): path.read_bytes() for path in files}


def _of_texts(texts: Mapping[str, bytes]) -> str:
    return of_text(*(part for name in sorted(texts) for part in (name, texts[name])))
