"""PrairieLearn's and Submitty's results: valid, a share of the points that count, and no more than the policy allows."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from grader.course.policy import FeedbackRules, Policy
from grader.export import write
from grader.records import Report
from tests.export import samples

NAMES = ("prairielearn", "submitty")
SCHEMAS = {name: json.loads(Path(__file__).with_name(f"{name}.schema.json").read_text()) for name in NAMES}


def results(name, report=None, **policy):
    text = write(name, report or samples.report(), Policy(**policy))
    content = json.loads(text)
    jsonschema.validate(content, SCHEMAS[name])
    return content, text


def share(content):
    return content.get("data", content)["score"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("weights", "wanted"), [({}, 0.2), ({"01_linear": 3.0}, 0.3), ({"01_linear": 0.0}, 0.0), ({"03_softmax": 0.0}, 0.4)]
)
def test_the_score_is_the_share_of_the_points_that_count(name, weights, wanted):
    assert share(results(name, weights=weights)[0]) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_nothing_counts_where_every_weight_is_nothing(name):
    assert share(results(name, weights={"01_linear": 0.0, "03_softmax": 0.0})[0]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_told_in_full_as_a_promise_or_not_at_all(name):
    _, text = results(name)
    assert "64 times too big" in text
    assert "<b>&" in text
    _, text = results(name, feedback=FeedbackRules(default="promise"))
    assert "Sums dw." in text
    assert "64 times" not in text
    content, text = results(name, feedback=FeedbackRules(default="none"))
    assert share(content) == 0.2
    assert "Sums dw." not in text
    assert "5 checks worth 20 points are not shown." in text


def test_each_check_has_its_points_and_its_state():
    content, _ = results("prairielearn", weights={"03_softmax": 0.5})
    assert [(test["points"], test["max_points"]) for test in content["tests"]] == [(4, 4), (0, 6), (0, 2.5), (0, 1.5), (0, 1)]
    content, _ = results("submitty")
    told = [message["status"] for message in content["data"]["message"]]
    assert told == ["information", "success", "failure", "warning", "warning", "failure"]


@pytest.mark.parametrize("name", NAMES)
def test_without_a_result_the_reason_is_told_and_no_score(name):
    content, text = results(name, Report(0, 100, [], notes=["There is no result: no such file."]))
    assert "score" not in content
    assert "no such file" in text


def test_a_result_of_many_long_cards_stays_below_a_megabyte():
    whole = samples.report()
    (stage, *_), long = whole.stages, "\N{CHART WITH UPWARDS TREND}" * 50_000
    checks = [msgspec.structs.replace(stage.checks[1], message=long) for _ in range(300)]
    report = msgspec.structs.replace(whole, stages=[msgspec.structs.replace(stage, checks=checks)])
    assert 500_000 < len(results("prairielearn", report)[1].encode()) < 1_000_000
