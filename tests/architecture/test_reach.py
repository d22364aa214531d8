"""What of the grader a process holds in which a learner's code runs, asked of real ones: forked, and started cold."""

import importlib

import pytest

from tests.architecture.measures import classes
from tests.architecture.test_imports import INSIDE, WITHIN_REACH
from tests.architecture.tree import Tree, read

#: Run as a submission. The grader's modules are taken out of sys.modules before, and the zygote's objects are kept from
#: the collector; a learner who wants to look finds them all the same.
LOOK = """
import gc
import types

def f():
    gc.unfreeze()
    found = set()
    for thing in gc.get_objects():
        if isinstance(thing, types.ModuleType):
            found.add(str(thing.__name__))
        elif isinstance(thing, (types.FunctionType, type)):
            found.add(str(thing.__module__))
    return sorted(name for name in found if name.partition(".")[0] == "grader")
"""


def out_of_place(loaded: list[str]) -> list[str]:
    """Names of modules that such a process has no business with: neither its own, nor the packages on the way to them."""
    its_own = tuple(f"{place}." for place in WITHIN_REACH)
    return [name for name in loaded if not f"{name}.".startswith(its_own) and not any(p.startswith(f"{name}.") for p in its_own)]


def defined(tree: Tree, name: str):
    """A class of the grader, wherever it lives."""
    (module,) = classes(tree)[name]
    return getattr(importlib.import_module(module), name)


@pytest.fixture(scope="module", params=["zygote", "cold"])
def process(request):
    """(how such a process begins, the grader's modules that it has loaded)"""
    tree = read()
    submission = defined(tree, "Submission")("made", {"layers": LOOK})
    with defined(tree, "WorkerPool")((), cold=request.param == "cold") as pool, pool.student(submission) as student:
        return request.param, student.layers.f()


def test_it_holds_its_own_side_alone(process):
    begins, loaded = process
    assert f"{INSIDE}.{'child' if begins == 'cold' else begins}" in loaded
    assert {*WITHIN_REACH[:-1]} <= {*loaded}
    assert out_of_place(loaded) == []


def test_what_is_out_of_place_is_seen():
    loaded = ["grader", "grader.paths", "grader.worker", "grader.worker.outside.pool", "grader.worker.wire", INSIDE]
    assert out_of_place([*loaded, f"{INSIDE}.child", f"{INSIDE}2"]) == [
        "grader.paths",
        "grader.worker.outside.pool",
        f"{INSIDE}2",
    ]
