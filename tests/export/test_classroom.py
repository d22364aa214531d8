"""GitHub Classroom's result, added up as its reporter does: in floating point, over `tests`."""

import base64
import json
from pathlib import Path

import pytest
import yaml

from grader.course.policy import FeedbackRules, Policy
from grader.export import classroom
from grader.records import Report, StageResult
from tests.export import samples


def reported(content):
    """What the reporter makes of a step's output: points as `X/Y`, or nothing if a sum is not exact."""
    decoded = json.loads(base64.b64decode(classroom.encode(content)))
    assert isinstance(decoded["tests"], list)
    total = 0.0
    for test in decoded["tests"]:
        total += test["score"]
    return f"{total:g}/{decoded['max_score']:g}" if total == round(total, 2) else "0"


def test_points_arrive():
    assert reported(classroom.result(samples.report(), Policy())) == "4/20"


def test_status_is_pass_only_if_everything_holds():
    assert classroom.result(samples.report(), Policy())["status"] == "error"
    whole = Report(4, 4, [StageResult("01_linear", "L", "pass", 4, 4, [samples.check("a", "pass", 4, 4)])])
    assert classroom.result(whole, Policy())["status"] == "pass"
    assert classroom.result(Report(0, 0, []), Policy())["status"] == "fail"


@pytest.mark.parametrize("weight", [0.1, 0.7, 1 / 3, 1.1])
def test_weights_that_do_not_add_up_exactly_still_arrive(weight):
    checks = [samples.check(f"c{i}", "pass", 1, 1) for i in range(7)]
    report = Report(7, 7, [StageResult("01_linear", "L", "pass", 7, 7, checks)])
    points, _, most = reported(classroom.result(report, Policy(weights={"01_linear": weight}))).partition("/")
    assert float(points) == float(most) == pytest.approx(7 * weight, abs=0.005)


def test_a_check_without_feedback_has_no_name_and_no_message():
    content = classroom.result(samples.report(), Policy(feedback=FeedbackRules(default="none")))
    assert all(not test["message"] and not test["test_code"] for test in content["tests"])
    assert "Sums" not in json.dumps(content)


def test_a_missing_result_is_an_error_with_tests():
    content = classroom.failure("There is no result.", 100)
    assert content["status"] == "error"
    assert reported(content) == "0/100"


def test_the_workflow_gives_the_reporter_what_it_reads():
    workflow = yaml.safe_load((Path(classroom.__file__).parent / "kit" / "classroom.yml").read_text())
    assert workflow["name"] == "Autograding Tests"
    assert workflow["permissions"] == {"checks": "write", "actions": "read", "contents": "read"}
    (job,) = workflow["jobs"].items()
    assert job[0] == "run-autograding-tests"
    (reporter,) = [step for step in job[1]["steps"] if "autograding-grading-reporter" in step.get("uses", "")]
    ids = {step["id"] for step in job[1]["steps"] if "id" in step}
    runners = set(reporter["with"]["runners"].split(","))
    assert runners <= ids
    assert set(reporter["env"]) == {f"{runner.upper()}_RESULTS" for runner in runners}
    (grading,) = [step for step in job[1]["steps"] if step.get("id") in runners]
    assert "--format classroom" in grading["run"]
    assert "GITHUB_OUTPUT" in grading["run"]


def test_messages_are_short():
    long = samples.check("long", "fail", 0, 1, message="x" * 10_000)
    report = Report(0, 1, [StageResult("01_linear", "L", "fail", 0, 1, [long])])
    assert len(classroom.result(report, Policy())["tests"][0]["message"]) <= classroom.MOST_TEXT


def test_what_passes_with_a_substitute_says_so():
    test = classroom.result(samples.with_a_substitute(), Policy())["tests"][0]
    assert (test["status"], test["score"]) == ("pass", 4)
    assert "Passes with a correct ReLU." in test["message"]
