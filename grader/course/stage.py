"""One folder of `tasks/` -> a frozen Stage with its Checks.

Nothing of a task is imported here: `checks.py` is only parsed. A folder that contradicts itself is refused with cause
and remedy, because a check that silently does not count would be worse.
"""

import ast
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from grader.errors import Refusal

#: Beside the stages: what their checks share. No stage.
TOOLBOX = "toolbox"
STAGE_ID = re.compile(r"\d\d_[a-z][a-z0-9_]*")
FUNCTION = re.compile(r"[a-z_]\w*(\.[A-Za-z_]\w*){1,2}")

STAGE_KEYS = {"title", "summary", "needs", "claims", "starting_values", "limits", "check"}
LIMIT_KEYS = {"call", "check", "stage"}
CHECK_KEYS = {"id", "points", "functions", "core", "group", "training", "reference_seconds", "hints"}

#: What a check may ask for by parameter name.
FIXTURES = frozenset({"student", "case", "mnist", "hidden", "memo"})


class BadCourse(Refusal):
    """A task's folder contradicts itself; the message names the file, the cause and the remedy."""


class Check(Struct, frozen=True):
    """One promise that a stage makes, and what it is worth."""

    id: str  #: name of the function in checks.py
    stage: str  #: "03_softmax"
    promise: str  #: first line of its docstring
    points: int
    functions: tuple[str, ...]  #: "losses.softmax", ...: what it is for
    core: bool = False  #: the value is right on ordinary input
    group: str = ""  #: checks of one group share a worker and a memo
    training: bool = False  #: belongs to the long limits
    reference_seconds: float = 0.0  #: recorded on the reference; 0 where nothing was recorded yet
    hints: tuple[str, ...] = ()
    line: int = 0  #: of the function, in checks.py
    fixtures: tuple[str, ...] = ()  #: parameter names


class Stage(Struct, frozen=True):
    """One folder of `tasks/`."""

    id: str
    title: str
    summary: str
    folder: Path
    needs: tuple[str, ...]
    claims: tuple[str, ...]
    checks: tuple[Check, ...]
    starting_values: dict[str, Any] = {}
    limits: dict[str, float] = {}  #: seconds that replace the computed ones: call, check, stage

    @property
    def points(self) -> int:
        return sum(check.points for check in self.checks)

    @property
    def training(self) -> bool:
        """Whether any of its checks trains at length: such stages are graded after all others."""
        return any(check.training for check in self.checks)

    @property
    def handout(self) -> Path:
        return self.folder / "README.md"

    @property
    def checks_file(self) -> Path:
        return self.folder / "checks.py"


def load_stage(folder: Path) -> Stage:
    """Read one stage's folder: task.toml, and checks.py as syntax.

    raises : BadCourse, with cause and remedy
    """
    if not STAGE_ID.fullmatch(folder.name):
        raise BadCourse(f"{folder}: a stage's folder is called NN_noun, such as 03_softmax. Remedy: rename or move it.")
    path = folder / "task.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadCourse(f"{path} is missing. Remedy: restore it, or move the folder out of tasks/.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadCourse(f"{path} cannot be read: {error}. Remedy: correct that line.") from None
    _keys(path, table, STAGE_KEYS, "task.toml")
    limits = _value(path, table, "limits", dict, {})
    _keys(path, limits, LIMIT_KEYS, "[limits]")
    for key, seconds in limits.items():
        if not _is_number(seconds) or seconds <= 0:
            raise BadCourse(f"{path}: [limits] {key} = {seconds!r}. Remedy: give seconds, more than 0.")
    claims = _names(path, table, "claims", FUNCTION)
    starting_values = _value(path, table, "starting_values", dict, {})
    if stray := sorted(set(starting_values) - set(claims)):
        raise BadCourse(f"{path}: starting_values has {stray[0]}, which is not among the claims. Remedy: claim it.")
    return Stage(
        id=folder.name,
        title=_text(path, table, "title"),
        summary=_text(path, table, "summary"),
        folder=folder,
        needs=_names(path, table, "needs", STAGE_ID),
        claims=claims,
        checks=_checks(path, table, folder),
        starting_values=starting_values,
        limits={key: float(seconds) for key, seconds in limits.items()},
    )


def _checks(path: Path, table: Mapping[str, Any], folder: Path) -> tuple[Check, ...]:
    listed = _value(path, table, "check", list, [])
    if not listed or not all(isinstance(entry, dict) for entry in listed):
        raise BadCourse(f"{path}: it lists no check. Remedy: add at least one [[check]].")
    defined = _check_functions(folder / "checks.py")
    checks = tuple(_check(path, entry, folder.name, defined) for entry in listed)
    ids = [check.id for check in checks]
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise BadCourse(f"{path}: {twice[0]} is listed twice. Remedy: remove one [[check]].")
    if unlisted := [name for name in defined if name not in ids]:
        raise BadCourse(
            f"{folder / 'checks.py'} defines {unlisted[0]}, but task.toml does not list it, so it would never count. "
            f'Remedy: add a [[check]] with id = "{unlisted[0]}", or remove or rename the function.'
        )
    if not any(check.core for check in checks):
        raise BadCourse(
            f"{path}: no check is core, so no later stage could need this one. Remedy: mark one core = true."
        )
    return checks


