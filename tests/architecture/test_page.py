"""The picture and the list of rooms are those of today's imports."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from tests.architecture import drawing, page
from tests.architecture.house import House, needed
from tests.architecture.layout import plan
from tests.architecture.tree import parse, read

REMEDY = "Remedy: make architecture"
MADE_UP = House(
    parse(
        {
            "grader/__init__.py": '"""The engine."""',
            "grader/paths.py": '"""Where things are,\nin a checkout. And\nmore."""',
            "grader/course/__init__.py": '"""What is promised."""\nfrom grader import paths',
            "grader/course/stage.py": "from grader.paths import ROOT",
            "grader/verbs/__init__.py": '"""One <module> a verb."""',
            "grader/verbs/grade.py": "import grader.course.stage, grader.paths",
        }
    )
)


def test_the_picture_is_today_s():
    assert drawing.FILE.read_text("utf-8") == drawing.svg(House(read())), REMEDY


def test_the_list_is_today_s():
    text = page.FILE.read_text("utf-8")
    assert text == page.with_list(text, House(read())), REMEDY


def test_the_page_is_read_at_one_sitting():
    assert len(page.FILE.read_text("utf-8").splitlines()) <= 180


def test_a_line_a_room():
    assert page.lines(MADE_UP)[2:] == [
        "- `__init__.py` The engine.",
        "- `paths.py` Where things are, in a checkout. And more.",
        "- `course/` What is promised. `stage`",
        "- `verbs/` One <module> a verb. `grade`",
    ]


def test_the_list_goes_between_its_marks_and_nowhere_else():
    made = page.with_list(f"# House\n{page.BEGIN}\nold\n{page.END}\nProse.\n", MADE_UP)
    assert made.startswith(f"# House\n{page.BEGIN}\n*Each box")
    assert made.endswith(f"`grade`\n{page.END}\nProse.\n")
    assert page.with_list(made, MADE_UP) == made
    with pytest.raises(ValueError, match="no place for the list"):
        page.with_list("# House\n", MADE_UP)


def test_every_room_and_each_needed_arrow_is_drawn():
    picture = drawing.svg(MADE_UP)
    ElementTree.fromstring(picture)
    names = re.findall(r'class="name"[^>]*>([^<]*)<', picture)
    assert sorted(names) == ["__init__", "course", "paths", "verbs"]
    assert picture.count('class="arrow"') == len(needed(MADE_UP.rooms)) == 2
    assert "Drawn are 2 of 3 arrows" in picture


def test_nothing_stands_over_anything_else():
    house = House(read())
    made = plan(house.levels, {room: 30.0 + 7 * len(room) for room in house.rooms}, needed(house.rooms), 20.0)
    for row in made.rows:
        for left, right in itertools.pairwise(row):
            apart = made.centre[right] - made.centre[left]
            assert apart >= (made.width[left] + made.width[right]) / 2 + 20.0 - 1e-6
        assert made.centre[row[0]] >= made.width[row[0]] / 2 - 1e-6
        assert made.centre[row[-1]] <= made.whole - made.width[row[-1]] / 2 + 1e-6
    for upper, lower in needed(house.rooms):
        assert [upper, lower] in [[route[0], route[-1]] for route in made.routes]
