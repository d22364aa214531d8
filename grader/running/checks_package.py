"""A stage's checks, imported from its folder, and what is said of one that cannot be."""

import importlib.util
import re
from types import ModuleType

from grader.course.about import BadCourse
from grader.course.stage import TOOLBOX, Stage
from grader.course.toolbox import package_of

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