def _check(path: Path, entry: Mapping[str, Any], stage: str, defined: Mapping[str, ast.FunctionDef]) -> Check:
    name = entry.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"check_\w+", name):
        raise BadCourse(f'{path}: a [[check]] has id = {name!r}. Remedy: id = "check_subject_verb", as in checks.py.')
    where = f"[[check]] {name}"
    _keys(path, entry, CHECK_KEYS, where)
    node = defined.get(name)
    if node is None:
        raise BadCourse(
            f"{path} lists {name}, but checks.py defines no such function. "
            f"Remedy: write def {name}(student, case), or remove the [[check]]."
        )
    points = entry.get("points")
    if type(points) is not int or points < 0:
        raise BadCourse(f"{path}: {where} has points = {points!r}. Remedy: give a whole number, 0 or more.")
    hints = _names(path, entry, "hints", None, where)
    if len(hints) != 3:
        raise BadCourse(
            f"{path}: {where} has {len(hints)} hints. Remedy: give three: a question, a pointer into the handout, "
            "a worked toy case."
        )
    functions = _names(path, entry, "functions", FUNCTION, where)
    if not functions:
        raise BadCourse(f'{path}: {where} names no function. Remedy: functions = ["module.function"].')
    seconds = entry.get("reference_seconds", 0.0)
    if not _is_number(seconds) or seconds < 0:
        raise BadCourse(f"{path}: {where} has reference_seconds = {seconds!r}. Remedy: give seconds, 0 or more.")
    arguments = node.args
    parameters = tuple(a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])
    if stray := [p for p in parameters if p not in FIXTURES] or [
        a.arg for a in (arguments.vararg, arguments.kwarg) if a
    ]:
        known = ", ".join(sorted(FIXTURES))
        raise BadCourse(f"{path.parent / 'checks.py'}: {name} asks for {stray[0]!r}. Remedy: ask only for {known}.")
    promise = (ast.get_docstring(node) or "").partition("\n")[0].strip()
    if not promise:
        raise BadCourse(f"{path.parent / 'checks.py'}: {name} has no docstring. Remedy: its first line is the promise.")
    return Check(
        id=name,
        stage=stage,
        promise=promise,
        points=points,
        functions=functions,
        core=_value(path, entry, "core", bool, False, where),
        group=_value(path, entry, "group", str, "", where),
        training=_value(path, entry, "training", bool, False, where),
        reference_seconds=float(seconds),
        hints=hints,
        line=node.lineno,
        fixtures=parameters,
    )


def _check_functions(path: Path) -> dict[str, ast.FunctionDef]:
    """The functions of checks.py that are called check_..., in order; read as syntax, nothing is run."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except FileNotFoundError:
        raise BadCourse(f"{path} is missing. Remedy: write it, or move the folder out of tasks/.") from None
    except (SyntaxError, ValueError, OSError) as error:
        raise BadCourse(f"{path} cannot be read: {error}. Remedy: correct it.") from None
    found: dict[str, ast.FunctionDef] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
            if node.name in found:
                raise BadCourse(f"{path} defines {node.name} twice, and only the last would run. Remedy: rename one.")
            found[node.name] = node
    return found


# --- values of a table, with a sentence for what does not fit -----------------------------------------------------------


def _keys(path: Path, table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(table) - known):
        raise BadCourse(
            f"{path}: {where} has the unknown key {unknown[0]!r}. Remedy: correct or remove it; known are "
            f"{', '.join(sorted(known))}."
        )


def _value(path: Path, table: Mapping[str, Any], key: str, kind: type, default: Any, where: str = "task.toml") -> Any:
    value = table.get(key, default)
    if type(value) is not kind:
        names = {bool: "true or false", str: "a text", dict: "a table", list: "a list of tables"}
        raise BadCourse(f"{path}: {where} has {key} = {value!r}. Remedy: give {names[kind]}.")
    return value


def _text(path: Path, table: Mapping[str, Any], key: str) -> str:
    value = _value(path, table, key, str, "").strip()
    if not value or "\n" in value:
        raise BadCourse(f"{path}: {key} is missing or longer than a line. Remedy: {key} = one line of text.")
    return value


def _names(
    path: Path, table: Mapping[str, Any], key: str, pattern: re.Pattern[str] | None, where: str = "task.toml"
) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise BadCourse(f"{path}: {where} has {key} = {values!r}. Remedy: give a list of texts.")
    if pattern and (strange := [v for v in values if not pattern.fullmatch(v)]):
        form = "NN_noun" if pattern is STAGE_ID else "module.function or module.Class.method"
        raise BadCourse(f"{path}: {where} has {strange[0]!r} in {key}. Remedy: write it as {form}.")
    return tuple(values)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
