"""A changed point, message or state is seen, time and place are not, and nothing may excuse a changed grade."""

import copy
import json

import pytest

from grader.paths import REFERENCE, ROOT
from tests.same_grades.__main__ import Old, judge, load, save, second_look
from tests.same_grades.cases import CASES, IMAGES, Plan, Single
from tests.same_grades.comparing import BadExpected, Expected, differences, is_grade, read_expected, unsteady
from tests.same_grades.normal import normal, page_text, without_help
from tests.same_grades.running import check_out, run

RECORD = {
    "status": 0,
    "stdout": "Chain Rule · ada   8 of 10 points\nreport: <run>/out/report.html   (3.1 s)\n",
    "report.html": "8\nof 10 points\nsoftmax(z) returned [[nan nan]].",
    "results.json": {
        "score": 8,
        "seconds": 3.1,
        "limits": {"calibration": 1.02, "stages": {"03_softmax": {"call": 3.06}}},
        "stages": [
            {
                "id": "03_softmax",
                "state": "fail",
                "points": 8,
                "checks": [
                    {"id": "check_one", "state": "pass", "points": 8, "message": "", "mistake": None, "notes": []},
                    {
                        "id": "check_two", "state": "fail", "points": 0, "message": "nan", "notes": ["33.3 %"],
                        "mistake": {"id": "forgets_the_shift", "hint": "Which shift?", "alike": []},
                    },
                ],
            }
        ],
    },
}  # fmt: skip
CHECKS = "results.json/stages/03_softmax/checks"


def changed(change):
    record = copy.deepcopy(RECORD)
    stage = record["results.json"]["stages"][0]
    change(record, stage, *stage["checks"])
    return [one.path for one in differences("ada", normal(RECORD), normal(record))]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda record, stage, one, two: one.update(points=7), f"{CHECKS}/check_one/points"),
        (lambda record, stage, one, two: one.update(points=8.0), f"{CHECKS}/check_one/points"),
        (lambda record, stage, one, two: one.update(state="error"), f"{CHECKS}/check_one/state"),
        (lambda record, stage, one, two: two.update(message="inf"), f"{CHECKS}/check_two/message"),
        (lambda record, stage, one, two: two.update(message="nan "), f"{CHECKS}/check_two/message"),
        (lambda record, stage, one, two: two["mistake"].update(id="another"), f"{CHECKS}/check_two/mistake/id"),
        (lambda record, stage, one, two: two.update(mistake=None), f"{CHECKS}/check_two/mistake/id"),
        (lambda record, stage, one, two: two.update(notes=["33.4 %"]), f"{CHECKS}/check_two/notes/0"),
        (lambda record, stage, one, two: one.update(new=""), f"{CHECKS}/check_one/new"),
        (lambda record, stage, one, two: stage["checks"].reverse(), f"{CHECKS}/order"),
        (lambda record, stage, one, two: stage["checks"].pop(), f"{CHECKS}/check_two/state"),
        (lambda record, stage, one, two: record.update(status=3), "status"),
        (lambda record, stage, one, two: record.update(stdout=record["stdout"].replace("8", "7")), "stdout"),
        (lambda record, stage, one, two: record.pop("report.html"), "report.html"),
    ],
)
def test_every_change_of_a_grade_is_seen(change, path):
    assert path in changed(change)


def test_time_and_place_are_not_seen():
    def later(record, stage, one, two):
        record["stdout"] = record["stdout"].replace("3.1 s", "2 min 4.0 s")
        record["results.json"]["seconds"] = 9.9
        record["results.json"]["limits"] = {"calibration": 2.0, "stages": {"03_softmax": {"call": 6.0}}}

    assert changed(later) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stopped after 20.4 s", "stopped after 3 min 2 s"),
        ("graded 2026-11-29 05:55 UTC", "graded 2027-01-02 23:00 UTC"),
        ("2026-11-29T05:55:40+00:00", "2026-11-29T05:55:41.5Z"),
        ("course ee3a7a63813b7168567d", "course 4f43147caf3beb7e6d56"),
        ("at /proc/19318/stat of process 19318", "at /proc/7/stat of process 7"),
        ("<Linear object at 0x7f01c2>", "<Linear object at 0x7e9a10>"),
        ("in /tmp/grade-abc/losses.py", "in /tmp/grade-xyz/other/losses.py"),
        ("File grader/running/session.py, line 12", "File grader/running/session.py, line 90"),
        ("grader/running/session.py:12", "grader/running/session.py:90"),
        ("in grader.running.session", "in grader.running.session"),
        ("ValueError at session.py:12: no", "ValueError at loop.py:90: no"),
    ],
)
def test_what_is_of_the_moment_is_left_away(one, other):
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3 of 5 checks pass", "4 of 5 checks pass"),
        ("the loss is ln 10 = 2.302585092994", "the loss is ln 10 = 2.302585092995"),
        ("96.94 % of the 5,000 images", "96.95 % of the 5,000 images"),
        ("losses.py, line 12", "losses.py, line 13"),
        ("student/losses.py:12: RuntimeWarning", "student/losses.py:13: RuntimeWarning"),
        ("needs 03 Softmax", "needs 04 Softmax"),
    ],
)
def test_what_is_of_the_grade_stays(one, other):
    assert normal(one) != normal(other)


