"""What a class shows: which answers are alike, and which are only common."""

import pytest

from grader.cohort.insight import look
from grader.records import Card, CheckResult, Report, StageResult
from tests.export.samples import grade


@pytest.mark.parametrize(
    ("gave", "telling"),
    [
        ("dW[2, 2] is 0.938271934; it should be 4.691827364. All 12 entries differ.", True),
        (
            "This Layer has no w; it has weights (784, 128), bias (128,), x (32, 784), z (32, 128), a (32, 128), "
            "dout (32, 128). (AttributeError: 'Layer' object has no attribute 'w')",
            False,
        ),
    ],
)
def test_shapes_in_common_are_no_sign(gave, telling):
    card = Card(gave=gave)
    check = CheckResult("check_it", "It holds.", "fail", 0, 1, card=card)
    report = Report(0, 1, [StageResult("01_first", "First", "fail", 0, 1, [check])])
    found = look([grade("ann", digest="a" * 64), grade("bob", digest="b" * 64)], lambda _: report)
    assert [same.students for same in found.same] == ([["ann", "bob"]] if telling else [])


def test_a_file_that_cannot_be_imported_stands_among_the_mistakes_once():
    """Every check of two stages fails with it; what is taught is one thing."""
    checks = [CheckResult(f"check_{k}", "It holds.", "fail", 0, 1, broken="layers.py") for k in range(2)]
    stages = [StageResult(stage, "Stage", "fail", 0, 2, checks) for stage in ("01_first", "02_second")]
    found = look([grade("ann"), grade("bob")], lambda _: Report(0, 4, stages))
    assert [(m.title, m.stage, m.students) for m in found.mistakes] == [
        ("A file that cannot be imported", "01_first", ["ann", "bob"])
    ]
