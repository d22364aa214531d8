"""The house stays small enough to know. Each limit is a rule: what breaks it, in words; each is seen to break once."""

import re
from collections import Counter

import pytest

from tests.architecture import measures
from tests.architecture.house import House, cycles, longest_chain, room_of
from tests.architecture.tree import Tree, parse, read

MAX_ROOMS = 32
MAX_ARROWS = 140
MAX_LEVELS = 10
MAX_P90, MAX_FUNCTION = 21, 60  # lines
MAX_MODULE = 300  # lines


def too_many_rooms(tree: Tree, limit: int = MAX_ROOMS) -> list[str]:
    rooms = House(tree).rooms
    return [f"{len(rooms)} rooms, at most {limit}: {', '.join(rooms)}"] if len(rooms) > limit else []


def too_many_arrows(tree: Tree, limit: int = MAX_ARROWS) -> list[str]:
    house = House(tree)
    leaving, arriving = (Counter(arrow[end] for arrow in house.arrows).most_common(6) for end in (0, 1))
    said = f"{len(house.arrows)} arrows, at most {limit}; most leave {_counts(leaving)}; most lead to {_counts(arriving)}"
    return [said] if len(house.arrows) > limit else []


def too_high(tree: Tree, limit: int = MAX_LEVELS) -> list[str]:
    chain = longest_chain(House(tree).rooms)
    return [f"{len(chain)} levels, at most {limit}: {' -> '.join(chain)}"] if len(chain) > limit else []


def cycles_of_rooms(tree: Tree) -> list[str]:
    house = House(tree)
    room = {name: room_of(module) for name, module in tree.items()}
    links = [(name, other) for name, others in house.modules.items() for other in sorted(others)]
    found = []
    for group in cycles(house.rooms):
        by = [f"{a} -> {b}" for a, b in links if room[a] != room[b] and {room[a], room[b]} <= {*group}]
        found.append(f"rooms that import each other: {', '.join(group)}, by {', '.join(by)}")
    return found


def cycles_of_modules(tree: Tree) -> list[str]:
    return [f"modules that import each other: {', '.join(group)}" for group in cycles(House(tree).modules)]


def long_functions_in_general(tree: Tree, limit: int = MAX_P90) -> list[str]:
    found = measures.functions(tree)
    reached = measures.p90([lines for lines, _ in found])
    longer = [f"{name} ({lines})" for lines, name in found if lines > limit]
    said = f"one function in ten has {reached} lines or more, at most {limit}; longer are {', '.join(longer)}"
    return [said] if reached > limit else []


def long_functions(tree: Tree, limit: int = MAX_FUNCTION) -> list[str]:
    return [f"{name} has {lines} lines, at most {limit}" for lines, name in measures.functions(tree) if lines > limit]


def long_modules(tree: Tree, limit: int = MAX_MODULE) -> list[str]:
    return [f"{name} has {lines} lines, at most {limit}" for lines, name in measures.sizes(tree) if lines > limit]


def names_taken_twice(tree: Tree) -> list[str]:
    found = measures.classes(tree).items()
    return [f"class {name} stands in {', '.join(places)}: one word, one thing" for name, places in found if places[1:]]


def _counts(counted: list[tuple[str, int]]) -> str:
    return ", ".join(f"{room} ({count})" for room, count in counted)


def _chain(length: int) -> dict[str, str]:
    """Modules each of which imports the next."""
    return {f"grader/m{n:03}.py": f"import grader.m{n + 1:03}" * (n + 1 < length) for n in range(length)}


def _function(lines: int) -> str:
    return "def f():\n" + "    1\n" * (lines - 1)


#: Rule -> a tree that just breaks it, one that just does not, and what is said of the first.
MADE_UP = {
    too_many_rooms: (
        {f"grader/m{n:03}.py": "" for n in range(MAX_ROOMS + 1)},
        {f"grader/m{n:03}.py": "" for n in range(MAX_ROOMS)},
        "33 rooms, at most 32: m000, m001",
    ),
    too_many_arrows: (_chain(MAX_ARROWS + 2), _chain(MAX_ARROWS + 1), r"141 arrows, at most 140; most leave m000 \(1\)"),
    too_high: (_chain(MAX_LEVELS + 1), _chain(MAX_LEVELS), "11 levels, at most 10: m000 -> m001"),
    cycles_of_rooms: (
        {"grader/a/x.py": "import grader.b.x", "grader/b/y.py": "import grader.a.z", "grader/b/x.py": "", "grader/a/z.py": ""},
        {"grader/a/x.py": "import grader.b.x", "grader/b/y.py": "", "grader/b/x.py": "", "grader/a/z.py": ""},
        r"each other: a, b, by grader\.a\.x -> grader\.b\.x, grader\.b\.y -> grader\.a\.z",
    ),
    cycles_of_modules: (
        {"grader/a/x.py": "import grader.a.y", "grader/a/y.py": "def f():\n    import grader.a.x"},
        {"grader/a/x.py": "import grader.a.y", "grader/a/y.py": "import os"},
        r"each other: grader\.a\.x, grader\.a\.y",
    ),
    long_functions_in_general: (
        {"grader/a.py": _function(MAX_P90 + 1) * 2 + _function(2) * 8},
        {"grader/a.py": _function(MAX_P90 + 1) + _function(2) * 9},
        r"has 22 lines or more, at most 21; longer are grader\.a\.f \(22\), grader\.a\.f \(22\)",
    ),
    long_functions: (
        {"grader/a.py": _function(MAX_FUNCTION + 1)},
        {"grader/a.py": _function(MAX_FUNCTION)},
        r"grader\.a\.f has 61 lines, at most 60",
    ),
    long_modules: (
        {"grader/a.py": "1\n" * (MAX_MODULE + 1)},
        {"grader/a.py": "1\n" * MAX_MODULE},
        r"grader\.a has 301 lines, at most 300",
    ),
    names_taken_twice: (
        {"grader/a.py": "class Limits: ...", "grader/b.py": "def f():\n    class Limits: ..."},
        {"grader/a.py": "class Limits: ...", "grader/b.py": "class Bounds: ..."},
        r"class Limits stands in grader\.a, grader\.b",
    ),
}


@pytest.mark.parametrize("rule", MADE_UP, ids=lambda rule: rule.__name__)
def test_the_house(rule):
    broken = rule(read())
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("rule", MADE_UP, ids=lambda rule: rule.__name__)
def test_each_rule_can_be_broken(rule):
    breaking, keeping, said = MADE_UP[rule]
    (broken,) = rule(parse(breaking))
    assert re.search(said, broken)
    assert rule(parse(keeping)) == []
