"""A second mistake hides no first, and the first no second."""

import numpy as np
import pytest

from grader.check_tasks.backend import Job, VerifyContext, run_job
from grader.course.misconceptions import apply, load, parse
from grader.diagnosis.same_answers import ANYTHING, resting_on, same
from grader.running import scores
from grader.worker.outside.transcript import ErrorInfo
from tests.diagnosis.test_diagnose import ANSWER, COURSE

FORWARD = """
@held_out("losses.SoftmaxCrossEntropy.forward")
def f(self, logits, labels):
    self.probabilities, self.labels = softmax(logits), labels
    return {}
"""
LOSS = "float(-np.log(self.probabilities[np.arange(len(labels)), labels] {}).mean())"


def names_of(submission, *stages):
    """Check -> name and state, for those that have a name."""
    earlier = tuple((s.id, scores.result(c, "pass")) for s in COURSE.stages for c in s.checks if s.id < stages[0])
    outcome = run_job(Job("one", submission, stages, name_mistakes=True), VerifyContext(COURSE, ANSWER, assumed=earlier))
    return {r.id: (r.mistake.id, r.state) for _, r in outcome.checks if r.mistake}


def of_bank(stage, name):
    return next(m for m in load(COURSE.stage(stage).folder) if m.name == name)


@pytest.mark.parametrize("loss", [LOSS.format("+ 1e-9"), "0.3 * float(np.abs(logits).max())"])
def test_a_slip_in_backward_is_named_whether_that_in_forward_is_known_or_not(loss):
    code = apply(ANSWER, parse(FORWARD.format(loss), "x")[0])
    code = apply(code, of_bank("04_cross_entropy", "forgets_the_mean"))
    found = names_of(code, "04_cross_entropy")
    assert found["check_cross_entropy_gradient_is_softmax_minus_onehot"] == ("forgets_the_mean", "fail")
    known = {name for name, _ in found.values()} - {"forgets_the_mean"}
    assert known == ({"adds_an_epsilon_in_the_log"} if "1e-9" in loss else set())


def test_what_a_blocked_check_would_see_is_named_on_it_and_the_earlier_comes_first():
    code = apply(ANSWER, of_bank("06_network", "ends_with_softmax"))
    assert {name for name, _ in names_of(code, "06_network", "07_backprop").values()} == {"ends_with_softmax"}
    code = apply(code, of_bank("07_backprop", "skips_the_relus"))
    found = list(names_of(code, "06_network", "07_backprop").values())
    assert found[0] == ("ends_with_softmax", "fail")
    assert found[-1] == ("skips_the_relus", "blocked")


def test_an_unknown_slip_beside_a_known_one_has_no_name():
    code = apply(ANSWER, of_bank("01_linear", "forgets_the_bias"))
    text = """
@held_out("layers.Linear.backward")
def f(self, dout):
    self.dW, self.db = np.tanh(self.x.T @ dout), dout.sum(axis=0)
    return dout @ self.W.T
"""
    assert {name for name, _ in names_of(apply(code, parse(text, "x")[0]), "01_linear").values()} == {"forgets_the_bias"}


def test_only_what_an_expectation_is_about_is_compared():
    first, second = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    given = [("call", "forward", 1.5), ("fetch", "", [first, second]), ("call", "backward", None)]
    found = resting_on(given, second)
    assert [place[:2] for place in found] == [place[:2] for place in given]
    assert found[0][2] is ANYTHING
    assert found[2][2] is ANYTHING
    assert same(found[1][2], [first, second])
    assert not same(found[1][2], [np.zeros(7), second])


@pytest.mark.parametrize(
    "judged", [None, 0.0, 1, "text", np.zeros(3), np.array([np.nan, 1.0]), np.array([1, 2]), np.array([]), [1.0]]
)
def test_nothing_is_said_of_answers_that_many_mistakes_give(judged):
    assert resting_on([("call", "forward", judged)], judged) is None
    assert resting_on([("call", "forward", 1.5)], 2.5) is None


def test_what_was_judged_before_an_exception_says_nothing_of_it():
    judged = np.array([1.0, 2.0])
    raised = ErrorInfo("student", "IndexError", "index 5 is out of bounds")
    assert resting_on([("call", "forward", judged)], judged) is not None
    assert resting_on([("call", "forward", judged), ("call", "backward", raised)], judged) is None


def test_rows_kept_from_earlier_calls_are_not_called_a_step():
    text = """
@held_out("layers.Linear.forward")
def f(self, x):
    self.x = x
    self.rows = getattr(self, "rows", []) + list(x)
    return x @ self.W + self.b
"""
    back = """
@held_out("layers.Linear.backward")
def f(self, dout):
    self.dW, self.db, dx = np.zeros_like(self.W), np.zeros_like(self.b), np.zeros((len(self.rows), len(self.W)))
    for n, row in enumerate(self.rows):
        self.dW += np.outer(row, dout[n])
        self.db += dout[n]
        dx[n] = self.W @ dout[n]
    return dx
"""
    code = apply(apply(ANSWER, parse(text, "x")[0]), parse(back, "x")[0])
    assert not names_of(code, "01_linear")


def test_a_slip_of_every_second_array_is_none_of_all_arrays():
    """The step of two arrays is 0.5 times as long for the biases, as with half of lr for both: the first array has passed."""
    text = """
@held_out("optim.SGD.step")
def f(self, params, grads):
    for k, (p, g) in enumerate(zip(params, grads)):
        p -= self.lr ** (1 + k % 2) * g
"""
    assert not names_of(apply(ANSWER, parse(text, "x")[0]), "08_sgd")
