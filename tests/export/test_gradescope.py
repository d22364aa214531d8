"""results.json: valid, with the score that counts, and telling no more than the policy allows."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from grader.course.policy import Attempts, Export, FeedbackRules, Late, Policy
from grader.export import as_json, gradescope
from grader.export.gradescope import Metadata
from tests.export import samples

SCHEMA = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text())
DUE = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATE = Metadata(created=datetime(2026, 12, 1, 13, tzinfo=UTC))  # 25 hours: two days begun


def results(policy=None, metadata=None, **fields):
    content = gradescope.results(samples.report(**fields), policy or Policy(), metadata)
    jsonschema.validate(content, SCHEMA)
    return content


def test_score_is_the_sum_of_the_tests_under_plain_rules():
    content = results()
    assert content["score"] == sum(test["score"] for test in content["tests"]) == 4
    assert sum(test["max_score"] for test in content["tests"]) == 20


def test_only_a_kept_promise_counts_as_passed():
    states = {test["extra_data"]["state"]: test["status"] for test in results()["tests"]}
    assert states == {"pass": "passed", "fail": "failed", "todo": "failed", "blocked": "failed", "error": "failed"}


@pytest.mark.parametrize(
    ("late", "score", "days"),
    [
        (Late(policy="none", due=DUE), 4, 2),
        (Late(policy="constant", due=DUE, points=1), 3, 2),
        (Late(policy="percentage", due=DUE, percent=10), 3.2, 2),
        (Late(policy="days", due=DUE, percent=50, free_days=1), 2, 2),
        (Late(policy="percentage", due=DUE, grace_minutes=120), 3.6, 1),
    ],
)
def test_lateness_is_counted_from_the_time_of_submission(late, score, days):
    content = results(Policy(late=late), LATE)
    assert (content["score"], content["extra_data"]["late_days"]) == (score, days)


def test_a_hidden_check_tells_nothing_and_a_promise_only_whether_it_holds():
    rules = FeedbackRules(checks={"check_sums_dW": "none", "03_softmax": "promise"})
    tests = {t["extra_data"]["check"]: t for t in results(Policy(feedback=rules))["tests"]}
    hidden, promise = tests["check_sums_dW"], tests["check_rows_sum_to_one"]
    assert hidden["output"] == ""
    assert hidden["visibility"] == "after_published"
    assert "Sums" not in hidden["name"]
    assert promise["output"] == "Still a TODO."
    assert "visibility" not in tests["check_adds_the_bias"]


def test_the_next_step_is_left_out_where_a_check_may_not_tell():
    assert "Do this next" in results()["output"]
    assert "Do this next" not in results(Policy(feedback=FeedbackRules(default="promise")))["output"]


def test_a_report_under_way_says_so():
    assert "under way" in results(complete=False)["output"]


def test_the_leaderboard_has_the_accuracy_that_was_counted_and_not_the_one_that_train_returned():
    assert "leaderboard" not in results()
    content = results(Policy(export=Export(leaderboard=True)))
    assert content["leaderboard"] == [{"name": "Validation accuracy", "value": 0.9123}]


def test_metadata_ignores_attempts_that_failed_on_the_graders_side():
    text = json.dumps(
        {
            "created_at": "2026-12-01T05:00:00.365935-08:00",
            "previous_submissions": [
                {"submission_time": "2026-11-29T10:00:00Z", "score": 40, "results": {"score": 40, "output": "earlier"}},
                {"submission_time": "2026-11-28T10:00:00Z", "score": 0, "autograder_error": True, "results": None},
            ],
        }
    )
    metadata = gradescope.read_metadata(text)
    assert metadata.created == datetime(2026, 12, 1, 13, 0, 0, 365935, tzinfo=UTC)
    assert [entry["score"] for entry in metadata.earlier] == [40]


def test_an_attempt_beyond_those_allowed_repeats_the_last_result():
    policy = Policy(attempts=Attempts(most=1))
    metadata = Metadata(earlier=[{"score": 40, "results": {"score": 40, "output": "earlier", "tests": []}}])
    repeated = gradescope.refused(policy, metadata)
    jsonschema.validate(repeated, SCHEMA)
    assert repeated["score"] == 40
    assert "not graded" in repeated["output"]
    assert "earlier" in repeated["output"]
    assert gradescope.refused(policy, Metadata()) is None
    assert gradescope.refused(Policy(), metadata) is None


def test_what_stands_there_first_is_valid():
    jsonschema.validate(gradescope.waiting(Policy(), "Grading has begun."), SCHEMA)


def test_what_passes_with_a_substitute_says_so():
    report = samples.with_a_substitute()
    content = gradescope.results(report, Policy(weights={"01_linear": 0.5}))
    test = content["tests"][0]
    assert (test["status"], test["score"], test["extra_data"]["points_alone"]) == ("passed", 2, 0)
    assert "Passes with a correct ReLU." in test["output"]
    assert "0 on its own, 2 more with a correct ReLU." in content["output"]
    assert content["extra_data"]["points_alone"] == 0
    limited = gradescope.results(report, Policy(feedback=FeedbackRules(default="promise")))
    assert limited["tests"][0]["output"] == "This passes with a substitute."
    assert "ReLU" not in as_json(limited)


@pytest.mark.parametrize(
    ("users", "days"),
    [
        ([], 2),
        ([{"assignment": {"due_date": "2026-12-01T12:00:00Z"}}], 1),
        ([{"assignment": {"due_date": "2026-12-01T12:00:00Z"}}, {"assignment": {"due_date": "2026-12-03T12:00:00Z"}}, {}], 0),
        ([{"assignment": {"due_date": None}}, {"id": 3}, "?"], 2),
    ],
)
def test_gradescopes_own_due_date_and_extension_go_before_the_policys(users, days):
    metadata = {
        "created_at": "2026-12-02T10:00:00-00:00", "assignment": {"due_date": "2026-11-30T12:00:00Z"}, "users": users,
    }  # fmt: skip
    policy = Policy(late=Late("constant", datetime(2026, 10, 1, tzinfo=UTC), points=1))
    told = gradescope.results(samples.report(), policy, gradescope.read_metadata(json.dumps(metadata)))
    assert told["extra_data"]["late_days"] == days
