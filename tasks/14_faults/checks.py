"""Find the fault: networks whose forward is right, with one backward rule that is not, and their right twins."""

from ..toolbox import faulty, injector


def _finds(student, case, kind, pairs=3):
    """find_fault names the fault of each network, and clears its twin, in whatever order they come."""
    case.given("injector", injector, "from tasks.toolbox import injector")
    for k, network in enumerate(injector.networks(kind, case.seed, pairs)):
        case.start_new_example(student)
        text = f"injector.networks({kind!r}, {case.seed}, {pairs})[{k}].shells()"
        model, loss = student.made("model, loss", text, faulty.SHELLS, network.answer, network.parameters)
        x, y = case.given("x", network.x), case.given("y", network.y)
        answer = student.faults.find_fault(model, loss, x, y)
        should = f"find_fault should return {network.expected}: {network.told()}"
        gave = f"find_fault returned {faulty.written(answer)}."
        case.require(faulty.same(answer, network.expected), should, gave)


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
