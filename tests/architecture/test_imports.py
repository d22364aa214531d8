"""Who may import whom. Each rule says what breaks it, fails if its room is missing, and is seen to break once."""

import re
import sys
from collections.abc import Callable, Iterable

import pytest

from grader.paths import ROOT
from tests.architecture.house import House, room_of
from tests.architecture.tree import Import, Module, Tree, parse, read, targets, under

#: What a stage's checks see of the grader, and the decorator of misconceptions.py, which is read as text.
FACE = "grader.checks.api"
DECORATOR = "grader.course.misconceptions"
TOOLBOX = "tasks.toolbox"
#: Parts of the toolbox that no check uses -> what they use besides NumPy and the checks' face.
#: The oracle holds the reference against somebody else's automatic differentiation; pictures are drawn for the report.
APART = {
    f"{TOOLBOX}.oracle": ("tensorflow", "torch", "mpmath", "rich"),
    f"{TOOLBOX}.pictures": ("grader.report.api", "matplotlib", f"{TOOLBOX}.closed_form", f"{TOOLBOX}.images"),
}
INSIDE = "grader.worker.inside"
#: What the process of a submission holds of the grader's code.
WITHIN_REACH = ("grader.worker.wire", "grader.worker.stream", "grader.worker.bounds", INSIDE)

#: These stand below all else, and may import one another.
GROUND = ("bootstrap", "cli", "errors", "files", "paths", "records", "submission", "text", "threads")
#: From the ground up. A room imports from the rows below its own, and never from another room of its own row.
ORDER = (
    GROUND,
    ("course", "worker"),
    ("worker/inside",),
    ("worker/outside",),
    ("checks",),
    ("report",),
    ("running",),
    ("diagnosis",),
    ("grading",),
    ("comparison", "learner", "check_tasks", "cohort"),
    ("export",),
    ("verbs",),
    ("grader/__init__", "__main__"),
)

Allowed = Callable[[Import], bool]


def within(*places: str) -> Allowed:
    """Imports of some packages or modules, or of what is in them."""
    return lambda found: any(found.within(place) for place in places)


def from_outside(modules: Iterable[Module], allowed: Allowed) -> list[str]:
    """Imports that are neither of the standard library nor allowed."""
    return [
        f"{module.name}, line {found.line}, imports {found.full}"
        for module in modules
        for found in module.imports
        if found.base.partition(".")[0] not in sys.stdlib_module_names and not allowed(found)
    ]


def of(modules: Iterable[Module], *places: str) -> list[str]:
    """Imports of certain packages or modules."""
    forbidden = within(*places)
    return [
        f"{module.name}, line {found.line}, imports {found.full}"
        for module in modules
        for found in module.imports
        if forbidden(found)
    ]


def missing(tree: Tree, *places: str) -> list[str]:
    """Modules and packages that a rule is about and that are not there."""
    return [f"{place} does not exist" for place in places if not under(tree, place)]


# -- the rules ----------------------------------------------------------------------------------------------------------


def inside_is_closed(tree: Tree) -> list[str]:
    """What runs beside a learner's code holds nothing of the trusted side."""
    return missing(tree, *WITHIN_REACH) + from_outside(under(tree, INSIDE), within(*WITHIN_REACH, "numpy", "msgspec"))


def checks_see_the_face(tree: Tree) -> list[str]:
    """Checks and their toolbox need nothing else of the grader, and never the reference."""
    apart = [module for place in APART for module in under(tree, place)]
    modules = [m for m in tree.values() if (m.file == "checks" or m in under(tree, TOOLBOX)) and m not in apart]
    absent = missing(tree, TOOLBOX) + ["no checks.py"] * all(module.file != "checks" for module in modules)
    return absent + from_outside(modules, within("numpy", FACE, TOOLBOX)) + of(modules, *APART)


def parts_of_the_toolbox_use_what_they_are_for(tree: Tree) -> list[str]:
    """What no check uses may use more, each part its own."""
    return missing(tree, *APART) + [
        broken
        for place, more in APART.items()
        for broken in from_outside(under(tree, place), within("numpy", FACE, place, *more))
    ]


def misconceptions_are_self_contained(tree: Tree) -> list[str]:
    """A misconception is the reference with one mistake in it."""
    modules = [module for module in tree.values() if module.file == "misconceptions"]
    absent = ["no misconceptions.py"] * (not modules)
    return absent + from_outside(modules, within("numpy", FACE, TOOLBOX, DECORATOR, "reference"))


