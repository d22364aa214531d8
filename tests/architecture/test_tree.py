"""What counts as an import, a room, an arrow, a level and a cycle, shown on small made-up trees."""

import pytest

from tests.architecture import measures
from tests.architecture.house import House, cycles, levels, longest_chain, needed
from tests.architecture.tree import parse, targets

BESIDE = {
    "grader/__init__.py": "",
    "grader/files.py": "",
    "grader/worker/__init__.py": "def connect(): ...",
    "grader/worker/wire.py": "",
    "grader/worker/inside/__init__.py": "",
    "grader/worker/inside/child.py": "",
}

FORMS = {
    "import grader.files": {"grader.files"},
    "import grader.worker.wire as w": {"grader.worker.wire"},
    "from grader import files": {"grader.files"},
    "from grader.worker import connect, wire": {"grader.worker", "grader.worker.wire"},
    "from grader.worker.inside import child": {"grader.worker.inside.child"},
    "from . import other": {"grader.here.other"},
    "from .other import thing": {"grader.here.other"},
    "from ..worker import wire": {"grader.worker.wire"},
    "def f():\n    from grader import files": {"grader.files"},
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from grader import files": {"grader.files"},
    "import importlib\nimportlib.import_module('grader.files')": {"grader.files"},
    "TABLE = [('grader.worker.wire', 'Frame')]": {"grader.worker.wire"},
    "CODE = 'import sys; from grader.worker.wire import main; main()'": {"grader.worker.wire"},
    "CODE = f'from grader.worker.inside.{module} import main'": {"grader.worker.inside"},
    "import numpy, os.path": set(),
    '"""from grader.files import a docstring"""': set(),
    "HELP = 'see grader.nothing, from grader import check'": set(),
}


@pytest.mark.parametrize("text", FORMS)
def test_what_a_file_imports(text):
    tree = parse(BESIDE | {"grader/here/__init__.py": "", "grader/here/a.py": text, "grader/here/other.py": ""})
    assert targets(tree, tree["grader.here.a"]) == FORMS[text]


def test_relative_imports_of_a_package_begin_in_it():
    tree = parse(BESIDE | {"grader/here/__init__.py": "from .a import x\nfrom ..files import y", "grader/here/a.py": ""})
    assert targets(tree, tree["grader.here"]) == {"grader.here.a", "grader.files"}


def test_an_import_of_what_is_not_there_is_said():
    tree = parse({"grader/a.py": "\nfrom grader.gone import x"})
    with pytest.raises(ValueError, match=r"line 2 imports grader\.gone, which does not exist"):
        targets(tree, tree["grader.a"])


def test_only_what_runs_while_a_module_is_loaded_is_at_its_top():
    text = "import a\nif a:\n    import b\nclass C:\n    import c\ndef f():\n    import d\n    class E:\n        import e"
    found = parse({"grader/a.py": text})["grader.a"].imports
    assert {item.base: item.top for item in found} == {"a": True, "b": True, "c": True, "d": False, "e": False}


def test_rooms_are_folders_and_single_modules():
    assert {room: [module.name for module in modules] for room, modules in House(parse(BESIDE)).files.items()} == {
        "files": ["grader.files"],
        "grader/__init__": ["grader"],
        "worker": ["grader.worker", "grader.worker.wire"],
        "worker/inside": ["grader.worker.inside", "grader.worker.inside.child"],
    }


def test_an_arrow_counts_once_and_never_within_a_room():
    child = "from grader.worker import wire\nimport grader.worker.wire\nfrom grader.worker.inside import other"
    house = House(parse(BESIDE | {"grader/worker/inside/child.py": child, "grader/worker/inside/other.py": ""}))
    assert house.arrows == [("worker/inside", "worker")]


GRAPH = {"roof": {"wall", "cellar"}, "wall": {"floor"}, "floor": {"cellar"}, "cellar": set(), "shed": set()}


def test_a_level_is_the_longest_chain_and_the_drawing_keeps_what_follows_from_nothing():
    assert levels(GRAPH) == {"roof": 4, "wall": 3, "floor": 2, "cellar": 1, "shed": 1}
    assert longest_chain(GRAPH) == ["roof", "wall", "floor", "cellar"]
    assert needed(GRAPH) == [("floor", "cellar"), ("roof", "wall"), ("wall", "floor")]


def test_a_cycle_is_found_and_stands_on_one_level():
    graph = GRAPH | {"floor": {"cellar", "wall"}}
    assert cycles(GRAPH) == []
    assert cycles(graph) == [["floor", "wall"]]
    assert levels(graph) == {"roof": 3, "wall": 2, "floor": 2, "cellar": 1, "shed": 1}
    assert longest_chain(graph) == ["roof", "wall", "cellar"]


def test_functions_are_measured_with_their_docstrings_and_named_with_what_is_around_them():
    text = 'class A:\n    @property\n    def f(self):\n        """Say\n\n        more."""\n        def g(): ...\n        return g'
    assert measures.functions(parse({"grader/a.py": text})) == [(6, "grader.a.A.f"), (1, "grader.a.A.f.g")]


@pytest.mark.parametrize(("numbers", "expected"), [([], 0), ([7], 7), (range(1, 11), 9), ([*[1] * 9, 50], 1)])
def test_nine_in_ten_are_not_longer(numbers, expected):
    assert measures.p90(numbers) == expected
