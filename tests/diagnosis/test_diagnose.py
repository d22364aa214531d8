"""Names for failures: the right one, or none."""

import dataclasses

import pytest

from grader.check_tasks.backend import Job, VerifyContext, run_job
from grader.course.misconceptions import apply, parse
from grader.diagnosis.diagnose import diagnose
from grader.paths import REFERENCE
from grader.running import scores
from grader.running.context import Context
from grader.running.limits import Limits
from grader.running.runner import load_checks, run_check
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

COURSE, ANSWER = HERE, read_submission(REFERENCE)


def named(target, body, stage, header="def f(logits):", answer=ANSWER):
    """The names given to the failed checks of a stage, if one function of a right answer has this body."""
    text = f'@held_out("{target}")\n{header}\n' + "\n".join(f"    {line}" for line in body.splitlines())
    submission = apply(answer, parse(text, stage)[0])
    earlier = tuple((s.id, scores.result(c, "pass")) for s in COURSE.stages for c in s.checks if s.id < stage)
    bench = VerifyContext(COURSE, ANSWER, assumed=earlier)
    outcome = run_job(Job("one", submission, (stage,), name_mistakes=True), bench)
    results = outcome.results[0][stage]
    assert any(r.state == "fail" for r in results)
    return {r.mistake.id for r in results if r.mistake}


def test_another_form_of_a_known_mistake_has_its_name():
    body = "top = max(logits.ravel())\ne = np.exp(logits - top)\nreturn (e.T / e.sum(axis=1)).T"
    assert named("losses.softmax", body, "03_softmax") == {"shares_one_maximum"}


@pytest.mark.parametrize(
    "body",
    [
        "return np.cos(logits)",
        "e = np.exp(logits + 0.01 * logits**2)\nreturn e / e.sum(axis=1, keepdims=True)",
        "raise ZeroDivisionError",
        "e = np.exp(logits)\nreturn e / e.sum(axis=1, keepdims=True) + 1e-6",
    ],
)
def test_a_mistake_that_nobody_knows_has_no_name(body):
    assert named("losses.softmax", body, "03_softmax") == set()


def test_an_exception_alone_is_a_name_only_in_the_same_words():
    """These all end in a ValueError of backward, each in another; nobody has written down the last."""
    step = "for layer in {}:\n    {} = layer.backward({})\nreturn {}"
    names = {
        ("self.layers", "dlogits", "dlogits", "dlogits"): {"runs_from_first_to_last"},
        ("reversed(self.layers)", "dx", "dlogits", "dx"): {"gives_every_layer_the_same"},
        ("reversed(self.layers)", "dlogits", "dlogits.T", "dlogits"): set(),
    }
    for parts, expected in names.items():
        assert named("network.MLP.backward", step.format(*parts), "07_backprop", "def f(self, dlogits):") == expected


def test_shapes_that_do_not_fit_hide_no_way_through_the_layers():
    """np.dot says it in other words than @; in layers of one width it never comes to that."""
    dot = ANSWER.modules["layers"].replace("dout @ self.W.T", "np.dot(dout, self.W.T)")
    other = ANSWER.replaced({"layers": dot}, "one")
    body = "for layer in self.layers:\n    dlogits = layer.backward(dlogits)\nreturn dlogits"
    assert other.modules != ANSWER.modules
    assert named("network.MLP.backward", body, "07_backprop", "def f(self, dlogits):", other) == {"runs_from_first_to_last"}


def test_a_coincidence_on_one_input_is_no_name():
    # On the first inputs of the check these are the columns' shares, on others the rows'.
    body = (
        "f.count = getattr(f, 'count', 0) + 1\n"
        "e = np.exp(logits - logits.max(axis=0))\n"
        "return e / e.sum(axis=0) if int(abs(logits).sum() * 1e6) % 2 else e / e.sum()"
    )
    assert len(named("losses.softmax", body, "03_softmax")) <= 1


