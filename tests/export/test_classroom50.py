"""Classroom 50's contract, as its wiki says ("Advanced Autograding", 16 August 2026); not tried on the real system."""

import io
import json
import os
import subprocess
import sys
import tarfile

import pytest

from grader.export.kit_folder import make_kit
from grader.paths import ROOT
from tests.courses import HERE

IDENTITY = {
    "CLASSROOM": "cs", "ASSIGNMENT": "hw", "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d", "COMMIT_URL": "https://x/c",
    "RELEASE_URL": "https://x/r", "REVIEW_URL": "https://x/d",
}  # fmt: skip
MOST_OF_A_BUNDLE = 10 * 1024 * 1024


def valid(text):
    """The content, if it is what collect-scores takes."""
    content = json.loads(text)
    assert content["schema"] == "classroom50/result/v1"
    assert {"classroom", "assignment", "submission", "commit", "release", "review", "datetime"} < set(content)
    assert len(content["datetime"]) == len("2026-06-01T14:32:01Z")
    assert content["datetime"].endswith("Z")
    for key in ("score", "max-score"):
        assert type(content[key]) is int
        assert content[key] == sum(test[key] for test in content["tests"])
    for test in content["tests"]:
        assert set(test) == {"test-name", "passed", "score", "max-score"}
        assert type(test["passed"]) is bool
        assert 0 <= test["score"] <= test["max-score"]
        assert type(test["score"]) is type(test["max-score"]) is int
    return content


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """What is put into autograders/ASSIGNMENT/: a kit, which holds no answer (test_kit.py), for anybody may read it."""
    folder = tmp_path_factory.mktemp("autograders") / "hw"
    make_kit(HERE, folder)
    return folder


def test_a_kit_as_a_bundle_is_small_enough(bundle):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(bundle, arcname=".")
    assert packed.tell() < MOST_OF_A_BUNDLE


def test_the_autograder_of_a_kit_grades_a_checkout(tmp_path, bundle):
    """The kit's own grader, from start to end; what is graded is one stage's worth of a learner's work, so it is quick."""
    checkout = tmp_path / "cs-hw-ann"
    (checkout / "student").mkdir(parents=True)
    for file in (bundle / "skeleton").glob("*.py"):
        (checkout / "student" / file.name).write_bytes(file.read_bytes())
    (checkout / "grader.py").write_text("raise SystemExit('a file of the student was imported')\n")
    (checkout / "result.json").write_text('{"score": 100}')
    environment = {**os.environ, **IDENTITY, "CHAIN_RULE_NO_VENV": "1"}
    command = [sys.executable, str(bundle / "autograder.py")]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    content = valid((checkout / "result.json").read_text())
    assert (content["score"], content["max-score"]) == (0, HERE.points)
    assert [content[field] for field in ("classroom", "assignment", "review")] == ["cs", "hw", "https://x/d"]
    assert len(content["tests"]) == sum(len(stage.checks) for stage in HERE.stages)
    body = (checkout / "release-body.md").read_text()
    assert body.startswith(f"# 0 of {HERE.points} points")
    assert len(body.encode()) < 1000 * 1024
    assert str(ROOT) not in body


def test_a_result_is_there_when_grading_itself_is_not_possible(tmp_path, bundle):
    """Exit status 0 and a result with the reason, whatever lies in its place: with another status Classroom 50 would blame its
    own machine.
    """
    (tmp_path / "essay.txt").write_text("no submission")
    (tmp_path / "result.json" / "deep").mkdir(parents=True)
    (tmp_path / "release-body.md").symlink_to("essay.txt")
    command = [sys.executable, str(bundle / "autograder.py")]
    environment = {**os.environ, **IDENTITY, "CHAIN_RULE_NO_VENV": "1", "CHAIN_RULE_MEMORY": str(tmp_path / "m")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    content = valid((tmp_path / "result.json").read_text())
    assert (content["score"], content["max-score"]) == (0, 100)
    assert content["tests"][0]["test-name"].startswith("Grading ended with status 2")
    assert (tmp_path / "release-body.md").read_text().startswith("# No result")
    assert (tmp_path / "essay.txt").read_text() == "no submission"
