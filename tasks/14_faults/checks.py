"""Find the fault: networks whose forward is right, with one backward rule that is not, and their right twins."""

import dataclasses

from grader.checks.api import StudentError, Unmet

from ..toolbox import faulty, injector


def _finds(student, case, kind, pairs=3):
    """find_fault names the fault of each network, and clears its twin, in whatever order they come."""
    case.given("injector", injector, "from tasks.toolbox import injector")
    networks = injector.networks(kind, case.seed, pairs)
    drawn = f"injector.networks({kind!r}, {case.seed}, {pairs})"
    # All are asked before one is judged: each answer says little, and together they tell one mistake from another.
    answers = _answers(student, case, networks, drawn)
    for k, (network, answer) in enumerate(zip(networks, answers, strict=True)):
        if not faulty.same(answer, network.expected):
            case.start_new_example(student)
            _asked(student, case, network, f"{drawn}[{k}]")
            should = f"find_fault should return {network.expected}: {network.told()}"
            case.require(False, should, f"find_fault returned {faulty.written(answer)}.")


def _answers(student, case, networks, drawn):
    """What find_fault says of each network: asked in one message, or one by one where it raises."""
    behind = [dataclasses.replace(network) for network in networks]
    given = [(network.parameters, network.most, network.x, network.y) for network in networks]
    try:
        (each,) = student.made("each", "each", faulty.EACH, lambda k, *asked: behind[k].answer(*asked), given)
        return student.take(each(student.faults.find_fault))
    except (StudentError, Unmet):
        if not student.alive:
            raise
    case.start_new_example(student)
    return [_asked(student, case, network, f"{drawn}[{k}]") for k, network in enumerate(networks)]


def _asked(student, case, network, text):
    """What find_fault says of one network."""
    behind = dataclasses.replace(network)
    model, loss = student.made("model, loss", f"{text}.shells()", faulty.SHELLS, behind.answer, network.parameters, network.most)
    x, y = case.given("x", network.x), case.given("y", network.y)
    return student.faults.find_fault(model, loss, x, y)


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
