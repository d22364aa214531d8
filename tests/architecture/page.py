"""The list of rooms in docs/architecture.md: one line a room, from the ground up, with its purpose and its files."""

from grader.paths import ROOT
from tests.architecture.drawing import caption
from tests.architecture.house import House

FILE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms -->", "<!-- /rooms -->"


def with_list(text: str, house: House) -> str:
    """The page with the list between its marks made again.

    raises : ValueError if a mark is missing
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/architecture.md has no place for the list. Remedy: add the lines {BEGIN} and {END}.")
    return "\n".join([before + BEGIN, *lines(house), END + after])


def lines(house: House) -> list[str]:
    """The picture's caption, and a line for each room."""
    rooms = sorted(house.rooms, key=lambda room: (house.levels[room], room))
    return [f"*{' '.join(caption(house))}*", "", *[_line(house, room) for room in rooms]]


def _line(house: House, room: str) -> str:
    """What a room is for, from its docstring, and which files are in it."""
    modules = house.files[room]
    first = next((module for module in modules if module.package), modules[0])
    if len(modules) == 1 and (not first.package or room.endswith("__init__")):
        return f"- `{first.file}.py` {first.purpose}"
    files = " ".join(f"`{module.file}`" for module in modules if module is not first)
    return f"- `{room}/` {f'{first.purpose} ' if first.package else ''}{files}"
