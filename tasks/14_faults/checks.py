"""Find the fault: networks whose forward is right, with one backward rule that is not, and their right twins."""

import dataclasses

from ..toolbox import faulty, injector


def _finds(student, case, kind, pairs=3):
    """find_fault names the fault of each network, and clears its twin, in whatever order they come."""
    case.given("injector", injector, "from tasks.toolbox import injector")
    networks = injector.networks(kind, case.seed, pairs)
    drawn = f"injector.networks({kind!r}, {case.seed}, {pairs})"
    # All are asked before one is judged: each answer says little, and together they tell one mistake from another.
    answers = [_asked(student, case, network, f"{drawn}[{k}]") for k, network in enumerate(networks)]
    for k, (network, answer) in enumerate(zip(networks, answers)):
        if not faulty.same(answer, network.expected):
            case.start_new_example(student)
            _asked(student, case, network, f"{drawn}[{k}]")
            should = f"find_fault should return {network.expected}: {network.told()}"
            case.require(False, should, f"find_fault returned {faulty.written(answer)}.")


def _asked(student, case, network, text):
    """What find_fault says of one network."""
    behind = dataclasses.replace(network)
    model, loss = student.made("model, loss", f"{text}.shells()", faulty.SHELLS, behind.answer, network.parameters)
    x, y = case.given("x", network.x), case.given("y", network.y)
    return student.faults.find_fault(model, loss, x, y)


def check_find_fault_sees_the_last_bias(student, case):
    """A fault in db of the last Linear is named, in networks of two sizes, and their right twins get None."""
    _finds(student, case, "last db", pairs=2)


def check_find_fault_sees_the_loss(student, case):
    """A fault in the loss is named ("loss", "backward"), and right twins get None."""
    _finds(student, case, "loss")


def check_find_fault_sees_any_dW(student, case):
    """A fault in dW is named, in whichever Linear it is, and right twins get None."""
    _finds(student, case, "dW")


def check_find_fault_sees_any_db(student, case):
    """A fault in db is named, in whichever Linear it is, and right twins get None."""
    _finds(student, case, "db")


def check_find_fault_sees_a_relu(student, case):
    """A fault in dx of a ReLU is named, and right twins get None."""
    _finds(student, case, "ReLU")


def check_find_fault_sees_what_a_linear_passes_on(student, case):
    """A fault in dx of a Linear is named, also of the first one, and right twins get None."""
    _finds(student, case, "dx")


def check_find_fault_sees_the_model(student, case):
    """Where every layer is right and model.backward is not, it is named ("model", "backward"); right twins get None."""
    _finds(student, case, "model")
