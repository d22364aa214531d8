"""A folder of stages as a package with a name of its own, so that checks can write `from ..toolbox import networks`.

Neither `sys.path` nor the name `tasks` has a part in it: another package may be called so, and one process may see two
folders of stages.
"""

import importlib.util
import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from grader.course.fingerprint import of_text
from grader.course.stage import TOOLBOX, BadCourse, Stage

_FACE = "from grader.checks.api import {}"
#: Where checks once found something -> what they write now.
MOVED = {
    "grader.checking": _FACE.format("FLOAT32_RTOL"),
    "grader.case": _FACE.format("Case"),
    "grader.compare": _FACE.format("Unmet"),
    "grader.phrases": _FACE.format("listed"),
    "grader.closed_form": f"from ..{TOOLBOX} import closed_form",
    "grader.networks": f"from ..{TOOLBOX} import networks",
    "grader.trainings": f"from ..{TOOLBOX} import trainings",
    "grader.gate": f"from ..{TOOLBOX} import accuracy_gate",
}
_NAMED = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<package>[\w.]+)'")


def package_of(tasks: Path) -> str:
    """The name that a folder of stages can be imported from: one for each folder, and for each text of its toolbox."""
    folder = tasks.resolve()
    files = sorted((folder / TOOLBOX).glob("*.py"))
    texts = [part for file in files for part in (file.name, file.read_text("utf-8", "replace"))]
    name = f"chain_rule_tasks_{of_text(str(folder), *texts)[:16]}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = importlib.util.module_from_spec(spec)
        importlib.invalidate_caches()
    return name


def import_checks(stage: Stage) -> ModuleType:
    """A stage's checks.py, run anew; the toolbox is shared by all stages of the folder.

    raises : BadCourse if the file cannot be imported
    """
    name = f"{package_of(stage.folder.parent)}.{stage.id}.checks"
    spec = importlib.util.spec_from_file_location(name, stage.checks_file)
    if spec is None or spec.loader is None:
        raise BadCourse(f"{stage.checks_file} is no Python file that can be imported.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        said = f"{stage.checks_file} cannot be imported: {type(error).__name__}: {error}"
        raise BadCourse(f"{said.rstrip('.')}. Remedy: {_remedy(error)}.") from error
    return module


def _remedy(error: Exception) -> str:
    """What to write instead, if an old place is why a file cannot be imported."""
    if not isinstance(error, ImportError):
        return "correct it"
    named = _NAMED.search(str(error))
    old = f"{named['package']}.{named['name']}" if named else error.name
    return f"{old} has moved: write {MOVED[old]}" if old in MOVED else "correct it"
