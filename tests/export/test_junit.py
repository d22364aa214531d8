"""JUnit XML: well-formed whatever the text, valid by the schema, counts that agree."""

from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import export
from grader.course.policy import FeedbackRules, Policy
from grader.records import Card, Report, StageResult
from tests.export import samples

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit-10.xsd")))


def suite(report):
    data = export.write("junit", report, Policy())
    SCHEMA.validate(data)
    return xml.fromstring(data).find("testsuite")


def test_counts_are_those_of_the_cases():
    found = suite(samples.report())
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(found.get(attribute)) == len(found.findall(f"testcase/{tag}"))
    assert int(found.get("tests")) == len(found.findall("testcase")) == 5


def test_a_todo_is_a_failure_and_a_blocked_check_is_skipped():
    cases = {case.get("name"): case for case in suite(samples.report()).findall("testcase")}
    assert cases["check_rows_sum_to_one"].find("failure") is not None
    assert cases["check_stays_finite"].find("skipped") is not None
    assert list(cases["check_adds_the_bias"].iter("failure")) == []


def test_a_named_mistake_is_the_failures_type():
    case = suite(samples.report()).find("testcase[@name='check_sums_dW']/failure")
    assert case.get("type") == "Sum instead of the mean"
    assert "The mean over the batch is missing." in case.text


def test_without_feedback_nothing_is_told():
    data = export.write("junit", samples.report(), Policy(feedback=FeedbackRules(default="none")))
    assert "64 times" not in data
    assert "1 &lt; 2" not in data


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=())))
def test_any_text_gives_a_valid_document(text):
    failed = samples.check("a", "fail", 0, 1, message=text, card=Card(ran=text, printed=text), printed=text)
    suite(Report(0, 1, [StageResult("01_linear", text, "fail", 0, 1, [failed])], student=text))


@pytest.mark.parametrize("seconds", [0.0, 0.0004, 59.9999, 1234.5])
def test_times_are_as_the_schema_wants_them(seconds):
    suite(samples.report(seconds=seconds))


def test_what_passes_with_a_substitute_says_so():
    found = suite(samples.with_a_substitute())
    assert found.find("properties/property[@name='points_alone']").get("value") == "0"
    case = found.find("testcase[@name='check_adds_the_bias']")
    assert case.find("system-out").text.startswith("Passes with a correct ReLU.")
    assert case.find("failure") is None