def test_what_is_drawn_in_another_way_is_matched_by_what_does_not_depend_on_the_draw():
    body = (
        "order, cuts = np.argsort(rng.random(len(x))), range(batch_size, len(x), batch_size)\n"
        "return list(zip(np.split(x[order], cuts), np.split(y, cuts)))"
    )
    header = "def f(x, y, batch_size, rng):"
    assert named("data.minibatches", body, "09_minibatches", header) == {"shuffles_x_alone"}


#: A right train in a style of its own: another draw of the batches, any kind of dict, measured once an epoch is over.
TRAIN = """
from collections import {kind} as made
history, loss, optimizer = made({first}), SoftmaxCrossEntropy(), SGD(lr)
for _ in range(epochs):
    order = rng.random(len(x_train)).argsort()
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        loss.forward(model.forward(x_train[rows]), y_train[rows])
        model.backward(loss.backward())
        optimizer.step(model.parameters(), model.gradients())
        {slip}
    for part, x, y in (("train", x_train, y_train), ("val", x_val, y_val)):
        logits = model.forward(x)
        history.setdefault(part + "_loss", []).append(float(loss.forward(logits, y)))
        history.setdefault(part + "_acc", []).append(float(np.mean(logits.argmax(axis=1) == y)))
return {given}
"""


@pytest.mark.parametrize(("kind", "first", "given"), [("defaultdict", "list", "history"), ("UserDict", "", "dict(history)")])
@pytest.mark.parametrize(
    ("slip", "expected"),
    [
        ("break", {"ends_the_epoch_after_one_batch"}),
        ("optimizer.step(model.parameters(), model.gradients())", {"updates_twice"}),
        ("if start: break", set()),  # two batches an epoch: nobody knows this one, and other slips fail there as well
    ],
)
def test_what_train_leaves_free_hides_no_mistake_and_brings_no_other(kind, first, given, slip, expected):
    header = "def f(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, lr, rng):"
    body = TRAIN.format(kind=kind, first=first, given=given, slip=slip).strip()
    assert named("train.train", body, "10_training_loop", header) == expected


def _failed(stage, mistake):
    """A context in which one stage was checked on a mutant."""
    submission = apply(ANSWER, next(m for m in _bank(stage) if m.name == mistake))
    context = Context(COURSE, submission, LocalPool(), 0, Limits())
    for check in COURSE.stage(stage).checks:
        function = load_checks(COURSE.stage(stage))[check.id]
        context.state.decide(check, run_check(check, function, context))
    return context


def _bank(stage):
    from grader.course.misconceptions import load

    return load(COURSE.stage(stage).folder)


def test_without_time_there_is_no_name():
    context = _failed("03_softmax", "forgets_the_shift")
    assert diagnose(context, ANSWER, budget=0.0) == dict.fromkeys(context.state.transcripts)


def test_without_failures_there_is_nothing_to_name():
    context = Context(COURSE, ANSWER, LocalPool(), 0, Limits())
    assert diagnose(context, ANSWER) == {}


def test_a_submission_that_answers_as_the_reference_does_is_not_named():
    # Transcripts of the reference itself, handed over as if they were of failed checks.
    context = dataclasses.replace(_failed("03_softmax", "forgets_the_shift"), submission=ANSWER)
    for check in COURSE.stage("03_softmax").checks:
        with context.pool.student(ANSWER) as student:
            from grader.checks.case import Case

            load_checks(COURSE.stage("03_softmax"))[check.id](student, Case(0, check.stage, check.id))
        context.state.fail(check, student.transcript)
    assert diagnose(context, ANSWER, budget=60.0) == {}


def test_twins_share_one_name_and_say_so():
    context = _failed("08_sgd", "updates_copies")
    found = diagnose(context, ANSWER, budget=60.0)
    assert found
    for mistake in found.values():
        assert {mistake.id, *mistake.alike} >= {"updates_copies", "makes_new_arrays"}
