"""Stages 11 and 12, on few images: what passes, what does not, and what is said."""

import msgspec
import numpy as np
import pytest

from grader.course.stage import load_stage
from grader.paths import REFERENCE, TASKS
from grader.running.context import Context
from grader.running.runner import load_checks, run_check
from grader.submission import Submission, read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE, with_stages
from tests.tasks.toolbox import accuracy_gate as gate
from tests.tasks.toolbox import images as mnist

STAGES = {name: msgspec.structs.replace(load_stage(TASKS / name), needs=()) for name in ("11_overfit", "12_mnist")}
COURSE = with_stages(STAGES.values())


class Few:
    """A part of the images, quick to train on; the hidden ones only if asked for."""

    def __init__(self, hidden: bool = True):
        images = mnist.open(HERE.data)
        self.mnist = mnist.Mnist(images.x_train[:1500], images.y_train[:1500], images.x_val[:400], images.y_val[:400])
        self.hidden = mnist.Hidden(mnist.hidden(HERE.data).x[:400], mnist.hidden(HERE.data).y[:400]) if hidden else None


def submission(code: str = "", settings: str = "{'epochs': 6, 'batch_size': 16, 'lr': 0.1}") -> Submission:
    right = read_submission(REFERENCE)
    return right.replaced({"train": f"{right.modules['train']}\n\nHYPERPARAMETERS = {settings}\n{code}\n"}, "variant")


def grade(stage: str, code: str = "", hidden: bool = True, bar: float = 0.8, **keywords) -> dict:
    functions = load_checks(STAGES[stage])
    context = Context(COURSE, submission(code, **keywords), LocalPool(), data=Few(hidden))
    for check in STAGES[stage].checks:
        function = functions[check.id]
        if "BAR" in function.__globals__:
            function.__globals__["BAR"] = gate.Bar(asked=bar, doubt=bar - 0.005)
        context.state.decide(check, run_check(check, function, context))
    context.close()
    return {name.removeprefix("check_"): result for (_, name), result in context.state.results.items()}


def states(results: dict) -> list[str]:
    return [result.state for result in results.values()]


def test_a_right_loop_overfits():
    results = grade("11_overfit")
    assert states(results) == ["pass", "pass"]
    assert "to 100 of 100 images right" in results["overfit_learns_every_image"].notes[0]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def train(model, *a, **k):\n    return {}", "of 100 images are classified correctly"),
        ("def train(model, *a, **k):\n    for p in model.parameters():\n        p *= np.nan", "nan or inf"),
        ("def train(model, *a, **k):\n    model.layers[0].W = None", "should be floating point arrays"),
        ("honest = train\ndef train(*a, lr, **k):\n    return honest(*a, lr=-lr / 1000, **k)", "of 100 images are"),
        ("def train(*a, **k):\n    raise ValueError('no')", "ValueError: no"),
    ],
)
def test_another_does_not(code: str, said: str):
    results = grade("11_overfit", code)
    assert states(results) == ["fail", "blocked"]
    first = results["overfit_learns_every_image"]
    assert said in f"{first.message} {first.card.should}"
    assert sum(result.points for result in results.values()) == 0


def test_a_good_setting_passes_and_leaves_pictures():
    results = grade("12_mnist")
    assert states(results) == ["pass"] * 3, [result.message for result in results.values()]
    notes = results["mnist_reaches_96_percent"].notes
    assert "of the 400 hidden images" in notes[0]
    assert "the reference gets 97.1 %" in notes[0]


def test_a_copy_without_hidden_images_says_so():
    results = grade("12_mnist", hidden=False)
    assert states(results) == ["pass"] * 3
    assert (
        "of the 400 open validation images (the hidden ones are not in this copy)"
        in (results["mnist_reaches_96_percent"].notes[0])
    )


def test_below_the_bar_earns_nothing_and_says_how_far():
    results = grade("12_mnist", settings="{'epochs': 1, 'batch_size': 128, 'lr': 0.02}")
    assert states(results) == ["fail", "blocked", "blocked"]
    first = results["mnist_reaches_96_percent"]
    assert "of the hidden images right." in first.message
    assert "points below the required 80.0 %" in first.notes[0]