def test_what_says_that_nothing_passed_with_help_is_nothing():
    old = {"points": 2, "checks": [{"points": 1}]}
    assert without_help({"points": 2, "checks": [{"points": 1, "points_alone": 1, "substituted": []}]}) == old
    helped = {"points": 1, "points_alone": 0, "substituted": ["layers.Linear"]}
    assert without_help({"raw": "2", "score": "1", "points_alone": "2", "checks": [helped]}) == {
        "raw": "2", "score": "1", "checks": [helped],
    }  # fmt: skip


def test_lines_of_the_terminal_may_end_elsewhere_only_where_a_number_is_left_away():
    short, long = "First.\n\nin /proc/7/mem it is\n  said.\n", "First.\n\nin /proc/12345/mem it\n  is said.\n"
    assert normal({"stdout": short}) == normal({"stdout": long})
    assert normal({"stdout": short}) != normal({"stdout": short.replace("said", "seen")})
    assert normal({"stdout": "it is\n  said.\n"}) != normal({"stdout": "it\n  is said.\n"})


def test_no_value_is_lost_where_keys_are_hashes():
    one, other = {"a" * 20 + "1": "x", "b" * 20 + "1": "y"}, {"c" * 20 + "1": "z", "d" * 20 + "1": "y"}
    assert [(d.old, d.new) for d in differences("ada", normal(one), normal(other))] == [("x", "z")]


def test_a_page_is_what_people_see_and_hear_of_it():
    page = "<style>p{}</style><p title='a  b'>8 <b>of</b>\n 10</p><script>1</script><svg><text>0.5</text></svg>"
    assert page_text(page).splitlines() == ["title: a b", "8", "of", "10", "0.5"]


# --- which cases count ------------------------------------------------------------------------------------------------


def test_a_case_that_is_gone_or_new_is_a_difference():
    assert set(judge({"a": RECORD, "b": RECORD}, {"a": RECORD, "c": RECORD}, {}, []).differing) == {"b", "c"}


def test_a_case_in_which_the_old_version_differs_from_itself_is_left_out_by_name():
    left_out = unsteady({"a": RECORD, "b": {"status": 0}}, {"a": RECORD, "b": {"status": 1}})
    assert left_out == {"b": "status"}
    found = judge({"a": {"status": 0}, "b": {"status": 0}}, {"a": {"status": 2}, "b": {"status": 2}}, left_out, [])
    assert (found.cases, list(found.differing), found.left_out) == (2, ["a"], left_out)
    assert found.summary == "2 cases, 1 differ, 1 left out"


def test_what_differs_once_and_not_again_is_left_out_with_its_class():
    old = {"c/ada": {"status": 0}, "c/bob": {"status": 0}, "c": {"stdout": "1"}, "d/eve": {"status": 0}, "d": {"stdout": "1"}}
    new = {"c/ada": {"status": 1}, "c/bob": {"status": 0}, "c": {"stdout": "2"}, "d/eve": {"status": 1}, "d": {"stdout": "2"}}
    found = second_look(judge(old, new, {}, []), old, {"c/ada": {"status": 0}, "d/eve": {"status": 1}}, [])
    assert list(found.differing) == ["d/eve", "d"]
    assert set(found.left_out) == {"c/ada", "c"}


# --- what is meant ----------------------------------------------------------------------------------------------------