def click_is_for_verbs(tree: Tree) -> list[str]:
    """No library module depends on the command line."""
    verbs = {module.name for module in under(tree, "grader.verbs")} | {"grader.cli"}
    others = [module for name, module in tree.items() if name not in verbs]
    return missing(tree, "grader.verbs", "grader.cli") + of(others, "click")


def report_runs_nothing(tree: Tree) -> list[str]:
    """Rendering never runs a check, and needs no worker."""
    rooms = "grader.report", "grader.running", "grader.worker"
    return missing(tree, *rooms) + of(under(tree, rooms[0]), *rooms[1:])


def cohort_knows_no_export(tree: Tree) -> list[str]:
    """A class is graded the same, whichever course system is told."""
    rooms = "grader.cohort", "grader.export"
    return missing(tree, *rooms) + of(under(tree, rooms[0]), rooms[1])


def packages_on_the_way_load_nothing(tree: Tree) -> list[str]:
    """These run whenever a module within them is imported: also in the process of a submission, and at each start."""
    packages = "grader", "grader.worker", INSIDE, "grader.checks"
    absent = [f"{name}/__init__.py does not exist" for name in packages if name not in tree or not tree[name].package]
    return absent + [
        f"{name}, line {found.line}, imports {found.full} when it is loaded"
        for name in packages
        if name in tree
        for found in tree[name].imports
        if found.top and found.base.partition(".")[0] not in sys.stdlib_module_names
    ]


def rooms_in_order(tree: Tree) -> list[str]:
    """Each room imports only from what stands before it."""
    house, row = House(tree), {room: number for number, rooms in enumerate(ORDER) for room in rooms}
    broken = [f"{room} does not exist, but has a place in ORDER" for room in row if room not in house.rooms]
    broken += [f"{room} has no place in ORDER" for room in house.rooms if room not in row]
    return broken + [
        f"{module.name} imports {other}: {room_of(tree[other])} does not stand below {room_of(module)}"
        for module in tree.values()
        for other in sorted(targets(tree, module))
        if _upward(row, room_of(module), room_of(tree[other]))
    ]


def _upward(row: dict[str, int], room: str, other: str) -> bool:
    if room == other or {room, other} <= {*GROUND} or room not in row or other not in row:
        return False
    return row[other] >= row[room]


# -- a tree that keeps each of them, and breaches of it --------------------------------------------------------------------


def _empty(room: str) -> str:
    """The path of a file that makes a room."""
    single = room in GROUND or room.startswith("__")
    return f"{room}.py" if room.startswith("grader/") else f"grader/{room}{'' if single else '/__init__'}.py"


GRADER = {_empty(room): "" for row in ORDER for room in row} | {
    "grader/worker/wire.py": "import numpy as np\nimport msgspec",
    "grader/worker/bounds.py": "",
    "grader/worker/stream.py": "import socket",
    "grader/worker/inside/child.py": "import os\nfrom grader.worker import wire\nfrom grader.worker.inside import loader",
    "grader/worker/inside/loader.py": "from ..stream import send\nimport numpy",
    "grader/worker/outside/pool.py": "from grader.worker.inside import loader\nfrom grader.paths import ROOT",
    "grader/checks/api.py": "from grader.worker.outside.pool import Pool",
    "grader/verbs/grade.py": "import click\nfrom grader import export",
    "grader/__init__.py": "from typing import Any\ndef __getattr__(name):\n    from grader.learner import check",
}
TASKS = {
    "tasks/toolbox/__init__.py": "",
    "tasks/toolbox/networks.py": "import numpy as np\nfrom .closed import forward\nfrom grader.checks.api import Unmet",
    "tasks/toolbox/closed.py": "",
    "tasks/toolbox/oracle/run.py": "import torch\nfrom . import cases\nfrom grader.checks.api import Student",
    "tasks/toolbox/oracle/cases.py": "",
    "tasks/toolbox/pictures/__init__.py": "from grader.report.api import Wanted\nfrom . import figures",
    "tasks/toolbox/pictures/figures.py": "def f():\n    import matplotlib",
    "tasks/01_linear/checks.py": "import copy\nimport numpy as np\nfrom grader.checks import api\nfrom ..toolbox import networks",
    "tasks/01_linear/misconceptions.py": f"from {DECORATOR} import misconception\nfrom reference.layers import Linear",
}

