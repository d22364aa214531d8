"""How many messages to the worker a save in watch costs: each wakes two processes, which takes longer than most answers."""

import msgspec
import pytest

from grader.course.stage import load_stage
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import load_checks, run_check
from grader.submission import read_submission
from grader.worker.outside.local import LocalChannel, LocalPool
from tests.courses import with_stages

#: Of all checks of a stage together, when they pass; not counted is the loading of the modules before each check.
MOST = {
    "01_linear": 63,
    "02_relu": 54,
    "03_softmax": 42,
    "04_cross_entropy": 76,
    "05_gradient_check": 31,
    "06_network": 71,
    "07_backprop": 46,
    "08_sgd": 104,
    "09_minibatches": 43,
    "10_training_loop": 56,
    "15_fast": 20,
}


@pytest.mark.parametrize("stage", MOST)
def test_a_save_costs_no_more_messages_than_it_did(stage, monkeypatch):
    alone, sent = msgspec.structs.replace(load_stage(TASKS / stage), needs=()), []
    exchange = LocalChannel._exchange
    monkeypatch.setattr(LocalChannel, "_exchange", lambda channel, frame: sent.append(frame) or exchange(channel, frame))
    context = Context(with_stages([alone]), read_submission(REFERENCE), LocalPool())
    functions = load_checks(alone)
    for check in alone.checks:
        context.state.decide(check, run_check(check, functions[check.id], context))
    assert {result.state for result in context.state.results.values()} == {"pass"}
    assert len(sent) == MOST[stage], "a number that has become smaller belongs into MOST"
