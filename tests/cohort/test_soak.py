"""The soak in small: a class that is killed again and again ends as the one that nobody disturbed."""

import random

import pytest

from tests.cohort import soak
from tests.cohort.classes import Generator


@pytest.mark.xdist_group("heavy")
def test_kills_change_nothing(tmp_path):
    policy = tmp_path / "course.toml"
    policy.write_text(soak.POLICY.format(images=256, stages='"02_relu"'))
    Generator(5).write(tmp_path / "class", 24)
    calm = soak.undisturbed(tmp_path / "class", tmp_path / "calm", policy, 2)
    rough = soak.disturbed(tmp_path / "class", tmp_path / "rough", policy, 2, 3, calm.seconds, random.Random(5))
    assert soak.compare(tmp_path / "calm", tmp_path / "rough", 24) == []
    assert rough.left_behind == []
    assert rough.kills >= 1
