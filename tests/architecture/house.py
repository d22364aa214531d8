"""The house: rooms, the arrows between them, the levels on which they stand.

A room is a folder of `grader/` or a module directly in it; a folder within a folder is a room of its own, and the package's
own `__init__.py` is the room `grader/__init__`. An arrow is an ordered pair of rooms of which one imports the other,
anywhere in its files. A room's level is the length of the longest chain of arrows that begins with it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.architecture.tree import Module, Tree, targets

Graph = Mapping[str, set[str]]


def room_of(module: Module) -> str:
    """The room in which a module stands."""
    top, *parts = module.name.split(".")
    if module.package:
        return "/".join(parts) or f"{top}/__init__"
    return "/".join(parts[:-1] or parts)


@dataclass(frozen=True)
class House:
    """What the imports of a tree come to."""

    tree: Tree

    @cached_property
    def modules(self) -> Graph:
        """Module -> the modules that it imports."""
        return {name: targets(self.tree, module) for name, module in self.tree.items()}

    @cached_property
    def files(self) -> Mapping[str, list[Module]]:
        """Room -> its modules."""
        rooms: dict[str, list[Module]] = defaultdict(list)
        for module in self.tree.values():
            rooms[room_of(module)].append(module)
        return dict(sorted(rooms.items()))

    @cached_property
    def rooms(self) -> Graph:
        """Room -> the other rooms that it imports from."""
        room = {module.name: name for name, modules in self.files.items() for module in modules}
        return {
            name: {room[other] for module in modules for other in self.modules[module.name]} - {name}
            for name, modules in self.files.items()
        }

    @property
    def arrows(self) -> list[tuple[str, str]]:
        return [(room, other) for room, others in self.rooms.items() for other in sorted(others)]

    @cached_property
    def levels(self) -> Mapping[str, int]:
        """Room -> its level, from 1."""
        return levels(self.rooms)

    def lines(self, room: str) -> int:
        return sum(module.lines for module in self.files[room])


def reachable(graph: Graph) -> dict[str, set[str]]:
    """Node -> all nodes that arrows lead to from it, one after another."""
    found = {}
    for start in graph:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            fresh = graph[waiting.pop()] - seen
            seen |= fresh
            waiting += fresh
        found[start] = seen
    return found


def cycles(graph: Graph) -> list[list[str]]:
    """Groups of nodes each of which leads to every other of the group."""
    reach = reachable(graph)
    groups = {frozenset(other for other in reach[node] if node in reach[other]) for node in graph}
    return sorted(sorted(group) for group in groups if group)


def without_cycles(graph: Graph) -> dict[str, set[str]]:
    """The graph without the arrows within such a group."""
    group = {node: number for number, nodes in enumerate(cycles(graph)) for node in nodes}
    return {node: {other for other in others if group.get(node, -1) != group.get(other, -2)} for node, others in graph.items()}


def levels(graph: Graph) -> dict[str, int]:
    """Node -> number of nodes in the longest chain that begins with it; a cycle stands on one level."""
    groups = {node: nodes for nodes in cycles(graph) for node in nodes}
    acyclic, found = without_cycles(graph), {}

    def level(node: str) -> int:
        if node not in found:
            below = {other for member in groups.get(node, [node]) for other in acyclic[member]}
            found[node] = 1 + max(map(level, below), default=0)
        return found[node]

    return {node: level(node) for node in graph}


def longest_chain(graph: Graph) -> list[str]:
    """One chain of as many nodes as there are levels, from the top."""
    height, acyclic = levels(graph), without_cycles(graph)
    chain = [max(sorted(graph), key=height.__getitem__)]
    while height[chain[-1]] > 1:
        group = next((nodes for nodes in cycles(graph) if chain[-1] in nodes), [chain[-1]])
        below = sorted(other for member in group for other in acyclic[member])
        chain.append(next(other for other in below if height[other] == height[chain[-1]] - 1))
    return chain


def needed(graph: Graph) -> list[tuple[str, str]]:
    """The arrows that do not follow from others (the transitive reduction), cycles left out."""
    acyclic = without_cycles(graph)
    reach = reachable(acyclic)
    return [
        (node, other)
        for node in sorted(acyclic)
        for other in sorted(acyclic[node])
        if not any(other in reach[third] for third in acyclic[node])
    ]