@pytest.mark.parametrize(
    ("settings", "sentence", "kind"),
    [
        ("{'epochs': 1, 'batch_size': 128, 'lr': 0.02}", "Training is too slow so far: 12 steps are too few.", "too slow so far"),
        (
            "{'epochs': 3, 'batch_size': 1500, 'lr': 0.1}",
            "Training is too slow so far: a full batch makes 3 steps",
            "too slow so far",
        ),
        ("{'epochs': 4, 'batch_size': 16, 'lr': 5.0}", "The training diverged in epoch 1", "diverged"),
        ("{'epochs': 2, 'batch_size': 16, 'lr': 1e8}", "The training diverged in epoch 1 of 2.", "diverged"),
    ],
)
def test_a_card_begins_with_what_the_training_came_to(settings: str, sentence: str, kind: str):
    first = grade("12_mnist", settings=settings)["mnist_reaches_96_percent"]
    assert first.message.startswith(sentence), first.message
    assert first.card.gave.startswith(sentence)
    assert first.card.looks_like in first.message
    assert f"What the training came to: {kind}." in first.notes


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("def train(model, *a, **k):\n    return {}", "Training is stuck at chance: no parameter moved."),
        (
            "honest = train\ndef train(model, x, y, *a, rng, **k):\n"
            "    return honest(model, x, rng.permutation(y), *a, rng=rng, **k)",
            "Labels and images no longer seem to belong together.",
        ),
        ("honest = train\ndef train(*a, lr, **k):\n    return honest(*a, lr=-lr, **k)", "The training diverged"),
    ],
)
def test_an_overfit_that_fails_begins_with_why(code: str, sentence: str):
    first = grade("11_overfit", code)["overfit_learns_every_image"]
    assert first.message.startswith(sentence), first.message
    assert "lr = " not in first.message or "lr = 0.1" in first.message


def test_settings_without_lr_are_named():
    results = grade("12_mnist", settings="{'epochs': 1, 'batch_size': 128}")
    assert "HYPERPARAMETERS has no lr." in results["mnist_reaches_96_percent"].message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("'rng': 0", "rng: the grader passes rng itself. HYPERPARAMETERS contains rng."),
        (
            "'rng': 0, 'model': 1",
            "model and rng: the grader passes model and rng itself. HYPERPARAMETERS contains model and rng.",
        ),
    ],
)
def test_what_the_grader_passes_is_no_setting(given: str, said: str):
    results = grade("12_mnist", settings=f"{{'epochs': 1, 'batch_size': 128, 'lr': 0.1, {given}}}")
    card = results["mnist_reaches_96_percent"].card
    assert f"{card.should} {card.gave}".removeprefix("HYPERPARAMETERS should not contain ") == said


def test_predict_may_give_a_list():
    code = "kept = MLP.predict\nMLP.predict = lambda self, x: kept(self, x).tolist()"
    assert states(grade("12_mnist", code)) == ["pass"] * 3


def test_predict_must_know_what_the_parameters_know():
    code = """
honest = train
def train(model, x, y, x_val, y_val, **k):
    out = honest(model, x, y, x_val, y_val, **k)
    kept = model.forward
    model.forward = lambda x: kept(x) + 5 * (np.arange(10) == 3)
    return out
"""
    results = grade("12_mnist", code)
    assert states(results) == ["pass", "fail", "pass"]
    assert "predict returns another class" in results["mnist_predict_agrees_with_the_parameters"].message


def test_training_must_start_from_what_it_was_given():
    code = """
honest = train
def train(model, *a, **k):
    for layer in model.layers[::2]:
        layer.W[...] = np.random.default_rng(4).normal(size=layer.W.shape) * np.sqrt(2 / len(layer.W))
    return honest(model, *a, **k)
"""
    results = grade("12_mnist", code)
    assert states(results) == ["pass", "pass", "fail"]
    last = results["mnist_training_starts_from_the_given_network"]
    assert "W1 after training with lr = 0" in last.message


def test_float32_inside_and_settings_of_ones_own_pass():
    code = """
def train(model, x, y, x_val, y_val, *, epochs, batch_size, lr, rng, momentum=0.0, lr_end=None):
    kept, speed, loss = [p.astype(np.float32) for p in model.parameters()], None, SoftmaxCrossEntropy()
    rates = [lr] * epochs if lr_end is None else np.linspace(lr, lr_end, epochs)
    for rate in rates:
        for xb, yb in minibatches(x, y, batch_size, rng):
            for p, k in zip(model.parameters(), kept):
                p[...] = k
            loss.forward(model.forward(xb), yb)
            model.backward(loss.backward())
            speed = [momentum * s + g for s, g in zip(speed or [0] * 9, model.gradients())]
            kept = [np.float32(k - rate * s) for k, s in zip(kept, speed)]
    for p, k in zip(model.parameters(), kept):
        p[...] = k
    return {}
"""
    settings = "{'epochs': 4, 'batch_size': np.int64(16), 'lr': 0.05, 'momentum': 0.9, 'lr_end': 0.001}"
    assert states(grade("12_mnist", code, settings=settings)) == ["pass"] * 3


def test_the_bar_of_the_course():
    assert load_checks(STAGES["12_mnist"])["check_mnist_reaches_96_percent"].__globals__["BAR"] == gate.Bar(0.96, 0.955)
    assert np.isclose(4800 / 5000, 0.96, rtol=0, atol=0)
