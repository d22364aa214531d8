"""A folder of stages as a package with a name of its own, so that checks can write `from ..toolbox import networks`.

Neither `sys.path` nor the name `tasks` has a part in it: another package may be called so, and one process may see two
folders of stages.
"""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from grader.course.fingerprint import of_text
from grader.course.stage import TOOLBOX


def package_of(tasks: Path) -> str:
    """The name that a folder of stages can be imported from: one for each folder, and for each text of its toolbox."""
    folder = tasks.resolve()
    files = sorted((folder / TOOLBOX).rglob("*.py"))
    texts = [part for file in files for part in (str(file), file.read_text("utf-8", "replace"))]
    name = f"chain_rule_tasks_{of_text(str(folder), *texts)[:16]}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = importlib.util.module_from_spec(spec)
        importlib.invalidate_caches()
    return name


def shared(tasks: Path, name: str) -> ModuleType | None:
    """A module or package of the toolbox, such as "networks" or "oracle.run"; None if it has none of that name."""
    place = tasks.joinpath(TOOLBOX, *name.split("."))
    if not (place.is_dir() or place.with_suffix(".py").is_file()):
        return None
    return importlib.import_module(f"{package_of(tasks)}.{TOOLBOX}.{name}")
