"""What a learner is told that the own network can do: from their code, or nothing."""

import re

import pytest

from grader.learner.milestone import milestone
from grader.paths import REFERENCE
from grader.running.limits import Limits
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.command_line import asked
from tests.courses import HERE
from tests.golden.submissions import with_bodies, write

TOLD = {
    "01_linear": r"turns a picture of a \d into ten numbers",
    "02_relu": r"(4|5|6|7|8)\d of 128 units are on after your ReLU",
    "03_softmax": r"\d\d% sure that the first picture shows a \d",
    "04_cross_entropy": r"costs [23]\.\d\d nats a digit",
    "05_gradient_check": r"as 2\.7182818\d\. It is e = 2\.71828183",
    "06_network": r"reads (\d|1\d)% of 1,000 digits",
    "07_backprop": r"gave 109,386 slopes of the loss\. Those of [34]\d% of the pixels are zero",
    "08_sgd": r"falls from 2\.\d\d to [12]\.\d\d",
    "09_minibatches": r"make 625 batches",
    "10_training_loop": r"After two epochs on 2,000 digits, a tenth of what there is, it reads [89]\d% of 2,000 others",
    "12_mnist": r"Untrained, your network read (\d|1\d)% of the open digits; .* reads 82%\. Now your network reads at least 96%",
    "13_experiments": r"makes 5 updates and ends at [1-5]\d%, batches of 10 make 500 and end at [89]\d%",
    "14_faults": "went through your own network, rule by rule, and clears it",
}


@pytest.mark.parametrize("stage", HERE.stages, ids=lambda stage: stage.id)
def test_the_reference_is_told_what_it_can_do(stage):
    said = milestone([stage.id], read_submission(REFERENCE), HERE, LocalPool(), Limits())
    assert re.search(TOLD.get(stage.id, "^$"), said), said


def test_the_last_stage_that_has_a_sentence_gives_it():
    done = ["09_minibatches", "10_training_loop", "11_overfit"]
    said = milestone(done, read_submission(REFERENCE), HERE, LocalPool(), Limits())
    assert said.startswith("The first picture that your network reads is a ")


def test_what_is_not_written_has_no_sentence():
    assert not any(milestone([stage.id], with_bodies([]), HERE, LocalPool(), Limits()) for stage in HERE.stages)


def test_an_answer_of_another_kind_has_no_sentence():
    network = read_submission(REFERENCE).modules["network"].replace(".argmax(axis=1)", ".argmax(axis=1).tolist() + [[]]")
    odd = read_submission(REFERENCE).replaced({"network": network})
    assert milestone(["06_network"], odd, HERE, LocalPool(), Limits()) == ""


def test_a_grade_says_it_once_when_a_stage_becomes_done(tmp_path):
    def graded(stages):
        write(with_bodies(HERE.stages[:stages]), tmp_path / "student")
        said = asked("grade", "03", "--student", tmp_path / "student", "--out", tmp_path / "out")
        assert said.exit_code == 0, said.output
        return "✓ An untrained layer of yours is " in " ".join(said.output.split())

    assert [graded(stages) for stages in (2, 3, 3)] == [False, True, False]