def listed(tmp_path, path, reason="the wording was changed"):
    file = tmp_path / "expected.toml"
    file.write_text(f"[[expected]]\npath = '{path}'\nreason = '{reason}'\n")
    return read_expected(file)


def test_a_difference_with_a_reason_is_told_and_does_not_count(tmp_path):
    new = copy.deepcopy(RECORD)
    new["results.json"]["stages"][0]["checks"][1] |= {"message": "inf", "points": 1}
    found = judge({"a": RECORD}, {"a": new}, {}, listed(tmp_path, "results.json/*/message"))
    assert [one.path for one in found.differing["a"]] == [f"{CHECKS}/check_two/points"]
    assert [one.path for one, _ in found.meant] == [f"{CHECKS}/check_two/message"]


@pytest.mark.parametrize("path", ["*/state", "*/points", "*/mistake/id", "*", "results.json/*", "*/*s", "status", "*/m*"])
def test_a_list_that_would_excuse_a_grade_is_refused(tmp_path, path):
    with pytest.raises(BadExpected, match="which is the grade"):
        listed(tmp_path, path)


def test_a_list_without_a_reason_is_refused(tmp_path):
    with pytest.raises(BadExpected):
        listed(tmp_path, "*/message", reason="")


def test_nothing_on_a_list_reaches_a_grade_in_another_place():
    everything = [Expected("*", "whatever")]
    old = {"row": {"03_softmax": "8", "reason": "late"}, "grade": {"mistakes": ["a"], "stages": {"03_softmax": 8.0}}}
    new = {"row": {"03_softmax": "7", "reason": "x"}, "grade": {"mistakes": ["b"], "stages": {"03_softmax": 7.0}}}
    found = judge({"a": old, "b": {"status": 0}}, {"a": new}, {}, everything)
    paths = [one.path for those in found.differing.values() for one in those]
    assert paths == ["row/03_softmax", "grade/mistakes/0", "grade/stages/03_softmax", "status", ""]
    assert all(map(is_grade, paths))
    assert not is_grade("row/reason")


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def few(tmp_path):
    """Cases: one grade of a stage, and a class of two."""
    cases = tmp_path / "cases"
    for name, shift in (("right", ""), ("mistaken", "\n\ndef softmax(logits):\n    return np.exp(logits)\n")):
        for folder in (cases / "groups" / "few" / name, cases / "alone" / name):
            folder.mkdir(parents=True)
            for file in REFERENCE.glob("*.py"):
                text = file.read_text("utf-8") + shift * (file.name == "losses.py")
                (folder / file.name).write_text(text, "utf-8")
    (cases / "few.toml").write_text(f"[grading]\nstages = ['03_softmax']\n[limits]\ntraining_images = {IMAGES}\n")
    plan = Plan([Single("one", ["03_softmax", "--student", f"{CASES}/alone/mistaken"])], ["few"])
    (cases / "plan.json").write_text(json.dumps(plan._asdict()))
    return cases


def test_another_title_and_other_points_are_seen_by_the_command_line(few, tmp_path):
    told = []
    old = run(str(ROOT), few, 2, told.append)
    assert list(old) == ["one", "few/mistaken", "few/right", "few"]
    assert told[-1] == 4
    assert old["few/right"]["results.json"]["score"] == old["few/right"]["results.json"]["max_score"] > 0
    assert old["one"]["results.json"]["score"] < old["one"]["results.json"]["max_score"]

    changed = tmp_path / "changed"
    check_out(str(ROOT), changed)
    (toml,) = changed.glob("tasks/*softmax/task.toml")
    text = toml.read_text("utf-8").replace("points = 1", "points = 2", 1).replace('title = "', 'title = "The ', 1)
    toml.write_text(text, "utf-8")
    found = judge(old, run(str(changed), few, 2, told.append), {}, [])
    stage = "results.json/stages/03_softmax"
    for case in ("one", "few/mistaken", "few/right"):
        paths = [one.path for one in found.differing[case]]
        assert f"{stage}/title" in paths
        assert f"{stage}/checks/check_softmax_gives_the_exponential_shares/max_points" in paths

    baseline, kept = tmp_path / "baseline.tar.xz", tmp_path / "kept"
    save(baseline, Old("abc", False, [old, old]), few)
    kept.mkdir()
    assert load(baseline, kept) == Old("abc", False, [old, old])
    assert (kept / "plan.json").read_bytes() == (few / "plan.json").read_bytes()
