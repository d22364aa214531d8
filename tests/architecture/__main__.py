"""The house in numbers: rooms, arrows, levels, cycles, and how large things are.

    python -m tests.architecture [--draw] [--write]

--draw makes docs/architecture.svg again, --write the list of rooms in docs/architecture.md.
"""

import argparse
import sys

from tests.architecture import drawing, measures, page
from tests.architecture.house import House, cycles, longest_chain
from tests.architecture.tree import read


def main() -> int:
    """Print the numbers; write what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.architecture", description=__doc__.splitlines()[0])
    parser.add_argument("--draw", action="store_true", help="make docs/architecture.svg again")
    parser.add_argument("--write", action="store_true", help="make the list in docs/architecture.md again")
    options = parser.parse_args()
    house = House(read())
    if options.draw:
        drawing.FILE.write_text(drawing.svg(house), "utf-8")
    if options.write:
        page.FILE.write_text(page.with_list(page.FILE.read_text("utf-8"), house), "utf-8")
    if not (options.draw or options.write):
        print("\n".join(numbers(house)))
    return 0


def numbers(house: House) -> list[str]:
    """Everything that is measured, in lines to read."""
    tree = house.tree
    lines, longest = measures.functions(tree), measures.sizes(tree)
    twice = {name: places for name, places in measures.classes(tree).items() if len(places) > 1}
    said = [
        f"{room:24} level {house.levels[room]:2}  {house.lines(room):5} lines  -> {_list(others)}"
        for room, others in sorted(house.rooms.items(), key=lambda item: (house.levels[item[0]], item[0]))
    ]
    said += [
        "",
        f"rooms      {len(house.rooms)}",
        f"arrows     {len(house.arrows)}",
        f"levels     {max(house.levels.values())}: {' -> '.join(longest_chain(house.rooms))}",
        f"cycles     {len(cycles(house.rooms))} of rooms, {len(cycles(house.modules))} of modules",
        *[f"           {' <-> '.join(group)}" for group in cycles(house.rooms) + cycles(house.modules)],
        f"functions  {len(lines)}, nine in ten at most {measures.p90([n for n, _ in lines])} lines, "
        f"the longest {lines[0][0]}: {lines[0][1]}",
        f"modules    {len(longest)}, the longest {longest[0][0]} lines: {longest[0][1]}",
        f"classes    {len(twice)} names stand more than once",
        *[f"           {name}: {', '.join(places)}" for name, places in twice.items()],
        f"lines      {sum(n for n, _ in longest)}",
    ]
    return said


def _list(names: set[str]) -> str:
    return " ".join(sorted(names)) or "nothing"


if __name__ == "__main__":
    sys.exit(main())
