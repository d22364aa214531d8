"""A folder of stages as a package with a name of its own, so that checks can write `from ..toolbox import networks`.

Neither `sys.path` nor the name `tasks` has a part in it: another package may be called so, and one process may see two
folders of stages.
"""

import functools
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from grader.course.fingerprint import of_text
from grader.course.stage import TOOLBOX


def package_of(tasks: Path) -> str:
    """The name that a folder of stages can be imported from: one for each folder, and for each text of its toolbox."""
    folder = tasks.resolve()
    found = (os.path.join(top, name) for top, _, names in os.walk(folder / TOOLBOX) for name in names if name.endswith(".py"))
    dated = tuple((file, (now := os.stat(file)).st_mtime_ns, now.st_size) for file in sorted(found))
    name = f"chain_rule_tasks_{_of_files(str(folder), dated)[:16]}"
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = importlib.util.module_from_spec(spec)
        importlib.invalidate_caches()
    return name


@functools.lru_cache(8)
def _of_files(folder: str, dated: tuple[tuple[str, int, int], ...]) -> str:
    """SHA-256 of files and their texts, read anew only if one has another date or size: every stage asks."""
    return of_text(folder, *(part for file, *_ in dated for part in (file, Path(file).read_bytes())))


def shared(tasks: Path, name: str) -> ModuleType | None:
    """A module or package of the toolbox, such as "networks" or "oracle.run"; None if it has none of that name."""
    place = tasks.joinpath(TOOLBOX, *name.split("."))
    if not (place.is_dir() or place.with_suffix(".py").is_file()):
        return None
    return importlib.import_module(f"{package_of(tasks)}.{TOOLBOX}.{name}")
