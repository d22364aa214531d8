"""The figures beside the handouts are what the toolbox draws today, and each is told in words where it stands."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from grader.paths import DATA, TASKS
from tests.tasks.toolbox import handouts

STAGES = sorted(path.parent.name for path in TASKS.glob("*/README.md"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
IMAGE = re.compile(r"!\[([^\]]*)\]\((figures/[a-z_]+\.svg)\)\n\n\*([^*]+)\*\n")


@pytest.mark.parametrize("stage", STAGES)
def test_a_figure_is_what_would_be_drawn_now(stage):
    """After a change: make figures. Another matrix library may move a line by a hair, not change a number."""
    drawn = handouts.draw(DATA, stage)
    there = {f"{stage}/figures/{path.name}": path.read_text("utf-8") for path in (TASKS / stage / "figures").glob("*")}
    assert drawn.keys() == there.keys()
    for path, svg in drawn.items():
        assert NUMBER.sub("#", svg) == NUMBER.sub("#", there[path]), path
        new, old = ([float(number) for number in NUMBER.findall(text)] for text in (svg, there[path]))
        np.testing.assert_allclose(new, old, rtol=0, atol=0.3, err_msg=path)


@pytest.mark.parametrize("stage", STAGES)
def test_a_handout_tells_its_figures_in_words(stage):
    text = (TASKS / stage / "README.md").read_text("utf-8")
    told = IMAGE.findall(text)
    assert {file for _, file, _ in told} == {f"figures/{path.name}" for path in (TASKS / stage / "figures").glob("*")}
    assert len(told) == text.count("](figures/") >= 1
    for alt, _, caption in told:
        assert len(alt.split()) >= 8
        assert caption.endswith(".")


def test_a_file_is_small_and_stands_alone_in_light_and_in_dark():
    for path in TASKS.glob("*/figures/*.svg"):
        text = path.read_text("utf-8")
        assert len(text) < 25_000, path
        assert "prefers-color-scheme:dark" in text
        names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
        assert names <= {"svg", "style", "rect", "polyline", "polygon", "circle", "text", "image"}, path
        assert not re.search(r'href="(?!data:image/png;base64,)', text), path
        assert {float(size) for size in re.findall(r"font:([\d.]+)px", text)} <= {10, 11, 12}
