"""policy.toml: the shipped one says what the defaults are; a slip is refused in a sentence."""

import hashlib
import re

import msgspec
import pytest

from grader.course.policy import POLICY, Policy, check_against, read_policy
from grader.errors import Refusal
from grader.paths import ROOT
from tests.courses import HERE


def read(tmp_path, text):
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return read_policy(path, tmp_path)


def test_the_shipped_file_holds_the_defaults():
    assert msgspec.structs.replace(read_policy(ROOT / POLICY, ROOT), file="") == Policy()


def test_without_a_file_everything_is_default(tmp_path):
    assert msgspec.structs.replace(read_policy(None, tmp_path), file="") == Policy()


def test_a_policy_that_is_named_may_be_called_as_one_likes(tmp_path, capsys):
    (tmp_path / "autumn.toml").write_text("[grading]\nseed = 7\n")
    assert read_policy(tmp_path / "autumn.toml", tmp_path).seed == 7
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[late", r"cannot be read: .* Remedy: correct that line"),
        ("a = " + "[" * 2_000, r"cannot be read: .* nested too deeply. Remedy: remove"),
        ("sed = 1", "'sed' at the top is not known. Known are grading"),
        ("[late]\npolcy = 'none'", r"'polcy' in \[late\] is not known. Did you mean policy"),
        ("[late]\npolicy = 'never'", "late.policy is 'never'; it has to be one of 'none', 'constant', 'percentage', 'days'"),
        ("[late]\npolicy = 'days'", "late.due is not set. Remedy"),
        ("[late]\ndue = 2026-11-30T12:00:00", "no time zone. Remedy"),
        ("[late]\npercent = 120", "between 0 and 100"),
        ("[late]\npercent = 'ten'", "late.percent is 'ten'; it has to be a number"),
        ("late = 3", "late is 3; it has to be a table"),
        ("[grading]\nseed = 'short'", "fewer than 12 letters"),
        ("[grading]\nseed = []", "seed is \\[\\]; it has to be a whole number or text"),
        ("[grading]\nprivate = 'nowhere'", "not a folder"),
        ("[grading]\nprivate = '.'", r"contains no stage. Remedy: the folder of those with a task.toml"),
        ("[look_alikes]\nknown = ['nowhere']", "look_alikes.known names"),
        ("[grading]\nfollow_through = 'yes'", "follow_through is 'yes'; it has to be one of 'full', 'shown', 'off'"),
        ("[limits]\nmemory_mb = 100", "at least 512"),
        ("[limits]\nmemory_mb = -1", "memory_mb is -1; it has to be a whole number between 0 and"),
        ("[limits]\nsubmission_seconds = 1", "between 10 and 86400"),
        ("[weights]\n'01_linear' = -1", "weights is {'01_linear': -1}; each of its values has to be a number between 0 and 1000"),
        ("[feedback.checks]\ncheck_a = 'loud'", "one of 'full', 'promise', 'none'"),
        ("file = 'x'", "not a key"),
        ("[late]\nclosed_after_days = 3", "late.due is not. Remedy: due = "),
        ("[weights]\n'01_linear' = []", "weights is .*; each of its values has to be a number"),
        ("[attempts]\nmost = 1.5", "attempts.most is 1.5; it has to be a whole number"),
    ],
)
def test_a_slip_is_refused_in_a_sentence(tmp_path, text, message):
    with pytest.raises(Refusal, match=message):
        read(tmp_path, text)


def test_names_that_the_course_does_not_have_are_refused(tmp_path):
    stages = {"01_linear": ["check_linear_adds"], "02_relu": []}
    policy = read(tmp_path, "[feedback.checks]\ncheck_linear_ads = 'none'\n")
    with pytest.raises(Refusal, match="Did you mean check_linear_adds"):
        check_against(policy, stages)
    with pytest.raises(Refusal, match="does not have"):
        check_against(read(tmp_path, "[weights]\ncheck_linear_adds = 1.0\n"), stages)
    check_against(read(tmp_path, "[weights]\n'02_relu' = 2.0\n[feedback.checks]\n'02_relu' = 'none'\n"), stages)


EXAMPLES = [
    (section, line.removeprefix("# "))
    for part in re.split(r"^(?=\[)", (ROOT / POLICY).read_text("utf-8"), flags=re.M)
    for section in [part.partition("\n")[0]]
    for line in part.splitlines()
    if re.match(r"# \S+ = ", line)
]


@pytest.mark.parametrize(("section", "line"), EXAMPLES)
def test_what_is_commented_out_may_be_taken_as_it_stands(tmp_path, section, line):
    policy = read(tmp_path, f"{section}\n{line}\n")
    check_against(policy, {stage.id: [check.id for check in stage.checks] for stage in HERE.stages})
    assert msgspec.structs.replace(policy, file="") != Policy()


def test_every_section_with_examples_was_seen():
    assert {section for section, _ in EXAMPLES} == {"[feedback.checks]", "[late]", "[weights]"}


def test_a_refusal_names_the_file_that_was_written(tmp_path):
    for name, text in (("mine.toml", "[late]\npercent = 120"), ("other.toml", "[weights]\n'20_more' = 1.0")):
        (tmp_path / name).write_text(text)
        with pytest.raises(Refusal, match=f"^{tmp_path / name}: "):
            check_against(read_policy(tmp_path / name, ROOT), {"01_linear": []})


def test_a_seed_is_made_of_a_phrase_by_work_that_takes_long_to_repeat(tmp_path):
    seed = read(tmp_path, "[grading]\nseed = 'correct horse battery'\n").seed
    own = hashlib.scrypt(b"correct horse battery", salt=b"Chain Rule", n=2**15, r=8, p=1, maxmem=2**26, dklen=7)
    assert seed == int.from_bytes(own, "big")


def test_a_phrase_is_a_secret_seed(tmp_path):
    one = read(tmp_path, "[grading]\nseed = 'correct horse'\n")
    other = read(tmp_path, "[grading]\nseed = 'correct horsf'\n")
    assert one.secret
    assert 0 <= one.seed != other.seed >= 0
    assert not read(tmp_path, "[grading]\nseed = 7\n").secret
    assert "correct" not in one.fingerprint()


def test_the_fingerprint_changes_with_grading_and_not_with_counting(tmp_path):
    (tmp_path / "extra" / "20_more").mkdir(parents=True)
    (tmp_path / "extra" / "20_more" / "task.toml").touch()
    plain = Policy().fingerprint()
    for text in (
        "[late]\npolicy = 'constant'\ndue = 2026-11-30T12:00:00Z",
        "[weights]\n'01_linear' = 2.0",
        "[attempts]\nkeep = 'best'",
        "[feedback]\ndefault = 'none'",
        "[export]\nleaderboard = true",
        "[grading]\nprivate = 'extra'",  # its stages have fingerprints of their own
    ):
        assert read(tmp_path, text).fingerprint() == plain, text
    for text in (
        "[grading]\nseed = 1",
        "[grading]\nstages = ['01_linear']",
        "[limits]\ntime = 2.0",
        "[limits]\ntraining_images = 500",
        "[grading]\nfollow_through = 'shown'",
    ):
        assert read(tmp_path, text).fingerprint() != plain, text
