"""Slips in experiments are told by the learner's own trainings, whatever these draw and measure."""

import pytest

from grader.checks.case import Case
from grader.course.misconceptions import apply, load
from grader.paths import REFERENCE
from grader.running.checks_package import import_checks
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the rate at which training diverges
STAGE = HERE.stage("13_experiments")
#: A train whose curves are others than the reference's: it measures after each epoch.
OWN = """


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):
    history, loss = {"train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}, SoftmaxCrossEntropy()
    for _ in range(epochs):
        for xb, yb in minibatches(x_train, y_train, batch_size, rng):
            loss.forward(model.forward(xb), yb)
            model.backward(loss.backward())
            SGD(lr).step(model.parameters(), model.gradients())
        for name, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
            history[f"{name}_loss"].append(loss.forward(model.forward(x), y))
            history[f"{name}_acc"].append(accuracy(model, x, y))
    return history
"""
REFERENCE_ANSWER = read_submission(REFERENCE)
ANSWER = REFERENCE_ANSWER.replaced({"train": REFERENCE_ANSWER.modules["train"] + OWN})
BANK = [m for m in load(STAGE.folder) if m.target != "experiments.diagnose"]


def _told(submission, seed=0, failed=frozenset(check.id for check in STAGE.checks)):
    """What is told of the failed checks, and of which."""
    explains = [f for name, f in vars(import_checks(STAGE)).items() if name in ("explain_batch_sizes", "explain_learning_rates")]
    with LocalPool().student(submission) as student:
        each = [explain(student, Case(seed, STAGE.id, "explain"), failed) for explain in explains]
    return {check: fact.name for told in each for check, fact in told.items()}


@pytest.mark.parametrize("m", BANK, ids=lambda m: m.name)
def test_a_slip_is_told_with_another_train_than_the_references(m):
    told = _told(apply(ANSWER, m))
    assert set(told.values()) == {m.id}
    assert set(m.fails) <= set(told)


def test_right_experiments_are_told_nothing():
    assert [_told(submission, seed) for submission in (ANSWER, REFERENCE_ANSWER) for seed in range(3)] == [{}] * 6


@pytest.mark.parametrize(
    "name", ["shares_one_generator", "shares_one_generator_between_rates", "leaves_the_short_batch_uncounted"]
)
def test_nothing_is_told_of_a_check_that_has_not_failed(name):
    (m,) = (m for m in BANK if m.name == name)
    for check in m.fails:
        assert _told(apply(ANSWER, m), failed={check}).keys() == {check}
