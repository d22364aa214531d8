"""Find the fault: networks whose forward is right, with one backward rule that is not, and their right twins."""

import dataclasses

import numpy as np

from grader.checks.api import StudentError, Unmet

from ..toolbox import faulty, injector, networks


def _finds(student, case, kind, pairs=3):
    """find_fault names the fault of each network, and clears its twin, in whatever order they come."""
    case.given("injector", injector, "from tasks.toolbox import injector")
    drawn = injector.networks(kind, case.seed, pairs)
    text = f"injector.networks({kind!r}, {case.seed}, {pairs})"
    # All are asked before one is judged: each answer says little, and together they tell one mistake from another.
    answers = _answers(student, case, drawn, text)
    for k, (network, answer) in enumerate(zip(drawn, answers, strict=True)):
        if not faulty.same(answer, network.expected):
            case.start_new_example(student)
            _asked(student, case, network, f"{text}[{k}]")
            should = f"find_fault should return {network.expected}: {network.told()}"
            case.require(False, should, f"find_fault returned {faulty.written(answer)}.")


def _answers(student, case, drawn, text):
    """What find_fault says of each network: asked in one message, or one by one where it raises."""
    behind = [dataclasses.replace(network) for network in drawn]
    given = [(network.parameters, network.most, network.x, network.y) for network in drawn]
    try:
        (each,) = student.made("each", "each", faulty.EACH, lambda k, *asked: behind[k].answer(*asked), given)
        return student.take(each(student.faults.find_fault))
    except (StudentError, Unmet):
        if not student.alive:
            raise
    case.start_new_example(student)
    return [_asked(student, case, network, f"{text}[{k}]")[0] for k, network in enumerate(drawn)]


def _asked(student, case, network, text):
    """What find_fault says of one network, and the model that it was given."""
    behind = dataclasses.replace(network)
    model, loss = student.made("model, loss", f"{text}.shells()", faulty.SHELLS, behind.answer, network.parameters, network.most)
    x, y = case.given("x", network.x), case.given("y", network.y)
    return student.faults.find_fault(model, loss, x, y), model


def check_find_fault_sees_the_last_bias(student, case):
    """find_fault names a fault in db of the last Linear, for two sizes of network, and returns None for right networks."""
    _finds(student, case, "last db", pairs=2)


def check_find_fault_sees_the_loss(student, case):
    """find_fault returns ("loss", "backward") for a fault in the loss, and None for right networks."""
    _finds(student, case, "loss")


def check_find_fault_sees_any_dW(student, case):
    """find_fault names a fault in dW of any Linear, and returns None for right networks."""
    _finds(student, case, "dW")


def check_find_fault_sees_any_db(student, case):
    """find_fault names a fault in db of any Linear, and returns None for right networks."""
    _finds(student, case, "db")


def check_find_fault_sees_a_relu(student, case):
    """find_fault names a fault in dx of a ReLU, and returns None for right networks."""
    _finds(student, case, "ReLU", pairs=2)


def check_find_fault_sees_what_a_linear_passes_on(student, case):
    """find_fault names a fault in dx of any Linear, the first one too, and returns None for right networks."""
    _finds(student, case, "dx")


def check_find_fault_sees_the_model(student, case):
    """find_fault returns ("model", "backward") where every layer is right and model.backward is not."""
    _finds(student, case, "model", pairs=2)


def explain_faults(student, case, failed):
    """Networks that are accused without a fault: were their W and b put back, and is any of them cleared?

    Who sees no fault in db of the last Linear may see those in dW.
    """
    kinds = ("last db", "loss", "dW", "db", "ReLU", "dx", "model")
    subjects = ("the_last_bias", "the_loss", "any_dW", "any_db", "a_relu", "what_a_linear_passes_on", "the_model")
    found = {}
    for subject, kind in zip(subjects, kinds):
        if (check := f"check_find_fault_sees_{subject}") in failed:
            drawn = injector.networks(kind, case.seed, 2 if kind in ("last db", "ReLU", "model") else 3)
            fact = faulty.accused(drawn, [_asked_and_left(student, case, network) for network in drawn])
            found |= {check: fact} if fact else {}
    last = "check_find_fault_sees_the_last_bias"
    if last in failed - found.keys():
        drawn = injector.networks("dW", case.seed, 3)
        silent = all(_asked(student, case, network, "network")[0] is None for network in drawn)
        found[last] = "", "", {"leaves_out_db" if silent else "trusts_every_network"}
    return found


def _asked_and_left(student, case, network):
    """What find_fault says of a network, and how far off its W and b are afterwards."""
    answer, model = _asked(student, case, network, "network")
    return answer, max(np.max(np.abs(a - b)) for a, b in zip(networks.parameters_of(student, model), network.parameters))
