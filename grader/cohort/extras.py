"""Packages that only some instructors need: installed when they are first asked for, from requirements/class.txt."""

import importlib
from types import ModuleType

from grader import bootstrap
from grader.errors import Refusal


def need(module: str, purpose: str) -> ModuleType:
    """Import a package; in the course's own environment it is installed first if it is missing.

    purpose : what it is for, as the beginning of a sentence: "a Gradescope export"
    raises  : Refusal with cause and remedy
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        if bootstrap.provided() or not bootstrap.inside():
            raise Refusal(f"{purpose} needs the package {module}. Remedy: install what requirements/class.txt lists.") from None
    try:
        bootstrap.ensure(["class"])
        importlib.invalidate_caches()
        return importlib.import_module(module)
    except (bootstrap.SetupFailed, ImportError) as error:
        raise Refusal(f"{purpose} needs the package {module}: {error}") from None