#: Rule -> the tree it is about, and files that break it, each with what is said.
BREACHES: dict[Callable[[Tree], list[str]], tuple[dict[str, str], dict[str, tuple[str, str]]]] = {
    inside_is_closed: (
        GRADER,
        {
            "grader/worker/inside/a.py": ("def f():\n    from grader.paths import ROOT", "line 2, imports grader.paths.ROOT"),
            "grader/worker/inside/b.py": ("from .. import outside", "imports grader.worker.outside"),
            "grader/worker/inside/c.py": ("import click", "imports click"),
            "grader/worker/inside/d.py": ("CODE = 'from grader.records import Report'", "imports grader.records"),
            "grader/worker/inside/e.py": ("import grader.worker.wirechannel", "imports grader.worker.wirechannel"),
        },
    ),
    checks_see_the_face: (
        TASKS,
        {
            "tasks/02_relu/checks.py": ("from reference.layers import ReLU", "imports reference.layers.ReLU"),
            "tasks/03_softmax/checks.py": ("from grader.checks import compare", "imports grader.checks.compare"),
            "tasks/04_loss/checks.py": ("from . import misconceptions", "imports tasks.04_loss.misconceptions"),
            "tasks/toolbox/gate.py": ("import matplotlib", "tasks.toolbox.gate, line 1, imports matplotlib"),
            "tasks/toolbox/peers.py": ("from .oracle import run", "imports tasks.toolbox.oracle.run"),
        },
    ),
    parts_of_the_toolbox_use_what_they_are_for: (
        TASKS,
        {
            "tasks/toolbox/oracle/a.py": ("import jax", "tasks.toolbox.oracle.a, line 1, imports jax"),
            "tasks/toolbox/oracle/b.py": ("from reference import layers", "imports reference.layers"),
            "tasks/toolbox/oracle/c.py": ("from .. import networks", "imports tasks.toolbox.networks"),
            "tasks/toolbox/pictures/a.py": ("from grader.report import svg", "imports grader.report.svg"),
        },
    ),
    misconceptions_are_self_contained: (
        TASKS,
        {"tasks/02_relu/misconceptions.py": ("from grader.course import stage", "imports grader.course.stage")},
    ),
    click_is_for_verbs: (GRADER, {"grader/errors.py": ("class A:\n    import click", "grader.errors, line 2, imports click")}),
    report_runs_nothing: (
        GRADER,
        {
            "grader/report/a.py": ("def f():\n    from ..running import session", "imports grader.running.session"),
            "grader/report/b.py": ("from grader.worker.wire import encode", "imports grader.worker.wire.encode"),
        },
    ),
    cohort_knows_no_export: (GRADER, {"grader/cohort/a.py": ("from grader import export", "imports grader.export")}),
    packages_on_the_way_load_nothing: (
        GRADER,
        {
            "grader/__init__.py": ("from grader.learner import check", "imports grader.learner.check when it is loaded"),
            "grader/worker/__init__.py": ("from .wire import encode", "imports grader.worker.wire.encode when"),
            "grader/worker/inside/__init__.py": ("try:\n    import numpy\nfinally:\n    pass", "line 2, imports numpy when"),
            "grader/checks/__init__.py": ("from . import api", "imports grader.checks.api when it is loaded"),
        },
    ),
    rooms_in_order: (
        GRADER,
        {
            "grader/files.py": ("from grader.course import stage", "course does not stand below files"),
            "grader/course/a.py": ("from grader.worker import wire", "worker does not stand below course"),
            "grader/running/a.py": ("def f():\n    import grader.diagnosis", "diagnosis does not stand below running"),
            "grader/cellar.py": ("", "cellar has no place in ORDER"),
        },
    ),
}


def _real(rule: Callable[[Tree], list[str]]) -> Tree:
    return read("tasks" if BREACHES[rule][0] is TASKS else "grader", ROOT)


@pytest.mark.parametrize("rule", BREACHES, ids=lambda rule: rule.__name__)
def test_imports(rule):
    broken = rule(_real(rule))
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


@pytest.mark.parametrize("rule", BREACHES, ids=lambda rule: rule.__name__)
def test_a_made_up_tree_keeps_the_rule(rule):
    assert rule(parse(BREACHES[rule][0])) == []


@pytest.mark.parametrize(
    ("rule", "path"),
    [(rule, path) for rule, (_, files) in BREACHES.items() for path in files],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_breach_is_seen(rule, path):
    kept, files = BREACHES[rule]
    text, said = files[path]
    (broken,) = rule(parse(kept | {path: text}))
    assert re.search(re.escape(said), broken)


@pytest.mark.parametrize("rule", BREACHES, ids=lambda rule: rule.__name__)
def test_no_rule_holds_for_want_of_its_room(rule):
    assert rule(parse({"grader/__init__.py": "", "tasks/conftest.py": ""}))
