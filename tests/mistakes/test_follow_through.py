"""What one mistake costs beside its own stage: nothing in the reference, little in right answers, and no false word."""

from tests.mistakes import follow_through

#: A mistake of each whole that is put in, for every right answer.
WHOLES = ("01_linear:averages_dW", "02_relu:", "04_cross_entropy:", "08_sgd:", "09_minibatches:")
IN_TWO_STAGES = "keeps_its_layers_under_another_name"


def test_a_mistake_in_the_reference_costs_no_other_stage_a_point():
    """One in ten, always the same ones, and one whose backward, in the next stage, reads what its own __init__ made;
    python -m tests.mistakes.follow_through asks all of them.
    """
    subjects = list(follow_through.in_the_reference())
    chosen = [*follow_through.one_in(subjects, 10), *(s for s in subjects if s.mistake.name == IN_TWO_STAGES)]
    found = follow_through.costs(chosen)
    assert len(found) > 50
    assert {name: cost for name, (_, cost) in found.items() if cost.told} == {}
    assert {name: cost for name, (_, cost) in found.items() if cost.after} == {}
    assert any(s.mistake.name == IN_TWO_STAGES for s, _ in found.values())


def test_in_right_answers_nine_in_ten_lose_nothing_and_none_is_told_a_mistake_that_it_has_not():
    chosen = {}
    for subject in follow_through.in_right_answers():
        answer, mistake = subject.name.split()
        whole = next((whole for whole in WHOLES if mistake.startswith(whole)), None)
        chosen.setdefault((answer, whole), subject) if whole else None
    found = follow_through.costs(chosen.values())
    assert len(found) >= 5 * 11
    assert {name: cost.told for name, (_, cost) in found.items() if cost.told} == {}
    whole = [name for name, (_, cost) in found.items() if not cost.after]
    assert len(whole) >= 0.9 * len(found), found.keys() - set(whole)
