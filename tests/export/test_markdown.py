"""Markdown for the summary of a run: the next step in sight, the rest folded, and no text of a submission that is markup."""

from pathlib import Path

import pytest
import yaml

from grader import export
from grader.course.policy import FeedbackRules, Policy
from grader.export import kit_folder
from grader.records import Report, StageResult
from tests.export import samples


def outside(text):
    """What is neither folded nor in a fence."""
    head = text.partition("<details>")[0]
    return "".join(part for place, part in enumerate(head.split("```")) if place % 2 == 0)


def test_only_the_next_step_is_not_folded():
    text = export.write("markdown", samples.report(), Policy())
    assert "**Do this next**" in outside(text)
    assert text.index("dW fails") < text.index("<details>")
    assert text.count("<details>") == text.count("</details>") == 2
    assert "What happened" not in text.partition("<details>")[0]


def test_a_submissions_text_ends_no_fence():
    hostile = samples.check("a", "fail", 0, 1, message="````\n# Full marks\n</details><img src=x>")
    text = export.write("markdown", Report(0, 1, [StageResult("01_linear", "L", "fail", 0, 1, [hostile])]), Policy())
    fence = text.index("`````text")
    assert fence < text.index("# Full marks") < text.index("\n`````\n", fence)


@pytest.mark.parametrize("letter", ["x", "\N{SNOWMAN}", "`"])
def test_github_takes_it_however_much_was_printed(letter):
    checks = [samples.check(f"c{i}", "fail", 0, 1, message=letter * 20_000) for i in range(400)]
    text = export.write("markdown", Report(0, 400, [StageResult("01_linear", "L", "fail", 0, 400, checks)]), Policy())
    assert 100_000 < len(text.encode()) < 1000 * 1024


def test_it_tells_no_more_than_the_policy_and_counts_with_its_weights():
    text = export.write(
        "markdown", samples.report(), Policy(feedback=FeedbackRules(default="promise"), weights={"01_linear": 0.5})
    )
    assert text.startswith("# 2 of 15 points\n")
    assert "64 times" not in text
    assert "Do this next" not in text


def test_the_workflow_of_a_kit_may_read_only_and_appends_to_the_summary():
    workflow = yaml.safe_load((Path(kit_folder.__file__).parent / "kit" / "grade.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    (grading,) = [step["run"] for step in job["steps"] if "run" in step]
    assert '--format markdown >> "$GITHUB_STEP_SUMMARY"' in grading
    assert not [step for step in job["steps"] if "classroom" in step.get("uses", "")]
