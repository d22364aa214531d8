"""`results.json` is read in one place: also what an earlier version wrote, and what somebody else did."""

import json

import msgspec
import pytest

from grader.records import Extra, read_report
from tests.report import samples


@pytest.fixture
def written(tmp_path):
    """Write a results.json with some keys replaced, and return its path."""

    def write(**changes):
        record = msgspec.to_builtins(samples.report_of({}))
        path = tmp_path / "results.json"
        path.write_text(json.dumps(record | changes))
        return path

    return write


def test_what_an_earlier_version_wrote_is_read(written):
    extra = {"stages_named": ["02_relu"], "course_points": 100, "cached": [], "recalled": True, "repeatable": True}
    report = read_report(written(extra=extra, sandbox={"level": "full", "layers": [], "former": 1}, curves={}))
    assert report.extra == Extra(stages_named=["02_relu"], repeatable=True)
    assert report.sandbox == {"level": "full", "layers": []}
    assert read_report(written(extra={})).extra == Extra()


def test_points_of_an_earlier_version_were_earned_alone(written, tmp_path):
    record = msgspec.to_builtins(samples.all_right(tmp_path))
    for check in (check for stage in record["stages"] for check in stage["checks"]):
        del check["points_alone"], check["substituted"]
    report = read_report(written(stages=record["stages"]))
    assert report.score_alone == sum(stage.points for stage in report.stages) > 0
    one = next(check for stage in report.stages for check in stage.checks if check.points)
    assert (one.points_alone, one.substituted) == (one.points, [])
    assert msgspec.structs.replace(one, points_alone=0).points_alone == 0


def test_what_somebody_else_wrote_is_cleaned(written):
    told = read_report(written(student="ada\x1b[2J", extra={"problems": {"a\u202e.py": "x\U000e0041"}}, notes=["\xad"]))
    assert told.student == "ada"
    assert told.extra.problems == {"a\N{REPLACEMENT CHARACTER}.py": "x\N{REPLACEMENT CHARACTER}"}
    assert told.notes == ["\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("changes", [{"stages": {}}, {"curves": {"history": {"val_acc": "x"}}}, {"score": "100"}])
def test_what_is_no_report_is_refused(written, changes):
    with pytest.raises(msgspec.ValidationError):
        read_report(written(**changes))
