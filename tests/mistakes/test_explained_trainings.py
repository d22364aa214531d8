"""What a training and a step are told from where no replay gives the same answers."""

import pytest

from grader.checks.api import Unmet
from grader.checks.case import Case
from grader.paths import REFERENCE
from grader.running.checks_package import import_checks
from grader.submission import read_submission
from grader.worker.outside.local import LocalPool
from tests.courses import HERE

ANSWER = read_submission(REFERENCE)
ON_A_COPY = """


def train_fast(model, *data, **settings):
    import copy
    return _train_fast(copy.deepcopy(model), *data, **settings)
"""


def _asked(stage, function, module, text, *more):
    with LocalPool().student(ANSWER.replaced({module: text}, "one")) as student:
        return getattr(import_checks(HERE.stage(stage)), function)(student, Case(0, stage, function), *more)


def test_a_fast_training_of_a_copy_wrote_nothing_back():
    check = "check_train_fast_ends_where_train_ends"
    own = ANSWER.modules["fast"].replace("def train_fast(", "def _train_fast(", 1)
    assert _asked("15_fast", "explain_train_fast", "fast", own + ON_A_COPY, {check}) == {check: ("leaves_the_model_alone", "")}
    assert _asked("15_fast", "explain_train_fast", "fast", ANSWER.modules["fast"], {check}) == {}


@pytest.mark.parametrize(("accuracy", "name"), [
    ("int((model.predict(x) == y).sum()) // len(y)", "wants_all_right"),
    ("int((model.predict(x) == y).mean())", "wants_all_right"),
    ("round((model.predict(x) == y).mean())", ""),
    ("0", ""),
])  # fmt: skip
def test_an_accuracy_of_1_or_0_is_told_whatever_type_it_has(accuracy, name):
    check = "check_accuracy_is_the_share_of_hits"
    text = ANSWER.modules["train"] + f"\n\ndef accuracy(model, x, y):\n    return {accuracy}\n"
    assert _asked("10_training_loop", "explain_accuracy", "train", text, {check})[check][0] == name


def test_a_rate_that_decays_after_each_batch_is_not_called_one_that_waits_for_the_end_of_an_epoch():
    check, step = "check_train_keeps_descending", "optimizer.step(model.parameters(), model.gradients())"
    decays = ANSWER.modules["train"].replace(step, f"{step}; optimizer.lr *= 0.9")
    told = ("makes_a_new_optimizer_that_decays", "Here lr is multiplied by 0.9 after each batch.", ())
    assert _asked("10_training_loop", "explain_training", "train", decays, {check}) == {check: told}


@pytest.mark.parametrize(("log_p", "not_these"), [
    ("np.log(softmax(logits))", ()),
    ("low - np.log(np.exp(low).sum(axis=1, keepdims=True))", ("takes_the_log_of_softmax",)),
])  # fmt: skip
def test_an_exp_that_overflows_is_not_called_a_log_of_zero(log_p, not_these):
    check = "check_cross_entropy_has_no_floor_under_the_log"
    forward = f"""
    low = logits - logits.min(axis=1, keepdims=True)
    return float(-({log_p})[np.arange(len(labels)), labels].mean())
"""
    text = (
        ANSWER.modules["losses"]
        + "\n\ndef forward(self, logits, labels):"
        + forward
        + "\n\nSoftmaxCrossEntropy.forward = forward\n"
    )
    told = _asked("04_cross_entropy", "explain_floor", "losses", text, {check})
    assert told == ({check: ("", "", not_these)} if not_these else {})


@pytest.mark.parametrize(("log_sum", "smoothed"), [("np.log(np.exp(z).sum(1) + 1e-9)", 0.0), ("np.log(np.exp(z).sum(1))", 1e-9)])
def test_a_small_number_in_the_log_is_not_called_label_smoothing(log_sum, smoothed):
    check = "check_cross_entropy_is_exact_for_any_batch"
    text = (
        ANSWER.modules["losses"]
        + f"""

def forward(self, z, labels):
    log_p = z - {log_sum}[:, None]
    return float(-((1 - {smoothed}) * log_p[np.arange(len(z)), labels] + {smoothed} * log_p.mean(axis=1)).mean())

SoftmaxCrossEntropy.forward = forward
"""
    )
    told = _asked("04_cross_entropy", "explain_small_excess", "losses", text, {check})
    assert bool(told) == (smoothed == 0.0)


def test_a_fast_training_without_the_fifth_row_is_told_whatever_its_curves_are():
    check = "check_train_fast_ends_where_train_ends"
    text = (
        ANSWER.modules["fast"].replace("def train_fast(", "def _train_fast(", 1)
        + """


def train_fast(model, x, y, *data, batch_size, rng, **settings):
    rows = rng.permutation(len(x))[: len(x) // batch_size * batch_size]
    history = _train_fast(model, x[rows], y[rows], *data, batch_size=batch_size, rng=rng, **settings)
    return {name: [7.0 for _ in curve] for name, curve in history.items()}
"""
    )
    told = {check: ("leaves_out_the_short_batch", "")}
    assert _asked("15_fast", "explain_train_fast", "fast", text, {check}) == told


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("p -= self.lr * g / p.size**0.5", "The step is 0.2887 times as long as it should be."),
        ("p -= self.lr * g / abs(g)", "Each entry moved by 0.1, however large its gradient is."),
        ("p -= self.lr * (g + p)", ""),
    ],
)
def test_a_step_of_another_length_is_said_in_numbers(step, says):
    lines = [
        "",
        "",
        "def _step(self, params, grads):",
        "    for p, g in zip(params, grads):",
        f"        {step}",
        "",
        "SGD.step = _step",
        "",
    ]
    with pytest.raises(Unmet) as failure:
        _asked("08_sgd", "check_sgd_step_walks_downhill", "optim", ANSWER.modules["optim"] + "\n".join(lines))
    assert failure.value.looks_like == says


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ("abs(g)", {"check_sgd_step_walks_downhill": ("steps_by_the_sign", "")}),
        ("abs(g).max()", {}),
        ("SQUARES(self, i, g) ** 0.5", {"check_sgd_step_walks_downhill": ("adapts_like_adagrad", "")}),
        ("1", {}),
    ],
)
def test_a_second_step_parts_the_sign_from_adagrad(size, told):
    text = f"""

def SQUARES(self, i, g):
    self.__dict__[i] = self.__dict__.get(i, 1e-9) + g**2
    return self.__dict__[i]


def _step(self, params, grads):
    for i, (p, g) in enumerate(zip(params, grads)):
        p -= self.lr * g / {size}

SGD.step = _step
"""
    failed = {"check_sgd_step_walks_downhill"}
    facts = _asked("08_sgd", "explain_steps", "optim", ANSWER.modules["optim"] + text, failed)
    assert {check: fact[:2] for check, fact in facts.items() if fact[0]} == told


@pytest.mark.parametrize(("end", "places"), [("round(7)", 7), ("round(3)", 3), ("__mul__(1 - 1e-7)", 0), ("copy()", 0)])
def test_rounded_shares_are_no_epsilon(end, places):
    text = ANSWER.modules["losses"].replace("def softmax(", "def _shares(") + (
        f"\n\ndef softmax(logits):\n    return _shares(logits).{end}\n"
    )
    check = "check_softmax_rows_sum_to_one"
    told = {check: ("rounds_the_probabilities", f"After the point there are {places}.")} if places else {}
    assert _asked("03_softmax", "explain_rounding", "losses", text, {check}) == told
