"""A stage's checks, imported from its folder, and what is said of one that cannot be."""

import importlib.util
import re
import tomllib
import traceback
from pathlib import Path
from types import ModuleType

from grader.course.about import BadCourse
from grader.course.stage import Stage
from grader.course.toolbox import package_of

#: Where checks once found something, and what they write now.
MOVED = Path(__file__).with_name("moved.toml")
_NAMED = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<package>[\w.]+)'")


def import_checks(stage: Stage) -> ModuleType:
    """A stage's checks.py, run anew; the toolbox is shared by all stages of the folder.

    raises : BadCourse if the file cannot be imported
    """
    name = f"{package_of(stage.folder.parent)}.{stage.id}.checks"
    spec = importlib.util.spec_from_file_location(name, stage.checks_file)
    if spec is None or spec.loader is None:
        raise BadCourse(f"{stage.checks_file} is not a Python file that can be imported.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        first = str(error).strip().partition("\n")[0].rstrip(".")
        said = f"{type(error).__name__}: {first}{_place(error, stage.folder.parent)}"
        raise BadCourse(f"{stage.checks_file} cannot be imported: {said}. Remedy: {_remedy(error)}.") from error
    return module


def _place(error: Exception, tasks: Path) -> str:
    """The innermost line of the course that was being run; a syntax error tells its own."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(tasks)]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own and not isinstance(error, SyntaxError) else ""


def _remedy(error: Exception) -> str:
    """What to write instead, if an old place is why a file cannot be imported."""
    if isinstance(error, EOFError):  # of marshal
        return "a full disk cut a compiled file off; delete the folders __pycache__ beside it and in the toolbox"
    if not isinstance(error, ImportError):
        return "correct it"
    named = _NAMED.search(str(error))
    old = f"{named['package']}.{named['name']}" if named else error.name
    new = tomllib.loads(MOVED.read_text("utf-8")).get(old or "")
    return f"{old} has moved: write {new}" if new else "correct it"
