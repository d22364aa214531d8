"""Stage 13: which rule a diagnose does not keep is told from its words, in whatever style it is written."""

import pytest

from grader.checks.case import Case
from grader.course.misconceptions import apply, load
from grader.diagnosis.facts import facts_of
from grader.running.context import Context
from grader.submission import Submission
from grader.worker.bounds import USUAL
from grader.worker.outside.local import LocalPool
from reference.experiments import diagnose
from tests.tasks.test_experiments import COURSE, RIGHT, STAGE, changed
from tests.tasks.toolbox import fresh_runs as fr
from tests.tasks.toolbox import misjudged

BY_FACTS = {slip.name for slips in misjudged.SLIPS.values() for slip in slips}


def facts(submission: Submission, seed: int = 0) -> dict[str, str]:
    """Check -> name, as if both checks of diagnose had failed."""
    context = Context(COURSE, submission, LocalPool(), seed)
    found = facts_of(context, [(STAGE.id, check) for check in misjudged.SLIPS])
    context.close()
    return {check.removeprefix("check_diagnose_tells_"): fact.name for (_, check), fact in found.items()}


@pytest.mark.parametrize("seed", range(3))
def test_made_up_runs_are_of_every_word_and_show_every_slip(seed):
    runs = [(run, fr.verdict(run)) for run in misjudged.made_up(seed)]
    assert {word: [right for _, right in runs].count(word) for word in fr.PLANS} == dict.fromkeys(fr.PLANS, misjudged.COUNT // 5)
    assert all(diagnose(*run) == right for run, right in runs)
    shown = {
        s.name: sum(not s.fits(run, right, right) for run, right in runs) for slips in misjudged.SLIPS.values() for s in slips
    }
    assert min(shown.values()) >= misjudged.LEAST
    assert facts(RIGHT, seed) == {}


@pytest.mark.parametrize("m", [m for m in load(STAGE.folder) if m.target.endswith(".diagnose")], ids=lambda m: m.name)
def test_every_mistake_in_diagnose_is_told_from_its_words(m):
    assert {name for seed in range(2) for name in facts(apply(RIGHT, m), seed).values()} == {m.id}
    assert m.id in BY_FACTS


#: The rules in another order and another form, each on its own, and something else where none is met.
OTHER_STYLE = """
def diagnose(history, examples, batch_size):
    end = {name: curve[-1] for name, curve in history.items()}
    before = history["train_loss"][-2]
    gap, batches = end["train_acc"] - end["val_acc"], (examples - 1) // batch_size + 1
    chance = {chance}
    if end["val_acc"] >= 0.85 and gap <= 0.1:
        return "healthy"
    stuck = len(history["val_acc"]) * batches >= {steps} and abs(end["train_loss"] / chance - 1) <= 0.05 and end["train_acc"] < 0.2
    if stuck:
        return "{failure}"
    if end["train_acc"] < 0.9 and gap < 0.1 and end["train_loss"] < before:
        return "underfitting"
    if {over}:
        return "overfitting"
    return "diverged" if {far} else "unknown"
"""
STYLED = {
    "chance": "np.log(10)",
    "steps": "300",
    "failure": "optimization failure",
    "over": 'end["train_acc"] >= 0.95 and gap >= 0.13',
    "far": 'any(not np.isfinite(v) for curve in history.values() for v in curve) or end["train_loss"] > 2 * chance',
}


def styled(**changes: str) -> Submission:
    text = OTHER_STYLE
    for name, value in (STYLED | changes).items():
        text = text.replace(f"{{{name}}}", value)
    return changed(also=text)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, ""),
        ({"steps": "0"}, "ignores_the_updates"),
        ({"failure": "Optimisation-Failure"}, "spells_a_word_otherwise"),
        ({"over": "False"}, "misses_overfitting"),
        ({"over": 'end["train_acc"] == 1'}, ""),
        ({"over": 'gap > 0 and end["train_acc"] > 0.3'}, ""),
        ({"far": 'end["train_loss"] > 2 * chance'}, "misses_nan"),
        ({"far": "not np.isfinite(list(history.values())).all()"}, "looks_for_nan_alone"),
        ({"far": "False"}, "misses_divergence"),
        ({"far": 'end["train_loss"] > 4 * chance'}, ""),
        ({"far": 'np.isnan(end["train_loss"])'}, ""),
        ({"steps": "100"}, ""),
        ({"steps": "3000"}, "misses_failures"),
        ({"failure": "underfitting"}, "misses_failures"),
        ({"failure": "failure"}, "misses_failures"),
    ],
    ids=str,
)
def test_a_slip_in_another_style_has_its_name_and_a_rule_of_ones_own_has_none(changes, name):
    assert {*facts(styled(**changes)).values()} == ({name} if name else set())


def test_a_slip_in_each_check_has_a_name_of_its_own():
    two = facts(styled(far='end["train_loss"] > 2 * chance', over="False"))
    assert two == {"failures": "misses_nan", "how_it_fits": "misses_overfitting"}


def test_words_that_are_no_text_or_do_not_come_are_no_fact():
    for body in ("np.ones(3)", "None", "1 / 0", "history.pop('train_loss')"):
        assert facts(changed(also=f"def diagnose(history, examples, batch_size):\n    return {body}")) == {}


def test_the_rules_say_what_every_run_at_a_border_is():
    assert all(fr.verdict(run, misjudged.CLEAR) == diagnose(*run) for run in misjudged.borders())
    assert {fr.verdict(run) for run in misjudged.borders()} == {*fr.PLANS}


FAILURES, FITS = misjudged.SLIPS
THRESHOLDS = {
    "2.303": ({"chance": "2.303"}, set()),
    "a loss of 2.3 ln 10": (
        {"far": "not np.isfinite(list(history.values())).all() or end['train_loss'] > 2.3 * chance"},
        {FAILURES},
    ),
    "299 updates": ({"steps": "299"}, {FAILURES}),
    "301 updates": ({"steps": "301"}, {FAILURES}),
    "a gap of 0.15": ({"over": 'end["train_acc"] >= 0.95 and gap >= 0.15'}, {FITS}),
    "an accuracy of 0.97": ({"over": 'end["train_acc"] >= 0.97 and gap >= 0.13'}, {FITS}),
}


@pytest.mark.parametrize("words", THRESHOLDS)
@pytest.mark.parametrize("seed", range(2))
def test_every_threshold_is_checked_from_both_sides(words, seed):
    changes, failed = THRESHOLDS[words]
    case = Case(seed, STAGE.id, "check")
    with LocalPool().student(styled(**changes), USUAL, case.describe) as student:
        found = {check: misjudged.called_otherwise(student, case, check) for check in misjudged.SLIPS}
    assert {check for check, runs in found.items() if runs} == failed
