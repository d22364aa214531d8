"""Whose score changes between two gradings."""

import msgspec
import pytest
from click.testing import CliRunner

from grader.cohort.counting import Grade
from grader.cohort.difference import CHECKOUT, differences, grades_of
from grader.errors import Refusal
from grader.paths import ROOT
from grader.verbs.regrade_diff import command


def grade(student, score, state="graded", **stages):
    return Grade(student, "", state, score, 100.0, stages={k: float(v) for k, v in stages.items()})


OLD = [grade("ann", 50, s03=6, s04=44), grade("bob", 10, s03=10), grade("cy", 0, "submission"), grade("dee", 5, s03=5)]
NEW = [grade("ann", 48, s03=4, s04=44), grade("bob", 10, s03=10), grade("cy", 30, s03=30), grade("eve", 1, s03=1)]


def test_everybody_whose_grade_changes_is_listed_with_where():
    found = {change.student: (change.old, change.new, change.change, change.where) for change in differences(OLD, NEW)}
    assert found == {
        "ann": ("50", "48", "-2", "s03 6 -> 4"),
        "cy": ("submission", "30", "+30", "submission -> graded, s03 none -> 30"),
        "dee": ("5", "absent", "-5", "only in one of them"),
        "eve": ("absent", "1", "+1", "only in one of them"),
    }


def test_the_biggest_loss_comes_first():
    assert [change.student for change in differences(OLD, NEW)] == ["dee", "ann", "eve", "cy"]


def test_equal_gradings_differ_in_nothing():
    assert differences(OLD, list(reversed(OLD))) == []


def test_points_that_move_between_stages_are_seen():
    (change,) = differences([grade("ann", 10, s03=4, s04=6)], [grade("ann", 10, s03=6, s04=4)])
    assert change.change == "="


@pytest.fixture
def folders(tmp_path):
    for name, grades in (("old", OLD), ("new", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "grades.jsonl").write_bytes(b"".join(msgspec.json.encode(g) + b"\n" for g in grades))
    return tmp_path


def test_the_verb_says_so_and_ends_with_status_one(folders):
    runner = CliRunner()
    done = runner.invoke(command, [str(folders / "old"), str(folders / "new")], standalone_mode=False)
    assert done.return_value == 1
    assert "4 of 5 students change: 2 gain, 2 lose." in done.output
    done = runner.invoke(command, [str(folders / "old"), str(folders / "old")], standalone_mode=False)
    assert done.return_value == 0
    assert "No score changes" in done.output


def test_what_is_no_class_is_refused(tmp_path):
    with pytest.raises(Refusal, match="neither"):
        grades_of(tmp_path, None, tmp_path, None)
    for part in CHECKOUT:  # a checkout of any version, whatever lies in its grader/
        assert (ROOT / part).exists(), part
        (tmp_path / part).mkdir(parents=True)
    with pytest.raises(Refusal, match="--submissions"):
        grades_of(tmp_path, None, tmp_path, None)
    (tmp_path / "grades.jsonl").write_text("{}")
    with pytest.raises(Refusal, match="no grades"):
        grades_of(tmp_path, None, tmp_path, None)


def test_what_was_earned_without_substitutes_is_compared_where_both_say(folders):
    before, after = (msgspec.structs.replace(grade("ann", 50), points_alone=points) for points in (40.0, 45.5))
    (change,) = differences([before], [after])
    assert (change.change, change.where) == ("=", "on its own 40 -> 45.5")
    assert differences([grade("ann", 50)], [after]) == []


def test_points_by_hand_appeals_and_comments_are_compared():
    before = msgspec.structs.replace(grade("ann", 50), appeal_state="open", comments=["a"])
    after = msgspec.structs.replace(grade("ann", 52.5), appeal_state="granted", by_hand=2.5, comments=["b"])
    (change,) = differences([before], [after])
    assert (change.change, change.where) == ("+2.5", "by hand none -> +2.5, appeal open -> granted, other comments")
    (change,) = differences([after], [before])
    assert change.where == "by hand +2.5 -> none, appeal granted -> open, other comments"
    assert differences([after], [after]) == []


def compared(folder, old, new):
    """What the verb says of two gradings, and its exit status."""
    for name, grades in (("a", old), ("b", new)):
        (folder / name).mkdir()
        (folder / name / "grades.jsonl").write_bytes(b"".join(msgspec.json.encode(g) + b"\n" for g in grades))
    done = CliRunner().invoke(command, [str(folder / "a"), str(folder / "b")], standalone_mode=False)
    return done.output, done.return_value


def test_a_stage_that_is_added_changes_nobody_whose_score_is_the_same(tmp_path):
    old, new = (
        [grade("ann", 55, s03=55), grade("bob", 5, s03=5)],
        [grade("ann", 55, s03=55, s13=0), grade("bob", 5, s03=5, s13=0)],
    )
    said, status = compared(tmp_path, old, new)
    assert (said, status) == ("Stages added: s13.\nNo score changes: 2 students.\n", 0)


def test_a_stage_that_is_added_is_counted_where_it_earns_points(tmp_path):
    old, new = (
        [grade("ann", 55, s03=55), grade("bob", 5, s03=5)],
        [grade("ann", 60, s03=55, s13=5), grade("bob", 5, s03=5, s13=0)],
    )
    said, status = compared(tmp_path, old, new)
    assert "s13 none -> 5" in said
    assert "1 of 2 students change: 1 gain, 0 lose." in said
    assert status == 1
    assert "Stages removed: s13." in compared(tmp_path / "b", new, old)[0]


def test_points_that_move_are_listed_and_change_no_score(tmp_path):
    said, status = compared(tmp_path, [grade("ann", 10, s03=4, s04=6)], [grade("ann", 10, s03=6, s04=4)])
    assert "0 of 1 students change: 0 gain, 0 lose. 1 more have the same score in other ways." in " ".join(said.split())
    assert status == 0
