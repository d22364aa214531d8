"""Find the fault: networks whose forward is right, with one backward rule that is not, and their right twins."""

import dataclasses

from grader.checks.api import StudentError, Unmet

from ..toolbox import faulty, injector

#: What the checks look for -> the kind of fault, and how many networks with it, each beside its right twin.
DRAWN = {
    "the_last_bias": ("last db", 2),
    "the_loss": ("loss", 3),
    "any_dW": ("dW", 3),
    "any_db": ("db", 3),
    "a_relu": ("ReLU", 2),
    "what_a_linear_passes_on": ("dx", 3),
    "the_model": ("model", 2),
}


def _finds(student, case, subject):
    """find_fault names the fault of each network, and clears its twin, in whatever order they come."""
    kind, pairs = DRAWN[subject]
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
    try:
        return _of_each(student, drawn, faulty.EACH)
    except (StudentError, Unmet):
        if not student.alive:
            raise
    case.start_new_example(student)
    return [_asked(student, case, network, f"{text}[{k}]") for k, network in enumerate(drawn)]


def _of_each(student, drawn, shells):
    """What find_fault says of each network, or leaves of it, asked in one message."""
    behind = [dataclasses.replace(network) for network in drawn]
    given = [(network.parameters, network.most, network.x, network.y) for network in drawn]
    (each,) = student.made("each", "each", shells, lambda k, *asked: behind[k].answer(*asked), given)
    return student.take(each(student.faults.find_fault))


def _asked(student, case, network, text):
    """What find_fault says of one network."""
    behind = dataclasses.replace(network)
    model, loss = student.made("model, loss", f"{text}.shells()", faulty.SHELLS, behind.answer, network.parameters, network.most)
    return student.faults.find_fault(model, loss, case.given("x", network.x), case.given("y", network.y))


def check_find_fault_sees_the_last_bias(student, case):
    """find_fault names a fault in db of the last Linear, for two sizes of network, and returns None for right networks."""
    _finds(student, case, "the_last_bias")


def check_find_fault_sees_the_loss(student, case):
    """find_fault returns ("loss", "backward") for a fault in the loss, and None for right networks."""
    _finds(student, case, "the_loss")


def check_find_fault_sees_any_dW(student, case):
    """find_fault names a fault in dW of any Linear, and returns None for right networks."""
    _finds(student, case, "any_dW")


def check_find_fault_sees_any_db(student, case):
    """find_fault names a fault in db of any Linear, and returns None for right networks."""
    _finds(student, case, "any_db")


def check_find_fault_sees_a_relu(student, case):
    """find_fault names a fault in dx of a ReLU, and returns None for right networks."""
    _finds(student, case, "a_relu")


def check_find_fault_sees_what_a_linear_passes_on(student, case):
    """find_fault names a fault in dx of any Linear, the first one too, and returns None for right networks."""
    _finds(student, case, "what_a_linear_passes_on")


def check_find_fault_sees_the_model(student, case):
    """find_fault returns ("model", "backward") where every layer is right and model.backward is not."""
    _finds(student, case, "the_model")


#: What a check looks for -> the mistake by which no fault of its kind is seen, and all else is right. Not for a ReLU: of its
#: dx many entries are 0, and who compares one entry may see none of them.
UNSEEN = {"the_loss": "trusts_the_loss", "what_a_linear_passes_on": "leaves_out_dx", "the_model": "trusts_the_model"}


def explain_faults(student, case, failed, heard):
    """What the answers that a check heard tell of it.

    Where networks are accused without a fault: were their W and b put back, and is any of them cleared? Who sees no fault
    in db of the last Linear may see those in dW.
    """
    found = {}
    for subject in DRAWN:
        if (check := f"check_find_fault_sees_{subject}") in failed:
            drawn, said = _heard(student, subject, *heard[check])
            if fact := _fact(student, case, subject, drawn, said, alone=len(failed) == 1):
                found[check] = fact
    return found


def _fact(student, case, subject, drawn, said, alone):
    """What explains that a check failed, of all of them alone or not."""
    kind, pairs = DRAWN[subject]
    if any(answer is not None for network, answer in zip(drawn, said) if network.fault is None):
        again = injector.networks(kind, case.seed, pairs)
        return faulty.accused(again, _of_each(student, again, faulty.LEFT))
    if name := faulty.misplaced(drawn, said) or UNSEEN.get(subject, "") * (alone and faulty.unseen(drawn, said)):
        return (name,)
    if subject != "the_last_bias" or any(said) or not said:
        return ()
    silent = not any(_of_each(student, injector.networks("dW", case.seed, DRAWN["any_dW"][1]), faulty.EACH))
    return "", "", {"leaves_out_db" if silent else "trusts_every_network"}


def _heard(student, subject, asked, steps):
    """The networks that a check drew, and what it heard of each, if all were asked in one message.

    asked, steps : the check's case, and what it took
    """
    kind, pairs = DRAWN[subject]
    drawn = injector.networks(kind, asked.seed, pairs)
    if not steps:
        return drawn, _of_each(student, drawn, faulty.EACH)
    lists = [step.outcome for step in steps if isinstance(step.outcome, list) and len(step.outcome) == len(drawn)]
    return drawn, lists[0] if lists else []
