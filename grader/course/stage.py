"""One folder of `tasks/` -> a frozen Stage with its Checks.

Nothing of a task is imported here: `checks.py` is only parsed. A folder that contradicts itself is refused with cause
and remedy, because a check that silently does not count would be worse.
"""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from grader.course.about import BUILT_IN, BadCourse, read_about
from grader.course.explain import read_toml

#: Beside the stages: what their checks share. No stage.
TOOLBOX = "toolbox"
#: Two folders of the toolbox that decide no grade: one draws the pictures of a report; the other, which no grade runs, holds
#: the reference against somebody else's automatic differentiation.
PICTURES, ORACLE = "pictures", "oracle"
STAGE_ID = re.compile(r"\d\d_[a-z][a-z0-9_]*")


Line = Annotated[str, Meta(pattern=r"^[^\n]*\S[^\n]*$", description="one line of text")]
Texts = tuple[Annotated[str, Meta(pattern=r"\S", description="text")], ...]
Seconds = Annotated[float, Meta(gt=0, description="seconds, more than 0")]
Need = Annotated[str, Meta(pattern=rf"^{STAGE_ID.pattern}$", description="the id of a stage, NN_noun")]
CheckId = Annotated[str, Meta(pattern=r"^check_\w+$", description="check_subject_verb, as in checks.py")]
_HINTS = "a list of three: a question, a pointer into the handout, a worked toy case"
Function = Annotated[str, Meta(pattern=r"^[a-z_]\w*(\.[A-Za-z_]\w*){1,2}$", description="module.function or module.Class.method")]


class CheckTable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A `[[check]]` of task.toml."""

    id: CheckId  #: the function in checks.py
    points: Annotated[int, Meta(ge=0, description="a whole number, 0 or more")]  #: all, or none if it fails
    #: which claimed functions it is for
    functions: Annotated[tuple[Function, ...], Meta(min_length=1, description='a list such as ["module.function"]')]
    core: bool = False  #: it asks for right values on ordinary input: later stages need it
    group: str = ""  #: checks of one group share a worker and what they compute by `memo`
    training: bool = False  #: it trains at length: it has the long limits, and is run after all others
    #: how long the reference takes, by which time limits are set; `record-times` writes it
    reference_seconds: Annotated[float, Meta(ge=0, description="seconds, 0 or more")] = 0.0
    hints: Annotated[Texts, Meta(min_length=3, max_length=3, description=_HINTS)]  #: shown one by one on request


class Check(CheckTable, frozen=True, kw_only=True):
    """One promise that a stage makes, and what it is worth."""

    stage: str  #: "03_softmax"
    promise: str  #: first line of its docstring
    line: int = 0  #: of the function, in checks.py
    fixtures: tuple[str, ...] = ()  #: parameter names


class LimitTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[limits]` of task.toml."""

    call: Seconds | None = None  #: for one call of the learner's code, in place of the computed limit
    check: Seconds | None = None  #: for one check
    stage: Seconds | None = None  #: for all checks of the stage


class StageText(Struct, frozen=True, kw_only=True):
    """What task.toml says of a stage beside its checks."""

    title: Line  #: a noun phrase
    summary: Line  #: one sentence
    needs: tuple[Need, ...] = ()  #: stages without which this one cannot be graded
    claims: tuple[Function, ...] = ()  #: what the learner writes; a value, in capitals, has a starting value
    optional_files: bool = False  #: a submission may lack the modules of its claims: they are still to do then
    starting_values: dict[str, Any] = {}  #: claimed value -> what stands in the skeleton
    beyond: dict[str, tuple[str, ...]] = {}  #: claimed function -> parameters that only the reference has, and no stub shows


class StageTable(StageText, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of task.toml."""

    limits: LimitTable = LimitTable()  #: a table of its own, below
    check: tuple[CheckTable, ...] = ()  #: a table for each check, below


class Stage(StageText, frozen=True, kw_only=True):
    """One folder of `tasks/`."""

    id: str
    folder: Path
    checks: tuple[Check, ...]
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
    """Read one stage's folder: task.toml, and checks.py as syntax; raises BadCourse, with cause and remedy."""
    if not STAGE_ID.fullmatch(folder.name):
        raise BadCourse(f"{folder}: a stage's folder is called NN_noun, such as 03_softmax. Remedy: rename or move it.")
    path = folder / "task.toml"
    try:
        told = read_toml(path, StageTable, BadCourse)
    except FileNotFoundError:
        raise BadCourse(f"{path} is missing. Remedy: restore it, or move the folder out of tasks/.") from None
    except OSError as error:
        raise BadCourse(f"{path} cannot be read: {error}. Remedy: correct its permissions.") from None
    for key in ("starting_values", "beyond"):
        if stray := sorted(set(getattr(told, key)) - set(told.claims)):
            raise BadCourse(f"{path}: {key} has {stray[0]}, which is not among the claims. Remedy: claim it.")
    told = msgspec.structs.replace(told, title=told.title.strip(), summary=told.summary.strip())
    text = {name: getattr(told, name) for name in StageText.__struct_fields__}
    limits = {key: value for key, value in msgspec.structs.asdict(told.limits).items() if value is not None}
    return Stage(**text, id=folder.name, folder=folder, checks=_checks(path, told.check), limits=limits)


def _checks(path: Path, listed: tuple[CheckTable, ...]) -> tuple[Check, ...]:
    if not listed:
        raise BadCourse(f"{path}: it lists no check. Remedy: add at least one [[check]].")
    file = path.with_name("checks.py")
    defined = _check_functions(file)
    fixtures = sorted({*BUILT_IN, *read_about(path.parent.parent).fixtures})
    checks = tuple(_check(path, entry, defined, fixtures) for entry in listed)
    ids = [check.id for check in checks]
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise BadCourse(f"{path}: {twice[0]} is listed twice. Remedy: remove one [[check]].")
    if unlisted := [name for name in defined if name not in ids]:
        remedy = f'Remedy: add a [[check]] with id = "{unlisted[0]}", or remove or rename the function.'
        raise BadCourse(f"{file} defines {unlisted[0]}, but task.toml does not list it, so it would never count. {remedy}")
    if not any(check.core for check in checks):
        raise BadCourse(f"{path}: no check is core, so no later stage could need this one. Remedy: mark one core = true.")
    return checks


def _check(path: Path, entry: CheckTable, defined: Mapping[str, ast.FunctionDef], known: list[str]) -> Check:
    name, node = entry.id, defined.get(entry.id)
    if node is None:
        remedy = f"Remedy: write def {name}(student, case), or remove the [[check]]."
        raise BadCourse(f"{path} lists {name}, but checks.py defines no such function. {remedy}")
    arguments = node.args
    parameters = tuple(a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])
    if stray := [p for p in parameters if p not in known] or [a.arg for a in (arguments.vararg, arguments.kwarg) if a]:
        remedy = f"Remedy: ask only for {', '.join(known)}, or write [fixtures.{stray[0]}] into course.toml."
        raise BadCourse(f"{path.parent / 'checks.py'}: {name} asks for {stray[0]!r}. {remedy}")
    promise = (ast.get_docstring(node) or "").partition("\n")[0].strip()
    if not promise:
        raise BadCourse(f"{path.parent / 'checks.py'}: {name} has no docstring. Remedy: its first line is the promise.")
    own = msgspec.structs.asdict(entry)
    return Check(**own, stage=path.parent.name, promise=promise, line=node.lineno, fixtures=parameters)


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
