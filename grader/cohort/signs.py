"""What in a submission's text deserves a look: reaching for what a submission has no business with. Nothing is run."""

import ast
import re
import warnings
from collections.abc import Iterable, Mapping, Set

from grader.grading.embedded_data import UNREMARKABLE, data_in

#: A first part of an imported name -> what is imported with it.
_IMPORTS = {
    "reference": "the reference",
    "grader": "the grader",
    "tasks": "the tasks",
    "misconceptions": "the bank of mistakes",
    "_pytest": "pytest",
    **{name: name for name in ("pytest", "ctypes", "socket", "subprocess", "multiprocessing", "gc", "inspect", "pickle")},
    **dict.fromkeys(("torch", "tensorflow", "jax", "keras", "sklearn"), "a finished library"),
}
_TEXTS = (
    (re.compile(r"hidden\.npz|hidden_labels"), "names the hidden data"),
    (re.compile(r"(^|/)reference(/|$|\.)|misconceptions\.py|checks\.py"), "names files of the course"),
    (re.compile(r"^/proc/|^/etc/|^/root|^/home"), "names files of the system"),
    (re.compile(r"results\.jsonl?$|report\.html$"), "names the grade's own files"),
)
_CALLS = {
    "_getframe": "looks at other functions' frames",
    "get_objects": "looks through all objects",
    "_exit": "ends the process",
    "system": "runs a command",
    "fork": "starts a process",
    "settrace": "traces",
    "exec": "runs text as code",
    "eval": "runs text as code",
    "__subclasses__": "looks through all classes",
}
_MOST_BYTES = 1_000_000


def read_signs(files: Mapping[str, bytes], given: Set[tuple[str, str]] = frozenset()) -> list[str]:
    """What a submission's text shows, such as "layers.py imports the reference (line 3)", each kind once a file.

    given : what the skeleton's files show already, as `kinds` gives it
    """
    found: dict[tuple[str, str], int] = {}
    for path in sorted(files):
        for sign, line in _of_file(files[path]):
            if (path, sign) not in given:
                found.setdefault((path, sign), line)
    return [f"{path} {sign}" + (f" (line {line})" if line else "") for (path, sign), line in found.items()]


def kinds(files: Mapping[str, bytes]) -> frozenset[tuple[str, str]]:
    """Which signs which file shows."""
    return frozenset((path, sign) for path in files for sign, _ in _of_file(files[path]))


def _of_file(source: bytes) -> list[tuple[str, int]]:
    if len(source) > _MOST_BYTES:
        return [("is unusually big", 0)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in a learner's string do not matter here
            tree = ast.parse(source.decode("utf-8-sig"))  # as it is graded, whatever a coding line says
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    signs: list[tuple[str, int]] = []
    if len(source) > UNREMARKABLE and data_in(source.decode("utf-8", "replace")) > UNREMARKABLE:
        signs.append(("contains much data in strings and numbers", 0))
    return signs + [(sign, getattr(node, "lineno", 0)) for node in ast.walk(tree) for sign in _of_node(node)]


def _of_node(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return _of_imports(name.name for name in names)
        case ast.ImportFrom(level=0, module=str(module)):
            return _of_imports([module])
        case ast.Constant(value=str(text)) if len(text) < 300:
            return [meaning for pattern, meaning in _TEXTS if pattern.search(text)]
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _CALLS:
            return [_CALLS[name]]
    return []


def _of_imports(modules: Iterable[str]) -> list[str]:
    return [f"imports {_IMPORTS[first]}" for module in modules if (first := module.partition(".")[0]) in _IMPORTS]
