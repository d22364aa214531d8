"""The soak in small: a class that is killed again and again ends as the one that nobody disturbed."""

import random

import pytest

from tests.cohort import soak
from tests.cohort.usual import UsualClass


@pytest.mark.xdist_group("heavy")
def test_kills_change_nothing(tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text(soak.POLICY.format(images=256, stages='"02_relu", "08_sgd"'))
    UsualClass(5).write(tmp_path / "class", 16)
    for place in ("calm", "rough"):
        soak.write_remarks(tmp_path / place, 16)
    soak.undisturbed(tmp_path / "class", tmp_path / "calm", policy, 2)
    total = soak.finished(tmp_path / "calm")
    rough = soak.disturbed(tmp_path / "class", tmp_path / "rough", policy, 2, 3, total, random.Random(5))
    assert soak.compare(tmp_path / "calm", tmp_path / "rough", 16) == []
    assert rough.left_behind == []
    assert rough.kills == 3
