"""Numbers of a submission's own code in the place of a misconception's."""

import numpy as np
import pytest

from grader.course.misconceptions import parse
from grader.diagnosis.candidates import clean_ratios, fillings, own_numbers, related
from grader.submission import Submission
from tests.diagnosis.test_diagnose import named

LOSSES = """
import numpy as np
from .constants import FLOOR
SMALL, OTHER = 10**-9, 77.0
TINY: float = 1 / 1000

def helper(p):
    return np.log(p + SMALL)

def unrelated(p):
    return 12345

class Loss:
    rate = -0.5

    def forward(self, x):
        return helper(np.clip(x, FLOOR, 1 - TINY)) + np.finfo(float).eps + True + 1j + 2**(10**9) + 1 // 0 + 0 + 1
"""
CONSTANTS = "FLOOR = 3e-4 * 2"
CLIP = "exps = np.exp({})\nreturn exps / exps.sum(axis=1, keepdims=True) + {}"


def test_numbers_are_those_that_the_functions_reach_whichever_way_they_are_written():
    submission = Submission("", {"losses": LOSSES, "constants": CONSTANTS, "broken": "def ("})
    found = own_numbers(submission, ["losses.Loss.forward"])
    assert {10**-9, 77.0, 0.001, -0.5, 3e-4 * 2, float(np.finfo(float).eps), 2, 10} <= set(found)
    assert not {0, 1, -1, 12345} & set(found)
    assert all(type(number) in (int, float) for number in found)
    assert own_numbers(submission, ["losses.absent", "losses"]) == []


def test_a_long_sum_is_looked_at_part_by_part():
    """Neither its length nor that of all sums together counts: each part is calculated a dozen times at most."""
    submission = Submission("s", {"losses": f"def softmax(logits):\n    return {' + '.join(['2'] * 2000)}\n"})
    assert set(own_numbers(submission, ["losses.softmax"])) == {*range(2, 27, 2)}


def test_a_number_stands_for_its_inverse_and_for_what_is_missing_to_one_as_well():
    assert related([64, 0.25]) == [64, 0.25, 1 / 64, 0.75]


def test_only_numbers_of_its_kind_are_filled_in():
    whole, share = parse(
        '@misconception("a.b")\ndef f(x):\n    """F\n\n    H."""\n    return 64\n\n'
        '@misconception("a.b")\ndef g(x):\n    """G\n\n    H."""\n    return 0.9\n\nOPEN_NUMBERS = {"f": 64, "g": 0.9}\n',
        "03_softmax",
    )
    numbers = [64, 10.0, 0.9, 0.5, 1, 10]
    assert [m.number for m in fillings(whole, numbers)] == [10]
    assert [m.number for m in fillings(share, numbers)] == [64, 10.0, 0.5, 1]
    assert [m.number for m in fillings(fillings(whole, [10])[0], [3])] == [3]


def _answers(value):
    return [("call", "forward", 1.0), ("call", "backward", value)]


@pytest.mark.parametrize(
    ("mine", "theirs", "numbers"),
    [
        (np.array([2.0, 4.0]), np.array([1.0, 2.0]), [128.0, 32.0]),
        (6.4, 1.0, [409.6, 10.0]),
        (np.array([2.0, 4.1]), np.array([1.0, 2.0]), []),
        (np.array([1.2345678, 1.2345678]), np.array([1.0, 1.0]), []),
        (1.0, 1.0, []),
        (None, 1.0, []),
        (np.array([np.nan]), np.array([1.0]), []),
        (np.array([1.0]), np.array([0.0]), []),
    ],
)
def test_a_clean_factor_between_the_answers_tells_the_number(mine, theirs, numbers):
    (m,) = parse(
        '@misconception("a.b")\ndef f(x):\n    """F\n\n    H."""\n    return 64\n\nOPEN_NUMBERS = {"f": 64}', "03_softmax"
    )
    assert clean_ratios(m, _answers(mine), _answers(theirs)) == pytest.approx(numbers)


@pytest.mark.parametrize("number", ["1e-5", "10**-5", "1 / 100_000", "SMALL", "helper.small"])
def test_an_epsilon_is_named_whichever_it_is_and_wherever_it_is_written(number):
    body = "SMALL = 1e-9\nclass helper:\n    small = 1e-4\nexps = np.exp(logits - logits.max(axis=1, keepdims=True))\n"
    body += f"return exps / (exps.sum(axis=1, keepdims=True) + {number})"
    assert named("losses.softmax", body, "03_softmax") == {"adds_an_epsilon"}


def test_a_number_that_no_text_shows_is_named_by_its_ratio():
    body = "self.probabilities, self.labels = softmax(logits), labels\nrows = np.arange(len(labels))\n"
    body += "return float(-np.log(self.probabilities[rows, labels]).sum() / int('250'))"
    header = "def f(self, logits, labels):"
    target = "losses.SoftmaxCrossEntropy.forward"
    assert named(target, body, "04_cross_entropy", header) == {"divides_by_a_fixed_batch_size"}
