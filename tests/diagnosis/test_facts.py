"""What a stage finds out itself goes before what a replay or a table says, and has the words of the bank."""

import pytest

from grader.course.misconceptions import load
from grader.diagnosis.answer_table import AnswerTable, KnownMistake
from grader.diagnosis.diagnose import diagnose
from grader.diagnosis.facts import facts_of
from grader.diagnosis.known_mistakes import named_by_tables
from grader.paths import REFERENCE
from grader.running import scores
from grader.running.context import Context
from grader.running.limits import Limits
from grader.running.runner import load_checks, run_check
from grader.running.state import RunState
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE
from tests.mistakes.trainings import STAGE, TRAININGS, UNKNOWN

ANSWER = read_submission(REFERENCE)
BANK = load(STAGE.folder)
#: What learners wrote, and what no replay told: by label.
MISSED = [
    "step before backward",
    "gradients above the loop",
    "step dedented",
    "no loss.forward",
    "x_val between forward and backward",
    "batches in a list",
    "generator made once",
    "labels first",
    "default_rng(epoch)",
    "short batch divided by batch_size",
]


def _graded(label):
    """Stage 10 of a training, checked; and the name that is right."""
    training = next(t for t in [*TRAININGS, UNKNOWN] if t.label == label)
    earlier = {(s.id, c.id): scores.result(c, "pass") for s in HERE.stages for c in s.checks if s.id < STAGE.id}
    context = Context(HERE, training.submission(ANSWER), LocalPool(), 0, Limits(), state=RunState(earlier))
    for check in STAGE.checks:
        context.state.decide(check, run_check(check, load_checks(STAGE)[check.id], context))
    return context, training.name


@pytest.mark.parametrize("label", MISSED)
def test_checkout_and_kit_tell_what_learners_wrote_alike(label):
    context, name = _graded(label)
    # A kit's table knows the mistakes by name; of their answers this one has none.
    known = [KnownMistake(m.name, m.alike, m.hint, m.title) for m in BANK]
    kit = named_by_tables(context, {STAGE.id: AnswerTable("", known)})
    checkout = diagnose(context, ANSWER)
    assert {mistake.id for mistake in checkout.values()} == {name}
    assert kit == {where: checkout[where] for where in kit}
    assert kit


def test_what_was_seen_stands_behind_the_words_of_the_bank():
    context, name = _graded("gradients above the loop")
    (mistake, *_) = diagnose(context, ANSWER).values()
    hint = next(m.hint for m in BANK if m.name == name)
    assert mistake.hint == f"{hint} Every step used what gradients() held before the first backward."


def test_what_always_coincides_is_told_together():
    context, _ = _graded("batches of 32")
    assert {(m.id, *m.alike) for m in diagnose(context, ANSWER).values()} == {
        ("takes_everything_as_one_batch", "ignores_the_batch_size")
    }


def test_what_would_have_been_seen_is_not_named_by_a_replay():
    context, _ = _graded(UNKNOWN.label)
    assert context.state.transcripts
    assert diagnose(context, ANSWER) == {}


def test_nobody_is_asked_when_nobody_waits():
    context, _ = _graded("step before backward")
    assert diagnose(context, ANSWER, stop=lambda: True) == {}
    assert named_by_tables(context, {STAGE.id: AnswerTable("", [])}, stop=lambda: True) == {}


FIXED = "for i in rng.permutation(np.arange(0, len(x), batch_size)):\n    rows = slice(i, i + batch_size)"
AFRESH = "for _ in range(0, len(x), batch_size):\n    rows = rng.choice(len(x), batch_size, replace=False)"


# Of fixed batches the short one is somewhere, too: the failure that comes first has the name of its cause.
@pytest.mark.parametrize(
    ("loop", "failed", "name"), [(FIXED, 2, "shuffles_fixed_batches"), (AFRESH, 1, "draws_each_batch_afresh")]
)
def test_every_failure_of_mini_batches_has_the_name_of_its_cause(loop, failed, name):
    body = "".join(f"    {line}\n" for line in (*loop.splitlines(), "    yield x[rows], y[rows]"))
    text = f"{ANSWER.modules['data']}\n\ndef minibatches(x, y, batch_size, rng):\n{body}"
    submission = ANSWER.replaced({"data": text}, "one")
    context, stage = Context(HERE, submission, LocalPool(), 0, Limits()), HERE.stage("09_minibatches")
    for check in stage.checks:
        context.state.decide(check, run_check(check, load_checks(stage)[check.id], context))
    assert [m.id for m in diagnose(context, ANSWER).values()] == [name] * failed


ODD = ("None", "'text'", "np.zeros((7, 2))", "[1, None]", "{'a': 1}", "np.array(['x', 'y'])", "object()")
#: (stage, a line that makes one of its functions give something odd)
ANSWERS_ODDLY = (
    ("01_linear", "layers", "Linear.forward = lambda self, x: {}"),
    ("01_linear", "layers", "Linear.backward = lambda self, dout: {}"),
    ("02_relu", "layers", "ReLU.backward = lambda self, dout: {}"),
    ("03_softmax", "losses", "softmax = lambda logits: {}"),
    ("04_cross_entropy", "losses", "SoftmaxCrossEntropy.forward = lambda self, logits, labels: {}"),
    ("04_cross_entropy", "losses", "SoftmaxCrossEntropy.backward = lambda self: {}"),
    ("09_minibatches", "data", "minibatches = lambda x, y, batch_size, rng: iter([{}])"),
    ("10_training_loop", "train", "train = lambda *_, **__: {}"),
    ("13_experiments", "experiments", "compare_batch_sizes = lambda *_, **__: [{}]"),
    ("13_experiments", "experiments", "find_learning_rate = lambda *_, **__: [(0.1, {})]"),
    ("13_experiments", "experiments", "diagnose = lambda history: {}"),
    ("14_faults", "faults", "find_fault = lambda model, loss, x, y: {}"),
)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(("stage", "module", "line"), ANSWERS_ODDLY)
def test_what_is_asked_for_a_fact_may_be_answered_by_anything(stage, module, line, odd):
    """The names of all other failures would be lost with it."""
    text = f"{ANSWER.modules[module]}\n\n{line.replace('{}', odd)}\n"
    context = Context(HERE, ANSWER.replaced({module: text}, "odd"), LocalPool(), 0, Limits(), state=RunState())
    failed = {scores.key(check) for check in HERE.stage(stage).checks}
    assert facts_of(context, failed).keys() <= failed
    context.close()
